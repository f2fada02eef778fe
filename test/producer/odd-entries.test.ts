/** Entries of the record that another version wrote, as this one has no words for them. */
import { describe, expect, it } from 'vitest';
import { newBatch } from '../../src/shared/campaign/batch.ts';
import type { Control } from '../../src/shared/campaign/campaign.ts';
import { HOUR, SECOND } from '../../src/shared/platform/time.ts';
import { makeKeys } from '../../src/shared/record/keys.ts';
import { openRecord } from '../../src/shared/record/record.ts';
import { announceWorker } from '../support/a-worker.ts';
import { receipt, submitted } from '../support/builders.ts';
import { testRedis } from '../support/redis.ts';
import { aCampaign, KEY, startWorld } from './world.ts';

const { redis, url, prefix } = testRedis();
const BOARD = { user: 'ann', password: 'a-password-of-the-board' };
const world = await startWorld(
  { url, prefix },
  { BOARD_USER: BOARD.user, BOARD_PASSWORD: BOARD.password, WECHAT_CALLBACK_TOKEN: 'token' },
);
const { identityOf } = world;
const now = Date.now;
const stores = openRecord({
  ...{ redis, prefix, now, identityOf },
  ...{ retainMs: 30 * 24 * HOUR, submitTimeoutMs: 10 * SECOND },
});
const keys = makeKeys(`${prefix}:record`);
await announceWorker(stores, world.config.accounts);

async function aCampaignThere(): Promise<string> {
  const { json } = await world.post(
    '/v1/campaigns',
    aCampaign({ webhook: { url: 'https://example.com/hook' } }),
  );
  await stores.campaigns.layBatches(json.id, [newBatch(1, 25)], { recipients: 25 });
  return json.id;
}

async function setControl(id: string, changes: object): Promise<void> {
  const control = JSON.parse((await redis.hget(keys.campaign(id), 'control')) ?? '') as Control;
  await redis.hset(keys.campaign(id), 'control', JSON.stringify({ ...control, ...changes }));
}

const setBatch = (id: string, batch: object) =>
  redis.hset(keys.batches(id), '1', JSON.stringify({ ...newBatch(1, 25), ...batch }));

const failed = (failure: object) => async (id: string) => {
  await setControl(id, { phase: 'ended', endedAt: now(), failed: { at: now(), ...failure } });
  await redis.zadd(keys.attention('campaign-failed'), now(), `default/${id}`);
};

const audited = (entry: object) => async (id: string) => {
  const text = JSON.stringify({
    at: now(),
    by: 'ann',
    account: 'default',
    campaignId: id,
    ...entry,
  });
  await redis.rpush(keys.audit(id), text);
  const day = new Date(now() + 8 * HOUR).toISOString().slice(0, 10);
  await redis.lpush(keys.auditOn(day), text);
};

const stopped = (stop: object) => async () => {
  const word = { at: now(), by: 'ann', ...stop };
  await redis.hset(keys.lane(identityOf('default')), 'paused', JSON.stringify(word));
  await redis.zadd(keys.attention('account-stopped'), now(), 'default');
};

