/**
 * A Redis Cluster of three masters with six shards: every role, a campaign of each kind in each shard,
 * and everything that the masters were told, by MONITOR.
 */
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { shardIn } from '../../src/shared/campaign/campaign-id.ts';
import type { CampaignView } from '../../src/shared/contract/campaign-view.ts';
import { MINUTE } from '../../src/shared/platform/time.ts';
import { prefixOfShard } from '../../src/shared/record/keys.ts';
import { anAccount, knownToSandbox, startWorld, type World } from '../support/all-roles.ts';
import { openIds } from '../support/open-ids.ts';
import { type RedisGroup, startCluster, until } from '../support/redis-nodes.ts';

const SHARDS = [0, 1, 2, 3, 4, 5];
const ACCOUNTS = SHARDS.map((shard) => anAccount(`account-${shard}`, { shard }));
const MASTERS = 3;
const SHARE = Math.ceil(16_384 / MASTERS);

/** Tags of which each master holds two: an operator moves slots until it is so. */
async function evenPrefix(admin: Redis): Promise<string> {
  for (let n = 0; ; n += 1) {
    const even = `{even-${n}}`;
    const slots = await Promise.all(
      SHARDS.map((shard) => admin.call('CLUSTER', 'KEYSLOT', prefixOfShard(even, shard))),
    );
    const held = slots.map((slot) => Math.floor(Number(slot) / SHARE));
    if ([0, 1, 2].every((master) => held.filter((one) => one === master).length === 2)) return even;
  }
}
let prefix = '';

/** What one master was told, in its order; what a script said comes after its script. */
interface Told {
  readonly args: readonly string[];
  readonly byScript: boolean;
}

const sandboxOf = () => ({
  accounts: ACCOUNTS.map(knownToSandbox).map((account) => ({
    ...account,
    followers: 120,
  })),
  pace: { pushDelayMs: 5, keyRepeatMs: 100, pushRetryMs: 100 },
  limits: {
    callsPerMinute: null,
    massPerDay: null,
    followerPerMonth: null,
    everyonePerDay: null,
    everyonePerMonth: null,
    uploadNewsPerDay: null,
  },
  switches: { strangers: 'followers' as const },
});

const PNG =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

const KINDS = {
  'OpenIDs at hand': () => ({
    audience: { type: 'openids', openids: openIds(30) },
    message: { type: 'text', content: 'hello' },
  }),
  'the followers, a list': () => ({
    audience: { type: 'followers' },
    message: { type: 'text', content: 'hello followers' },
  }),
  'everyone, with a picture': () => ({
    audience: { type: 'everyone' },
    message: { type: 'image', media: { base64: PNG } },
  }),
};

async function send(world: World, account: string, request: object): Promise<string> {
  const body = { account, name: `of ${account}`, ...request };
  const answer = await world.api('POST', '/v1/campaigns', body);
  expect([answer.status, answer.text]).toEqual([202, expect.anything()]);
  return (JSON.parse(answer.text) as CampaignView).id;
}

const completed = (world: World, id: string): Promise<void> =>
  until(`the end of ${id}`, async () => (await world.view(id)).state === 'completed');

