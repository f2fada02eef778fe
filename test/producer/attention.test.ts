/** The list of what needs an operator, over real HTTP; the record is driven as the workers do it. */
import { beforeEach, describe, expect, it } from 'vitest';
import { newBatch } from '../../src/shared/campaign/batch.ts';
import { HOUR, MINUTE } from '../../src/shared/platform/time.ts';
import { openRecord, type ShardStores } from '../../src/shared/record/record.ts';
import { announceWorker } from '../support/a-worker.ts';
import { receipt } from '../support/builders.ts';
import { makeClock } from '../support/clock.ts';
import { testRedis } from '../support/redis.ts';
import { aCampaign, aPrefix, aWorld, type World } from './world.ts';

const { redis, url } = testRedis();
const clock = makeClock();
const { now } = clock;

let world: World;
let stores: ShardStores;
let prefix: string;
beforeEach(async () => {
  prefix = aPrefix();
  world = await aWorld({ url, prefix }, { WECHAT_APPROVAL: 'everyone' }, now);
  const { identityOf } = world;
  stores = openRecord({
    ...{ redis, prefix, now, identityOf },
    retainMs: 30 * 24 * HOUR,
    submitTimeoutMs: 10_000,
  });
  await announceWorker(stores, world.config.accounts);
});

const attention = async (query = '') => (await world.get(`/v1/attention${query}`)).json;
const kinds = async (): Promise<string[]> =>
  (await attention()).items.map(({ kind }: { kind: string }) => kind);

async function submitted(count: number, name = 'Happy Day'): Promise<string> {
  const { json } = await world.post('/v1/campaigns', aCampaign({ name }));
  const batches = Array.from({ length: count }, (_, at) => newBatch(at + 1, 25));
  await stores.campaigns.layBatches(json.id, batches, { recipients: 25 * count });
  return json.id;
}

const called = (campaignId: string, no: number) =>
  stores.batches.apply({ campaignId, no }, { type: 'attempt-started', at: now() });

async function held(id: string, no = 1): Promise<void> {
  await called(id, no);
  const event = { type: 'held', reason: 'outcome-unknown', at: now() } as const;
  await stores.batches.apply({ campaignId: id, no }, event);
}

async function refused(id: string, no = 1): Promise<void> {
  await called(id, no);
  const failure = { code: 'refused-by-wechat', errcode: 45002 } as const;
  const event = { type: 'refused', errcode: 45002, failure, at: now() } as const;
  await stores.batches.apply({ campaignId: id, no }, event);
}