const ODD: readonly [what: string, write: (id: string) => Promise<unknown>][] = [
  ['a failure of another code', failed({ code: 'solar-flare', level: 9 })],
  ['a failure without the facts of its code', failed({ code: 'audience-unknown' })],
  ['a failure in a sentence', failed({ message: 'WeChat refused it' })],
  ['an action of another name', audited({ action: 'teleport', to: 'mars' })],
  ['an action without its facts', audited({ action: 'reschedule' })],
  ['an audit in a sentence', audited({ what: 'paused it' })],
  ['a stop of another code', stopped({ code: 'solar-flare' })],
  ['a stop in a sentence', stopped({ why: 'paused by ann' })],
  [
    'a sleep for another reason',
    () =>
      redis.hset(
        keys.lane(identityOf('default')),
        'sleep',
        JSON.stringify({ reason: 'solar-flare', until: now() + HOUR }),
      ),
  ],
  [
    'a refused push of another reason',
    () => redis.hset(keys.account(identityOf('default')), 'refused:solar-flare', now()),
  ],
  [
    'a pause for another reason',
    async (id) => {
      await setControl(id, { pauses: { 'solar-flare': { at: now(), by: 'qunfa' } } });
      await redis.zadd(keys.attention('campaign-paused'), now(), `default/${id}`);
    },
  ],
  [
    'a cancel for another reason',
    (id) => setControl(id, { cancelled: { at: now(), by: 'ann', reason: 'solar-flare' } }),
  ],
  [
    'another reason to wait',
    (id) =>
      redis.hset(
        keys.campaign(id),
        'waiting',
        JSON.stringify({ reason: 'solar-flare', until: null }),
      ),
  ],
  ['a batch in another state', (id) => setBatch(id, { state: 'in-orbit' })],
  ['a batch that waits for another reason', (id) => setBatch(id, { reason: 'solar-flare' })],
  [
    'a refused batch without a code',
    (id) => setBatch(id, { state: 'refused', refusedAt: now(), failure: { message: 'refused' } }),
  ],
  ['a refused batch without a failure', (id) => setBatch(id, { state: 'refused', errcode: 40003 })],
  [
    'a batch held for another reason',
    async (id) => {
      const since = { heldAt: now(), firstAttemptAt: now() };
      await setBatch(id, { state: 'held', reason: 'solar-flare', ...since });
      await redis.hset(keys.tally(id), 'held', 1);
      await redis.zadd(keys.attention('outcome-unknown'), now(), `default/${id}`);
    },
  ],
  [
    'a receipt of another status',
    (id) =>
      setBatch(id, {
        ...submitted('1234'),
        ...{ state: 'settled', settledAt: now() },
        receipt: { ...receipt(), status: 'in-orbit', reason: 'solar-flare' },
      }),
  ],
  [
    'a receipt with the least in it',
    (id) => setBatch(id, { ...submitted('1234'), state: 'settled', settledAt: now(), receipt: {} }),
  ],
  [
    'a failed webhook without the time of its repeat',
    async (id) => {
      await redis.hset(
        keys.campaign(id),
        'webhook',
        JSON.stringify({ why: 'HTTP 500', attempts: 3 }),
      );
      await redis.zadd(keys.attention('webhook-failing'), now(), `default/${id}`);
    },
  ],
  [
    'entries of what needs an operator, without a campaign',
    () => redis.zadd(keys.attention('batches-refused'), now(), 'default', now(), 'gone/nowhere/1'),
  ],
];

const TO_READ = (id: string): readonly string[] => [
  ...['', '/batches', '/audit', '/results.csv', '/events'].map((of) => `/v1/campaigns/${id}${of}`),
  ...['/v1/campaigns', '/v1/attention', '/v1/audit', '/v1/accounts', '/v1/accounts/default'],
  ...['/', `/page/campaigns/${id}`, '/page/campaigns', '/page/accounts', '/page/accounts/default'],
  ...['/page/approvals', '/page/calendar', '/page/statistics', '/page/new'],
];

const basic = `Basic ${Buffer.from(`${BOARD.user}:${BOARD.password}`).toString('base64')}`;

async function statusOf(path: string, language: string): Promise<string> {
  const authorization = path.startsWith('/v1') ? `Bearer ${KEY}` : basic;
  const abort = new AbortController();
  const response = await fetch(`${world.url}${path}`, {
    headers: { authorization, 'accept-language': language },
    signal: abort.signal,
  });
  // A stream of events does not end by itself.
  const text = path.endsWith('/events') ? '' : await response.text();
  abort.abort();
  return `${response.status} ${path}${/\bundefined\b|TypeError/.test(text) ? ' says undefined' : ''}`;
}

describe('what another version wrote', () => {
  it.each(ODD)('is read as far as it can be: %s', async (_, write) => {
    const id = await aCampaignThere();
    await write(id);

    for (const language of ['en', 'zh']) {
      const found = await Promise.all(TO_READ(id).map((path) => statusOf(path, language)));
      expect(found).toEqual(TO_READ(id).map((path) => `200 ${path}`));
    }
  });
});
