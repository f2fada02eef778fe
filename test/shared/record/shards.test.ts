import { describe, expect, it } from 'vitest';
import { startWatching } from '../../../src/shared/actions/watch-installation.ts';
import { shardIn } from '../../../src/shared/campaign/campaign-id.ts';
import type { AccountConfig } from '../../../src/shared/platform/accounts.ts';
import { loadConfig } from '../../../src/shared/platform/config.ts';
import { identityKey } from '../../../src/shared/platform/identity.ts';
import { connect } from '../../../src/shared/platform/redis.ts';
import { DAY } from '../../../src/shared/platform/time.ts';
import { openAllShards } from '../../../src/shared/record/all-shards.ts';
import { shardOfList } from '../../../src/shared/record/audience-list.ts';
import { makeInstallation } from '../../../src/shared/record/installation.ts';
import { prefixOfShard, recordOf } from '../../../src/shared/record/keys.ts';
import { shardByName } from '../../../src/shared/record/shards.ts';
import { anAccount } from '../../support/all-roles.ts';
import { aCampaign } from '../../support/builders.ts';
import { recordedLog } from '../../support/log-lines.ts';
import { openIds } from '../../support/open-ids.ts';
import { testRedis } from '../../support/redis.ts';

const { redis, url, prefix: stem } = testRedis();
let opened = 0;
/** A record of its own for a test, under the tag that is removed after all. */
const aPrefix = (): string => `${stem.slice(0, -1)}-${++opened}}`;

const tick = { now: Date.now() };
const SOME = Array.from({ length: 12 }, (_, n) => anAccount(`account-${n}`));

interface Asked {
  readonly prefix: string;
  readonly shards?: number;
  readonly accounts?: readonly AccountConfig[];
  readonly identityOf?: (account: string) => string;
}

function open({ prefix, shards = 6, accounts = SOME, identityOf = (name) => name }: Asked) {
  const config = loadConfig({ REDIS_URL: url, REDIS_SHARDS: `${shards}` });
  const { log } = recordedLog();
  const now = () => tick.now++;
  return openAllShards({
    ...{ redis, config, prefix, identityOf, log, now },
    accounts: () => accounts,
  });
}

type All = ReturnType<typeof open>;

async function accepted({ stores }: All, account: string, changes = {}): Promise<string> {
  const id = await stores.campaigns.newId(account);
  const now = tick.now++;
  const campaign = aCampaign({
    ...{ id, account, createdAt: now, sendAt: now, notAfter: now + DAY },
    ...changes,
  });
  await stores.campaigns.accept({
    campaign,
    message: { type: 'text', content: id },
    requestDigest: id,
    contentDigest: id,
    repeatMeant: false,
  });
  return id;
}

describe('the shard of an account', () => {
  it('is its setting, else what its name says, and every key of it has the tag', async () => {
    const prefix = aPrefix();
    const one = anAccount('set', { shard: 4 });
    const all = open({ prefix, accounts: [one, ...SOME] });

    expect(shardIn(await accepted(all, 'set'))).toBe(4);
    const shards = new Set<number>();
    for (const { name } of SOME) {
      const id = await accepted(all, name);
      expect(shardIn(id)).toBe(shardByName(name, 6));
      shards.add(shardIn(id));
      const tag = prefixOfShard(prefix, shardIn(id));
      for (const key of await redis.keys(`*${id}*`)) expect(key.startsWith(`${tag}:`)).toBe(true);
      expect(await redis.exists(`${tag}:record:campaigns-of:${name}`)).toBe(1);
    }
    expect(shards.size).toBeGreaterThan(3);
  });

  it('stays, with more shards, another setting, and another name for the same AppID', async () => {
    const prefix = aPrefix();
    const id = await accepted(open({ prefix }), 'account-1');
    const other = anAccount('account-1', { shard: (shardIn(id) + 1) % 6 });

    const later = open({ prefix, shards: 8, accounts: [other] });
    expect(shardIn(await accepted(later, 'account-1'))).toBe(shardIn(id));
    const renamed = open({ prefix, shards: 8, identityOf: () => 'account-1' });
    expect(shardIn(await accepted(renamed, 'renamed'))).toBe(shardIn(id));
    expect((await later.stores.campaigns.view(id))?.id).toBe(id);
  });

  it('is 0 for good where the account began with one shard; others are spread', async () => {
    const prefix = aPrefix();
    const began = await accepted(open({ prefix, shards: 1 }), 'account-1');
    const spread = open({ prefix });

    expect(shardByName('account-1', 6)).not.toBe(0);
    expect(shardIn(await accepted(spread, 'account-1'))).toBe(0);
    expect(shardIn(await accepted(spread, 'account-2'))).toBe(shardByName('account-2', 6));
    expect((await spread.stores.campaigns.view(began))?.id).toBe(began);
  });

  it('is 0 where it began before shards were written down', async () => {
    const prefix = aPrefix();
    await accepted(open({ prefix, shards: 1 }), 'account-1');
    await redis.hdel(`${prefix}:record:installation`, 'shard:account-1');

    expect(shardIn(await accepted(open({ prefix }), 'account-1'))).toBe(0);
  });

  it('is the same for processes that begin at once with other numbers of shards', async () => {
    const prefix = aPrefix();
    const all = [1, 6, 8, 64].map((shards) => open({ prefix, shards }));

    const ids = await Promise.all(all.map((one) => accepted(one, 'account-3')));

    expect(new Set(ids.map(shardIn)).size).toBe(1);
    for (const { stores } of all) {
      const { campaigns } = await stores.campaigns.list({ limit: 10, account: 'account-3' });
      expect(campaigns.map(({ id }) => id).sort()).toEqual([...ids].sort());
    }
  });

  it('keeps what an operator stopped before the first campaign', async () => {
    const prefix = aPrefix();
    const stop = { at: tick.now, by: 'ann', code: 'by-operator' } as const;
    await open({ prefix, shards: 2 }).stores.lanes.pause('account-5', stop);

    expect((await open({ prefix, shards: 7 }).stores.lanes.read('account-5')).paused).toEqual(stop);
  });
});