describe('a cluster of three masters with six shards', { timeout: 4 * MINUTE }, () => {
  let cluster: RedisGroup;
  let world: World;
  const told: Told[][] = [];
  const monitors: Redis[] = [];
  const ids: string[] = [];

  beforeAll(async () => {
    cluster = await startCluster();
    prefix = await evenPrefix(cluster.nodes[0]?.admin as Redis);
    for (const { admin } of await cluster.masters()) {
      const one: Told[] = [];
      const monitor = await admin.monitor();
      monitor.on('monitor', (_: string, args: string[], source: string) =>
        one.push({ args, byScript: source === 'lua' }),
      );
      told.push(one);
      monitors.push(monitor);
    }
    world = await startWorld({
      redisUrl: cluster.url,
      prefix,
      accounts: ACCOUNTS,
      environment: { API_KEYS: 'service:secret', REDIS_SHARDS: '6' },
      sandbox: sandboxOf(),
    });
  }, 2 * MINUTE);
  afterAll(async () => {
    await world?.stop();
    for (const monitor of monitors) monitor.disconnect();
    await cluster?.stop();
  });

  it.each(Object.entries(KINDS))('delivers a campaign to %s in each shard', async (_, request) => {
    const sent = await Promise.all(ACCOUNTS.map(({ name }) => send(world, name, request())));
    expect(sent.map(shardIn)).toEqual(SHARDS);
    ids.push(...sent);
    for (const id of sent) {
      await completed(world, id);
      expect((await world.view(id)).outcome).toBe('delivered');
    }
  });

  it('sends to nobody twice', () => {
    for (const id of ids) {
      const times = world.sandbox?.sandbox.ledger.messagesPerFollower(`${id}-`) ?? {};
      expect(Object.keys(times)).toEqual(['1']);
    }
  });

  it('keeps whatever names an account or its campaigns under the tag of its shard', async () => {
    const tags = new Map<string, string>();
    for (const id of ids) tags.set(id, prefixOfShard(prefix, shardIn(id)));
    for (const [shard, { name, appId }] of ACCOUNTS.entries()) {
      for (const word of [`:${name}`, `.${name}`, appId])
        tags.set(word, prefixOfShard(prefix, shard));
    }
    const seen = new Set<string>();
    for (const { admin } of await cluster.masters()) {
      for (const key of await admin.keys('*')) {
        for (const [word, tag] of tags) {
          if (!key.includes(word)) continue;
          expect(key.startsWith(`${tag}:`), key).toBe(true);
          seen.add(word);
        }
      }
    }
    expect(seen.size).toBeGreaterThan(ids.length);
  });

  it('merges its lists: each campaign once, the newest first', async () => {
    const found: string[] = [];
    let cursor: string | null = null;
    do {
      const query: string = `limit=4${cursor === null ? '' : `&cursor=${cursor}`}`;
      const page = JSON.parse((await world.api('GET', `/v1/campaigns?${query}`)).text);
      found.push(...page.campaigns.map(({ id }: CampaignView) => id));
      cursor = page.next;
    } while (cursor !== null);
    expect(found).toEqual([...ids].sort().reverse());
  });

  it('declares every key that a script of the record touches', () => {
    let scripts = 0;
    for (const one of told) {
      let declared: ReadonlySet<string> | null = null;
      for (const { args, byScript } of one) {
        const [name = '', , count = '0', ...keys] = args;
        if (!byScript) {
          const own = /^eval(sha)?$/i.test(name) ? keys.slice(0, Number(count)) : [];
          // BullMQ's scripts make the keys of jobs out of the prefix: that is theirs.
          declared = own.some((key) => key.includes(':record:')) ? new Set(own) : null;
          if (declared) scripts += 1;
        } else if (declared) {
          for (const key of keysIn(args))
            expect(declared.has(key), args.slice(0, 2).join(' ')).toBe(true);
        }
      }
    }
    expect(scripts).toBeGreaterThan(100);
  });

  it('asks each master for as much, within a tenth', async () => {
    const before = told.map(({ length }) => length);
    const texts = [1, 2, 3, 4, 5].flatMap((n) =>
      ACCOUNTS.map(({ name }) =>
        send(world, name, {
          audience: { type: 'openids', openids: openIds(30) },
          message: { type: 'text', content: `hello ${n}` },
        }),
      ),
    );
    const own = await Promise.all(texts);
    // Each look asks every shard as much.
    await until('their end', async () => {
      const page = JSON.parse((await world.api('GET', '/v1/campaigns?limit=100')).text);
      const over = page.campaigns.filter(({ id, state }: CampaignView) => {
        return own.includes(id) && state === 'completed';
      });
      return over.length === own.length;
    });

    const counts = told.map(
      (one, master) =>
        one.slice(before[master]).filter(({ args, byScript }) => !byScript && args.some(isOurs))
          .length,
    );
    expect(Math.min(...counts) / Math.max(...counts), counts.join(', ')).toBeGreaterThan(0.9);
  });
});

const isOurs = (argument: string): boolean => argument.startsWith(prefix.slice(0, -1));

/** Of the commands that commits consist of. */
function keysIn([name = '', ...args]: readonly string[]): readonly string[] {
  const command = name.toUpperCase();
  if (command === 'PUBLISH') return [];
  if (command === 'DEL' || command === 'UNLINK') return args;
  return args.slice(0, command === 'RENAME' ? 2 : 1);
}

describe('WORKER_SHARDS', { timeout: 2 * MINUTE }, () => {
  it('leaves the other shards to others, and a campaign there says that no worker serves it', async (t) => {
    const world = await startWorld({
      redisUrl: inject('redisUrl'),
      accounts: ACCOUNTS,
      environment: { API_KEYS: 'service:secret', REDIS_SHARDS: '6', WORKER_SHARDS: '0-2,4' },
      sandbox: sandboxOf(),
    });
    t.onTestFinished(() => world.stop());
    const request = KINDS['OpenIDs at hand']();
    const served = await send(world, 'account-2', request);
    const unserved = await send(world, 'account-3', request);

    await completed(world, served);
    const { state, waiting } = await world.view(unserved);
    expect([state, waiting?.reason]).toEqual(['scheduled', 'no-worker']);
    const ready = JSON.parse((await world.ask(`${world.producerUrl}/readyz`)).text);
    expect(ready.unserved).toContainEqual({ code: 'no-worker', queue: 'campaigns', shard: 3 });
    expect(ready.unserved).not.toContainEqual({ code: 'no-worker', queue: 'campaigns', shard: 4 });
  });
});
