/** A campaign whose batches the sandbox has taken, without any worker. */
import { type Batch, batchKey, newBatch } from '../../src/shared/campaign/batch.ts';
import { batchCount, batchRange } from '../../src/shared/campaign/cut.ts';
import { type MassMessage, massToOpenIds, sendMass } from '../../src/shared/wechat/mass.ts';
import { uploadMedia } from '../../src/shared/wechat/media.ts';
import { uploadNews } from '../../src/shared/wechat/news.ts';
import { openIds } from '../support/open-ids.ts';
import type { SandboxWorld } from './sandbox-world.ts';
import { aCampaign, mediaFile } from './world.ts';

export async function newsAtWechat({ wechatFor }: SandboxWorld, articles = 1): Promise<string> {
  const client = wechatFor('default');
  const cover = { bytes: mediaFile('cover.jpg'), filename: 'cover.jpg', contentType: 'image/jpeg' };
  const thumb = await uploadMedia(client, { ...cover, kind: 'thumb' });
  if (thumb.kind !== 'ok') throw new Error(thumb.kind);
  const thumbMediaId = thumb.value.mediaId;
  const bodies = Array.from({ length: articles }, (_, at) => ({
    thumbMediaId,
    title: `article ${at + 1}`,
    content: '<p>hello</p>',
  }));
  const news = await uploadNews(client, bodies);
  if (news.kind !== 'ok') throw new Error(news.kind);
  return news.value.mediaId;
}

export interface SentOptions {
  readonly recipients?: number;
  /** Of the campaign's batches, those that go out; all if absent. */
  readonly send?: readonly number[];
  readonly changes?: Readonly<Record<string, unknown>>;
}

/** @returns the campaign's id and the message id of each batch that went out. */
export async function sentCampaign(
  world: SandboxWorld,
  message: Extract<MassMessage, { type: 'news' | 'text' }>,
  { recipients = 2, send, changes = {} }: SentOptions = {},
): Promise<{ id: string; msgIds: Readonly<Record<number, string>> }> {
  const openids = openIds(recipients);
  const body = aCampaign({ audience: { type: 'openids', openids }, message, repeat: true });
  const accepted = await world.accept({ ...body, ...changes }, { by: 'crm' });
  if ('refused' in accepted) throw new Error(JSON.stringify(accepted.refused));
  const { id } = accepted.view;
  const { campaigns, batches } = world.stores;
  const numbers = Array.from({ length: batchCount(recipients) }, (_, at) => at + 1);
  const laid = numbers.map((no): Batch => {
    const { from, to } = batchRange(recipients, no);
    return newBatch(no, to - from);
  });
  await campaigns.layBatches(id, laid, { recipients });
  const msgIds: Record<number, string> = {};
  for (const no of send ?? numbers) {
    const ref = { campaignId: id, no };
    const { from, to } = batchRange(recipients, no);
    const batch = await batches.apply(ref, { type: 'attempt-started', at: world.now() });
    const client = world.wechatFor('default');
    const call = massToOpenIds(client.era, {
      openIds: Buffer.from(JSON.stringify(openids.slice(from, to))),
      message,
      clientMsgId: batchKey(id, batch),
    });
    const answer = await sendMass(client, call);
    if (answer.kind !== 'ok') throw new Error(JSON.stringify(answer));
    await batches.accepted(ref, { type: 'accepted', ...answer.value, at: world.now() });
    msgIds[no] = answer.value.msgId;
  }
  return { id, msgIds };
}