describe('a role that starts', () => {
  const start = async (prefix: string, shards: number) => {
    const config = loadConfig({ REDIS_URL: url, REDIS_SHARDS: `${shards}` });
    const connection = connect(config.redis, { purpose: 'worker' });
    const record = recordOf(prefix);
    try {
      const watch = await startWatching({
        ...{ redis: connection, record, config: { ...config, isSandbox: true } },
        accounts: () => SOME,
      });
      watch.stop();
    } finally {
      connection.disconnect();
    }
  };

  it('is refused with fewer shards than are written down, naming the accounts', async () => {
    const prefix = aPrefix();
    const identity = { appId: 'wx1', origin: 'sandbox' };
    await makeInstallation({ redis, record: recordOf(prefix) }).claim({
      ...{ kind: 'sandbox', accounts: { spring: identity } },
    });
    await redis.hset(`${prefix}:record:installation`, `shard:${identityKey(identity)}`, 4);

    await expect(start(prefix, 4)).rejects.toThrow(/REDIS_SHARDS is 4.*spring.*5 at least/);
    await expect(start(prefix, 5)).resolves.toBeUndefined();
  });
});

describe('with one shard', () => {
  it('every key is as it was', async () => {
    const prefix = aPrefix();
    const all = open({ prefix, shards: 1 });
    const id = await accepted(all, 'account-1');
    const list = await all.stores.audiences.create(openIds(30), { account: 'account-1' });
    await all.stores.quota.count('account-1', 'message/mass/send');
    await all.stores.lanes.pause('account-1', { at: 1, by: 'ann', code: 'by-operator' });

    const keys = (await redis.keys(`${prefix.replace('}', '*')}`)).map((key) =>
      key
        .replace(id, '<id>')
        .replace(list.id, '<list>')
        .replace(/\d{4}-\d\d-\d\d/, '<day>')
        .replace(id, '<id>'),
    );
    expect(id).toMatch(/^[0-9a-hjkmnp-tv-z]{18}$/);
    expect(keys.map((key) => key.slice(`${prefix}:record:`.length)).sort()).toEqual(
      [
        'attention:account-stopped',
        'audience:<list>',
        'audience:<list>:ids',
        'audiences',
        'audit:<id>',
        'audit-on:<day>',
        'calls:account-1:<day>',
        'campaign:<id>',
        'campaigns',
        'campaigns-of:account-1',
        'installation',
        'lane:account-1',
        'minute:account-1:message/mass/send',
        'names',
        'open',
        'outbox',
        'planned',
        'same-content:account-1:<id>',
        'audience-users:a_0123456789',
      ].sort(),
    );
    await all.close();
  });
});

describe('a list of OpenIDs', () => {
  it('is in the shard of its account, says so by its id, and is read from every shard', async () => {
    const all = open({ prefix: aPrefix() });
    const common = await all.stores.audiences.create(openIds(30));
    const { name } = SOME.find((one) => shardByName(one.name, 6) > 0) as AccountConfig;
    const own = await all.stores.audiences.create(openIds(40), {
      account: name,
      exclude: [common.id],
    });

    expect([shardOfList(common.id), shardOfList(own.id)]).toEqual([0, shardByName(name, 6)]);
    expect(own).toMatchObject({ suppressed: 30, recipients: 10 });
    for (const { stores } of all.shards.all()) {
      expect(await stores.audiences.slice(own.id, 0, 10)).toHaveLength(10);
    }
    expect(await all.stores.audiences.remove(own.id)).toBe(true);
    expect(await all.stores.audiences.describe(own.id)).toBeNull();
  });
});

