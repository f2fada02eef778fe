/** A draft of WeChat's console may be changed there until it is sent, after its approval, too. */
import { afterAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { HOUR } from '../../src/shared/platform/time.ts';
import { addMaterial } from '../../src/shared/wechat/media.ts';
import { addDraft, deleteDraft } from '../../src/shared/wechat/news.ts';
import { aRequest, exampleFile, toOpenIds } from '../support/builders.ts';
import { startWorld } from '../support/world.ts';

const ACCOUNTS = 8;
const world = await startWorld(
  { onTestFinished: (end) => afterAll(end) },
  {
    accounts: Array.from({ length: ACCOUNTS }, (_, at) => ({ name: `a${at}`, approval: 'always' })),
  },
);
const SEND = 'message/mass/send';

/** A draft of the console, and a campaign of it that begins in an hour and is approved now. */
async function approved({ batches = 1 } = {}) {
  const account = world.nextAccount();
  const client = world.wechatFor(account);
  const cover = await addMaterial(client, {
    kind: 'image',
    ...{ bytes: exampleFile('cover.jpg'), filename: 'cover.jpg', contentType: 'image/jpeg' },
  });
  const thumbMediaId = cover.kind === 'ok' ? cover.value.mediaId : '';
  const article = { title: 'Half price', content: '<p>on Monday</p>', thumbMediaId };
  const draft = await addDraft(client, [article]);
  const mediaId = draft.kind === 'ok' ? draft.value.mediaId : '';
  const sendAt = new Date(world.clock.now() + HOUR).toISOString();
  const message = { type: 'news', mediaId };
  const audience = toOpenIds(10_000 * batches);
  const id = await world.create(aRequest(account, { audience, message, sendAt }));
  const answer = await world.steer.approve(id, 'ann');
  const change = (content: string) =>
    client.post(
      '/cgi-bin/draft/update',
      {
        media_id: mediaId,
        index: 0,
        articles: { ...NAMES, thumb_media_id: thumbMediaId, content },
      },
      { answer: z.object({}) },
    );
  return { account, client, mediaId, id, answer, change };
}
const NAMES = { title: 'Half price' };

const isHeld = (id: string) =>
  world.untilView(id, 'waits', ({ pausedFor }) => pausedFor?.includes('approval') ?? false);

describe('a campaign of a draft of the console', () => {
  it.each([1, 2])('goes out as it was approved, to %s batches', async (batches) => {
    const { account, id, answer } = await approved({ batches });
    expect(answer).toMatchObject({ approved: { by: 'ann', draft: 'read' } });

    await world.jump(HOUR);

    expect(await world.ended(id)).toMatchObject({ outcome: 'delivered' });
    expect(world.messages(account)).toEqual({ 1: 10_000 * batches });
  });

  it.each([1, 2])(
    'that was changed after the approval is not sent (%s batches)',
    async (batches) => {
      const { account, id, change } = await approved({ batches });
      expect(await change('<p>on Tuesday</p>')).toMatchObject({ kind: 'ok' });

      await world.jump(HOUR);

      const view = await isHeld(id);
      expect(view).not.toHaveProperty('approved');
      expect(world.sendCalls(account)).toEqual([]);
      const entry = (await world.stores.campaigns.audit(id)).find(
        ({ action }) => action === 'approval-void',
      );
      expect(entry).toMatchObject({ by: 'qunfa', why: 'draft-changed' });
      const needs = await world.stores.attention.entries();
      expect(needs.filter(({ campaignId }) => campaignId === id)).toMatchObject([
        { kind: 'approval-needed' },
      ]);

      // Approved as it is now.
      await world.steer.approve(id, 'bert');
      expect(await world.ended(id)).toMatchObject({ outcome: 'delivered' });
      expect(world.messages(account)).toEqual({ 1: 10_000 * batches });
    },
  );

  it('that cannot be read before the send is not sent', async () => {
    const { account, id } = await approved();
    world.faults.set('errcode', { account, path: 'draft/get', errcode: 48001 });

    await world.jump(HOUR);

    await isHeld(id);
    expect(world.sendCalls(account)).toEqual([]);
    expect(await world.stores.campaigns.audit(id)).toContainEqual(
      expect.objectContaining({ action: 'approval-void', why: 'draft-unreadable' }),
    );
  });

  it('that is gone before the send is not sent', async () => {
    const { account, client, mediaId, id } = await approved();
    await deleteDraft(client, mediaId);

    await world.jump(HOUR);

    await isHeld(id);
    expect(world.sendCalls(account)).toEqual([]);
  });

  it('whose call has no answer is asked about with its key, though the draft is gone with it', async () => {
    const { account, id } = await approved();
    world.faults.set('reset-after-accepting', { account, path: SEND, times: 1 });

    await world.jump(HOUR);

    expect(await world.ended(id)).toMatchObject({ outcome: 'delivered' });
    expect(world.messages(account)).toEqual({ 1: 10_000 });
  });

  it('is not approved while WeChat does not give the draft', async () => {
    const account = world.nextAccount();
    world.faults.set('errcode', { account, path: 'draft/get', errcode: 48001 });
    const message = { type: 'news', mediaId: 'some-draft' };
    const id = await world.create(aRequest(account, { message }));

    expect(await world.steer.approve(id, 'ann')).toMatchObject({
      refused: { code: 'refused-by-wechat', errcode: 48001 },
    });
    expect((await world.view(id)).pausedFor).toEqual(['approval']);
  });
});
