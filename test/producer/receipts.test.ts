import { describe, expect, it } from 'vitest';
import { makeReceiptsRoutes } from '../../src/producer/api/receipts.ts';
import { HOUR } from '../../src/shared/platform/time.ts';
import { awaitReceiptJob } from '../../src/shared/queue/jobs.ts';
import { plan } from '../../src/shared/queue/queues.ts';
import { testRedis } from '../support/redis.ts';
import { sealReply } from '../support/seal-reply.ts';
import {
  APP_ID,
  CALLBACK_TOKEN,
  ORIGINAL_ID,
  type SandboxWorld,
  sandboxWorld,
} from './sandbox-world.ts';
import { sentCampaign } from './sent-campaign.ts';

const redis = testRedis();
const AES_KEY = 'abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG';

const receiving = (environment: Record<string, string> = {}) =>
  sandboxWorld(redis, {
    environment,
    routes: ({ stores, queues, config, now }) =>
      makeReceiptsRoutes({ accounts: () => config.accounts, stores, queues, now }),
  });

const event = (msgId: string, to = ORIGINAL_ID): string =>
  `<xml><ToUserName><![CDATA[${to}]]></ToUserName><FromUserName><![CDATA[mphelper]]></FromUserName><CreateTime>1790000000</CreateTime><MsgType><![CDATA[event]]></MsgType><Event><![CDATA[MASSSENDJOBFINISH]]></Event><MsgID>${msgId}</MsgID><Status><![CDATA[send success]]></Status><TotalCount>2</TotalCount><FilterCount>2</FilterCount><SentCount>2</SentCount><ErrorCount>0</ErrorCount></xml>`;

const hand = (world: SandboxWorld, body: string, query = '', key?: string | null) =>
  world.call('POST', `/v1/receipts${query}`, {
    headers: { 'content-type': 'text/xml' },
    body,
    ...(key === undefined ? {} : { key }),
  });

async function sleepingFor(world: SandboxWorld, campaignId: string, msgId: string): Promise<void> {
  const payload = { campaignId, no: 1, account: 'default', msgId };
  const job = plan({ definition: awaitReceiptJob, payload, options: { delay: HOUR } });
  await world.queues.receipts.add(job.name, job.data, job.opts);
}

describe('POST /v1/receipts', () => {
  it('settles the batch at once and wakes whoever waits for it', async () => {
    const world = await receiving();
    const { id, msgIds } = await sentCampaign(world, { type: 'text', content: 'hello' });
    const msgId = msgIds[1] ?? '';
    await sleepingFor(world, id, msgId);

    const answer = await hand(world, event(msgId), '?account=default&signature=x&timestamp=1');

    expect(answer.json).toEqual({ outcome: 'settled', msgId });
    expect(await world.stores.batches.read({ campaignId: id, no: 1 })).toMatchObject({
      state: 'settled',
      receipt: { status: 'delivered', sent: 2, total: 2 },
    });
    expect(await world.queues.receipts.getDelayedCount()).toBe(0);
    expect((await hand(world, event(msgId))).json).toEqual({ outcome: 'repeated', msgId });
  });

  it('wakes for a copy, too: whoever took the first one in may have died right after', async () => {
    const world = await receiving();
    const { id, msgIds } = await sentCampaign(world, { type: 'text', content: 'hello' });
    const msgId = msgIds[1] ?? '';
    await hand(world, event(msgId));
    await sleepingFor(world, id, msgId);

    expect((await hand(world, event(msgId))).json).toEqual({ outcome: 'repeated', msgId });
    expect(await world.queues.receipts.getDelayedCount()).toBe(0);
  });

  it('opens a sealed push with the account’s key', async () => {
    const world = await receiving({ WECHAT_ENCODING_AES_KEY: AES_KEY });
    const { msgIds } = await sentCampaign(world, { type: 'text', content: 'hello' });
    const account = { appId: APP_ID, callbackToken: CALLBACK_TOKEN, encodingAesKey: AES_KEY };
    const sealed = sealReply(account, {
      message: event(msgIds[1] ?? ''),
      timestamp: '1790000000',
      nonce: 'n',
      format: 'xml',
    });

    expect((await hand(world, sealed)).json).toMatchObject({ outcome: 'settled' });
  });

  it('keeps an event that comes before its batch knows the message id', async () => {
    const world = await receiving();

    expect((await hand(world, event('3000000001'))).json).toMatchObject({ outcome: 'parked' });
    expect(await world.stores.batches.parked('default', '3000000001')).toMatchObject({
      trusted: true,
    });
  });

  it('takes note of the last event and leaves alone what is not ours', async () => {
    const world = await receiving();
    const follow = event('1').replace('MASSSENDJOBFINISH', 'subscribe');

    expect((await hand(world, follow)).json).toEqual({ outcome: 'ignored', event: 'subscribe' });
    expect((await world.stores.lanes.facts('default')).lastEventMode).toBe('handed over');
  });

  it.each([
    ['another account’s event', event('1', 'gh_somebody_else'), '', 422],
    ['what is no push', 'hello', '', 422],
    ['nothing', '', '', 422],
    ['an account that is not there', event('1'), '?account=other', 404],
    ['more than a push can be', 'x'.repeat(70_000), '', 413],
  ])('refuses %s and keeps nothing of it', async (_, body, query, status) => {
    const world = await receiving();

    expect((await hand(world, body, query)).status).toBe(status);
    expect(await world.stores.lanes.facts('default')).toEqual({ refusedPushes: {} });
  });

  it('takes nothing without an API key', async () => {
    const world = await receiving();

    expect((await hand(world, event('3000000002'), '', null)).status).toBe(401);
    expect(await world.stores.batches.parked('default', '3000000002')).toBeNull();
  });
});