describe('what is listed over all shards', () => {
  it('has each campaign once, newest first, however small the pages', async () => {
    const all = open({ prefix: aPrefix() });
    const ids: string[] = [];
    for (let n = 0; n < 30; n += 1) ids.unshift(await accepted(all, `account-${n % 12}`));

    for (const limit of [1, 4, 30, 100]) {
      const found: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await all.stores.campaigns.list({ limit, ...(cursor ? { cursor } : {}) });
        found.push(...page.campaigns.map(({ id }) => id));
        cursor = page.next ?? undefined;
      } while (cursor);
      expect(found).toEqual(ids);
    }
  });

  it('has each campaign once where a shard has looked at as many as it may', async () => {
    const all = open({ prefix: aPrefix() });
    const one = 'account-2';
    const elsewhere = ({ name }: AccountConfig) => shardByName(name, 6) !== shardByName(one, 6);
    const other = SOME.find(elsewhere)?.name ?? '';
    const oldest = await accepted(all, other, { createdBy: 'ann' });
    const next = await accepted(all, one, { createdBy: 'ann' });
    for (let n = 0; n < 100; n += 1) await accepted(all, one, { createdBy: 'bob' });

    const found: string[] = [];
    let cursor: string | undefined;
    do {
      const where = { createdBy: 'ann', limit: 10, mostLooks: 1, ...(cursor ? { cursor } : {}) };
      const page = await all.stores.campaigns.list(where);
      found.push(...page.campaigns.map(({ id }) => id));
      cursor = page.next ?? undefined;
    } while (cursor);
    expect(found).toEqual([next, oldest]);
  });

  it('has each list of OpenIDs once, newest first', async () => {
    const all = open({ prefix: aPrefix() });
    const ids: string[] = [];
    for (let n = 0; n < 10; n += 1) {
      ids.unshift((await all.stores.audiences.create(openIds(2), { account: `account-${n}` })).id);
    }

    const found: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await all.stores.audiences.list({ limit: 3, ...(cursor ? { cursor } : {}) });
      found.push(...page.lists.map(({ id }) => id));
      cursor = page.cursor;
    } while (cursor);
    expect(found).toEqual(ids);
  });

  it('has each audit entry once, newest first, and goes on where a page ended', async () => {
    const all = open({ prefix: aPrefix() });
    const at = Date.parse('2026-12-01T15:59:50Z');
    for (let n = 0; n < 24; n += 1) {
      const entry = { at: at + n * 1_000, by: 'ann', action: 'account-pause' } as const;
      await all.stores.auditLog.note(`account-${n % 12}`, entry);
    }

    const found: number[] = [];
    const query = { from: '2026-11-30', until: '2026-12-03' };
    let place: Parameters<typeof all.stores.auditLog.read>[1];
    for (let isMore = true; isMore; ) {
      isMore = false;
      let taken = 0;
      for await (const one of all.stores.auditLog.read(query, place)) {
        if (taken === 5) {
          isMore = true;
          break;
        }
        found.push((one.act.at - at) / 1_000);
        place = one.place;
        taken += 1;
      }
    }
    expect(found).toEqual(Array.from({ length: 24 }, (_, n) => 23 - n));
  });

  it('has what needs an operator, the lanes with work, and the counts of every shard', async () => {
    const all = open({ prefix: aPrefix() });
    const stopped = SOME.slice(0, 6).map(({ name }) => name);
    for (const [n, name] of stopped.entries()) {
      await all.stores.lanes.pause(name, { at: n + 1, by: 'ann', code: 'by-operator' });
      const id = await accepted(all, name);
      const batch = { state: 'pending', no: 1, size: 25 } as const;
      const more = { generation: 0, run: 0, attempts: 0, version: 0 };
      await all.stores.campaigns.layBatches(id, [{ ...batch, ...more }], {});
    }

    const entries = await all.stores.attention.entries();
    expect(entries.map(({ account }) => account).sort()).toEqual([...stopped].sort());
    expect((await all.stores.lanes.busy()).sort()).toEqual([...stopped].sort());
    const { batches } = await all.stores.counts(SOME.map(({ name }) => name));
    expect(batches.pending).toBe(6);
  });
});

describe('an id of a shard that there is not', () => {
  it('names no campaign, and opens no end of shards', async () => {
    const all = open({ prefix: aPrefix() });

    expect(await all.stores.campaigns.view('0123456789abcdeuzz')).toBeNull();
    expect(await all.stores.campaigns.view('0123456789abcdeu1z')).toBeNull();
    expect(await all.stores.audiences.describe(`a_${'x'.repeat(19)}99s`)).toBeNull();
    expect(all.shards.all()).toHaveLength(6);
  });
});
