/** All roles begin with one shard, and are started again with three while campaigns are open. */
import { expect, inject, it, type TestContext } from 'vitest';
import { makeDirectProducer } from '../../src/client/producer.ts';
import { start as startSandbox } from '../../src/sandbox/start.ts';
import { shardIn } from '../../src/shared/campaign/campaign-id.ts';
import type { CampaignView } from '../../src/shared/contract/campaign-view.ts';
import { MINUTE, SECOND } from '../../src/shared/platform/time.ts';
import { shardByName } from '../../src/shared/record/shards.ts';
import { anAccount, knownToSandbox, startWorld, type World } from '../support/all-roles.ts';
import { openIds } from '../support/open-ids.ts';
import { freePorts, until } from '../support/redis-nodes.ts';

const NAME = 'shards-added';
const COUNT = 3;
const FOLLOWERS = 30;
/** The first whose name says so. */
const accountIn = (shard: number): string => {
  for (let n = 1; ; n += 1) if (shardByName(`account-${n}`, COUNT) === shard) return `account-${n}`;
};
/** With three shards from the beginning it would be in the second. */
const BEGUN = accountIn(1);
const NEW = [accountIn(0), accountIn(2)];
const ACCOUNTS = [BEGUN, ...NEW].map((name) => anAccount(name));

async function sandboxOf(t: TestContext, callbackPort: number) {
  const running = await startSandbox({
    accounts: ACCOUNTS.map(knownToSandbox),
    callbackUrl: `http://127.0.0.1:${callbackPort}/wechat`,
    pace: { pushDelayMs: 5, keyRepeatMs: 100, pushRetryMs: 100 },
    limits: { callsPerMinute: null, massPerDay: null, followerPerMonth: null },
    switches: { strangers: 'followers' },
  });
  t.onTestFinished(() => running.stop());
  return running;
}

async function send(world: World, account: string, changes: object = {}): Promise<string> {
  const body = {
    account,
    audience: { type: 'openids', openids: openIds(FOLLOWERS) },
    message: { type: 'text', content: `hello ${Math.random()}` },
    ...changes,
  };
  const { status, text } = await world.api('POST', '/v1/campaigns', body);
  expect([status, text]).toEqual([202, expect.anything()]);
  return (JSON.parse(text) as CampaignView).id;
}

const reaches = (world: World, id: string, state: string): Promise<void> =>
  until(`${id} ${state}`, async () => (await world.view(id)).state === state);

async function listed(world: World, query = ''): Promise<string[]> {
  const found: string[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const at: string = cursor === '' ? '' : `&cursor=${cursor}`;
    const page = JSON.parse((await world.api('GET', `/v1/campaigns?limit=2${at}${query}`)).text);
    found.push(...page.campaigns.map(({ id }: CampaignView) => id));
    cursor = page.next;
  }
  return found;
}

it('campaigns that were open complete once, and accounts that begin later are spread', {
  timeout: 2 * MINUTE,
}, async (t) => {
  const [callbackPort = 0] = await freePorts(1);
  const wechat = await sandboxOf(t, callbackPort);
  const { events, ledger, faults } = wechat.sandbox;
  const rolesWith = async (shards: number): Promise<World> => {
    const world = await startWorld({
      redisUrl: inject('redisUrl'),
      prefix: `{${NAME}}`,
      accounts: ACCOUNTS,
      environment: {
        API_KEYS: 'service:secret',
        REDIS_SHARDS: `${shards}`,
        CALLBACK_PORT: `${callbackPort}`,
        WECHAT_API_BASE_URL: wechat.url,
        WECHAT_SANDBOX: 'true',
      },
    });
    t.onTestFinished(() => world.stop());
    return world;
  };
  const one = await rolesWith(1);
  const done = await send(one, BEGUN);
  await reaches(one, done, 'completed');
  faults.set('event-never');
  const waits = await send(one, BEGUN);
  await reaches(one, waits, 'awaiting-receipts');
  const later = await send(one, BEGUN, { sendAt: new Date(Date.now() + 5 * SECOND).toISOString() });
  const paused = await send(one, BEGUN, { sendAt: new Date(Date.now() + MINUTE).toISOString() });
  await one.api('POST', `/v1/campaigns/${paused}/pause`);
  await one.api('PATCH', `/v1/campaigns/${paused}`, { sendAt: new Date().toISOString() });
  await one.stop();
  const direct = makeDirectProducer({ redisUrl: inject('redisUrl'), prefix: NAME });
  t.onTestFinished(() => direct.close());
  const [, newest = ''] = NEW;
  const job = await direct.enqueue(
    {
      account: newest,
      audience: { type: 'openids', openids: openIds(FOLLOWERS) },
      message: { type: 'text', content: 'while nobody worked' },
    },
    { idempotencyKey: 'while nobody worked' },
  );

  const three = await rolesWith(COUNT);
  const straightIn = (await direct.waitUntilAccepted(job)).id;
  await events.push(
    BEGUN,
    ledger.sends().find(({ clientMsgId }) => clientMsgId?.startsWith(`${waits}-`))?.msgId ?? '',
  );
  await three.api('POST', `/v1/campaigns/${paused}/resume`);
  const after = [await send(three, BEGUN), await send(three, NEW[0] ?? '')];

  const all = [done, waits, later, paused, straightIn, ...after];
  for (const id of all) {
    await reaches(three, id, 'completed');
    expect([id, (await three.view(id)).outcome]).toEqual([id, 'delivered']);
    expect([id, ledger.messagesPerFollower(`${id}-`)]).toEqual([id, { 1: FOLLOWERS }]);
  }
  expect(all.map(shardIn)).toEqual([0, 0, 0, 0, 2, 0, 0]);
  const newestFirst = (ids: readonly string[]) => [...ids].sort().reverse();
  expect(await listed(three)).toEqual(newestFirst(all));
  expect(await listed(three, `&account=${BEGUN}`)).toEqual(
    newestFirst([done, waits, later, paused, after[0] ?? '']),
  );
  expect(await listed(three, `&account=${newest}`)).toEqual([straightIn]);
});