describe('GET /v1/attention', () => {
  it('is empty where nothing needs an operator', async () => {
    expect(await attention()).toEqual({ count: 0, counts: {}, items: [], next: null });
  });

  it('has a campaign while any of its batches is held, and no longer', async () => {
    const id = await submitted(2);
    await held(id, 1);
    await held(id, 2);

    expect(await attention()).toMatchObject({
      count: 1,
      counts: { 'outcome-unknown': 1 },
      items: [
        {
          kind: 'outcome-unknown',
          account: 'default',
          campaign: { id, name: 'Happy Day', createdBy: 'crm', state: 'held' },
          batches: 2,
          next: { code: 'nothing' },
          todo: { code: 'resolve' },
        },
      ],
    });

    await world.post(`/v1/campaigns/${id}/batches/1/resolve`, { as: 'given-up' });
    expect((await attention()).items).toMatchObject([{ batches: 1 }]);
    await world.post(`/v1/campaigns/${id}/batches/2/resolve`, { as: 'given-up' });
    expect(await attention()).toMatchObject({ count: 0, items: [] });
  });

  it('has what waits for approval until it is approved, and says when it lapses', async () => {
    const { json } = await world.post(
      '/v1/campaigns',
      aCampaign({ audience: { type: 'everyone' } }),
    );

    expect((await attention()).items).toMatchObject([
      {
        kind: 'approval-needed',
        campaign: { id: json.id, createdBy: 'crm' },
        next: { code: 'cancels', at: json.notAfter },
        todo: { code: 'approve-or-reject' },
      },
    ]);

    await world.call('POST', `/v1/campaigns/${json.id}/approve`, {
      key: 'shop-key-2',
      headers: { 'content-type': 'application/json' },
      body: '{"seen":0}',
    });
    expect(await kinds()).toEqual([]);
  });

  it('has an account that WeChat stopped, with the errcode, until it is resumed', async () => {
    const stop = { at: now(), by: 'wechat', code: 'refused-by-wechat', errcode: 50002 } as const;
    await stores.lanes.set('default', 'paused', { ...stop, path: 'message/mass/send' });

    const { items } = await attention();
    expect(items).toMatchObject([
      {
        kind: 'account-stopped',
        account: 'default',
        code: 'refused-by-wechat',
        errcode: 50002,
        next: { code: 'nothing' },
        todo: { code: 'resume-account' },
      },
    ]);
    expect(items[0].campaign).toBeUndefined();

    await world.post('/v1/accounts/default/resume');
    expect(await kinds()).toEqual([]);
  });

  it('has an account of which message/mass/send alone is refused', async () => {
    const stop = { at: now(), by: 'wechat', code: 'refused-by-wechat', errcode: 48001 } as const;
    await stores.lanes.set('default', 'sendBlocked', stop);
    expect((await attention()).items).toMatchObject([{ kind: 'account-stopped', errcode: 48001 }]);
  });

  it('names the host whose address WeChat refuses, though the account goes on elsewhere', async () => {
    await stores.lanes.set('default', 'refusedHosts', { 'host-7': now() });
    expect((await attention()).items).toMatchObject([
      { kind: 'address-refused', hosts: ['host-7'], todo: { code: 'add-address' } },
    ]);
  });

  it('has refused batches until they are retried, or acknowledged', async () => {
    const retried = await submitted(1, 'retried');
    await refused(retried);
    const left = await submitted(1, 'left');
    await refused(left);
    expect(await kinds()).toEqual(['batches-refused', 'batches-refused']);

    await world.post(`/v1/campaigns/${retried}/retry`);
    await world.post(`/v1/campaigns/${left}/acknowledge`, { note: 'wrong text' });

    expect(await kinds()).toEqual([]);
    const { json } = await world.get(`/v1/campaigns/${left}/audit`);
    expect(json.audit.at(-1)).toMatchObject({ action: 'acknowledge', by: 'crm' });
  });

  it('has an acknowledged campaign again for a new refusal, not for a batch that leaves', async () => {
    const id = await submitted(3);
    await refused(id, 1);
    await refused(id, 2);
    await world.post(`/v1/campaigns/${id}/acknowledge`);

    await stores.batches.apply({ campaignId: id, no: 1 }, { type: 'retried' });
    expect(await kinds()).toEqual([]);

    clock.turn(HOUR);
    const later = now();
    await refused(id, 3);
    const [item, ...more] = (await attention()).items;
    expect(item.kind).toBe('batches-refused');
    expect(Date.parse(item.since)).toBeGreaterThanOrEqual(later);
    expect(more).toEqual([]);
  });

  it('has a campaign that failed until it is acknowledged', async () => {
    const { json } = await world.post('/v1/campaigns', aCampaign());
    await stores.campaigns.end(json.id, { code: 'record-lost' });
    expect((await attention()).items).toMatchObject([
      { kind: 'campaign-failed', code: 'record-lost', todo: { code: 'acknowledge' } },
    ]);

    await world.post(`/v1/campaigns/${json.id}/acknowledge`);
    expect(await kinds()).toEqual([]);
  });

  it('has an account whose sends wait for an event, after ten minutes and not before', async () => {
    const id = await submitted(2);
    for (const no of [1, 2]) {
      await called(id, no);
      const event = { type: 'accepted', msgId: `77${no}`, at: now() } as const;
      await stores.batches.accepted({ campaignId: id, no }, event);
    }
    const at = now();
    clock.turn(9 * MINUTE);
    expect(await kinds()).toEqual([]);

    clock.turn(2 * MINUTE);
    expect((await attention()).items).toMatchObject([
      {
        kind: 'no-callback',
        account: 'default',
        batches: 2,
        lastEventAt: null,
        next: { code: 'asks-wechat' },
        todo: { code: 'check-callback' },
      },
    ]);

    for (const msgId of ['771', '772']) {
      const arrival = { msgId, receipt: receipt(), createdAt: at, trusted: true };
      await stores.batches.take('default', arrival);
    }
    expect(await kinds()).toEqual([]);
  });

  it('has a campaign while its webhook fails: tried again by itself at first, then no longer', async () => {
    const id = await submitted(1);
    const at = now() + MINUTE;
    await stores.campaigns.webhookFailed(id, { why: 'HTTP 500', attempts: 3, nextAt: at });
    expect((await attention()).items).toMatchObject([
      {
        kind: 'webhook-failing',
        why: 'HTTP 500',
        attempts: 3,
        next: { code: 'tries-again', at: new Date(at).toISOString() },
        todo: { code: 'fix-webhook' },
      },
    ]);

    await stores.campaigns.webhookFailed(id, { why: 'HTTP 410', attempts: 17, nextAt: null });
    expect((await attention()).items).toMatchObject([
      { next: { code: 'nothing' }, todo: { code: 'replay-webhook' } },
    ]);

    await stores.campaigns.webhookDelivered(id);
    expect(await kinds()).toEqual([]);
  });

  it('puts the worst first and what waits longest before the rest, page after page', async () => {
    const ids: string[] = [];
    for (const name of ['a', 'b', 'c']) {
      const id = await submitted(2, name);
      await held(id, 1);
      await refused(id, 2);
      ids.push(id);
      clock.turn(MINUTE);
    }

    const seen: string[] = [];
    let cursor = '';
    for (;;) {
      const page = await attention(`?limit=4${cursor}`);
      expect(page).toMatchObject({
        count: 6,
        counts: { 'outcome-unknown': 3, 'batches-refused': 3 },
      });
      for (const { kind, campaign } of page.items) seen.push(`${kind} ${campaign.name}`);
      if (page.next === null) break;
      cursor = `&cursor=${encodeURIComponent(page.next)}`;
    }
    expect(seen).toEqual([
      ...['a', 'b', 'c'].map((name) => `outcome-unknown ${name}`),
      ...['a', 'b', 'c'].map((name) => `batches-refused ${name}`),
    ]);
    const { items } = await attention('?kind=batches-refused&account=default&limit=1');
    expect(items).toMatchObject([{ campaign: { id: ids[0] } }]);
  });

  it('speaks the caller’s language', async () => {
    const id = await submitted(1);
    await held(id);
    const inChinese = { 'accept-language': 'zh-CN' };
    const { json } = await world.call('GET', '/v1/attention', { headers: inChinese });
    expect(json.items[0]).toMatchObject({
      message: expect.stringContaining('结果不明'),
      todo: { message: expect.stringContaining('公众平台') },
    });
  });

  it('drops what no longer holds, so that its count is right from then on', async () => {
    const id = await submitted(1);
    const kindsThere = ['wechat-approval', 'webhook-failing', 'address-refused'] as const;
    const member = { 'address-refused': 'default' } as Readonly<Record<string, string>>;
    for (const kind of kindsThere) {
      const key = `${prefix}:record:attention:${kind}`;
      await redis.zadd(key, now(), member[kind] ?? `default/${id}`);
    }
    const longAgo = { 'host-1': now() - HOUR };
    await stores.lanes.set('default', 'refusedHosts', longAgo);

    expect(await attention()).toMatchObject({ count: 0, items: [] });

    expect(await stores.attention.entries()).toEqual([]);
  });

  it('keeps an entry that holds again while it is being dropped', async () => {
    const id = await submitted(1);
    const entry = {
      kind: 'webhook-failing',
      account: 'default',
      campaignId: id,
      since: 1,
    } as const;
    const failing = { why: 'HTTP 500', attempts: 1, nextAt: null };
    const key = `${prefix}:record:attention:webhook-failing`;
    await redis.zadd(key, 1, `default/${id}`);

    await stores.attention.drop(entry, async () => {
      const holds = (await stores.campaigns.webhookFailure(id)) !== null;
      await stores.campaigns.webhookFailed(id, failing);
      return holds;
    });

    expect(await kinds()).toEqual(['webhook-failing']);
  });

  it('is right again after a Redis that was cut off in the middle of writing', async () => {
    const id = await submitted(3);
    await held(id, 1);
    await refused(id, 2);
    const keys = await redis.keys(`${prefix}:record:attention:*`);
    await redis.del(...keys, `${prefix}:record:counted`);
    const gone = `${prefix}:record:attention:outcome-unknown`;
    await redis.zadd(`${prefix}:record:attention:batches-refused`, 1, 'default/nothing-kept-here');
    expect(await redis.exists(gone)).toBe(0);

    await stores.recount();

    expect(await kinds()).toEqual(['outcome-unknown', 'batches-refused']);
    expect((await attention()).count).toBe(2);
  });
});
