/**
 * Six shards on three masters, each with a replica, and REDIS_WAIT_REPLICAS=1: a master goes while
 * campaigns come in by HTTP and straight into Redis. Those straight in are in shard 0 until a worker
 * has accepted them.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeDirectProducer, type NewCampaign } from '../../src/client/producer.ts';
import { shardIn } from '../../src/shared/campaign/campaign-id.ts';
import { MINUTE } from '../../src/shared/platform/time.ts';
import { prefixOfShard } from '../../src/shared/record/keys.ts';
import { anAccount, knownToSandbox, startWorld, type World } from '../support/all-roles.ts';
import { openIds } from '../support/open-ids.ts';
import { holderOf, type RedisGroup, startCluster, until } from '../support/redis-nodes.ts';

const SHARDS = [0, 1, 2, 3, 4, 5];
const ACCOUNTS = SHARDS.map((shard) => anAccount(`account-${shard}`, { shard }));
const FOLLOWERS = 30;
const NAME = 'shards-failover';

const sandbox = {
  accounts: ACCOUNTS.map(knownToSandbox),
  pace: { pushDelayMs: 5, keyRepeatMs: 100, pushRetryMs: 100 },
  limits: {
    callsPerMinute: null,
    massPerDay: null,
    followerPerMonth: null,
    everyonePerDay: null,
    everyonePerMonth: null,
  },
  switches: { strangers: 'followers' as const },
};

/** One after another until told to stop, each repeated under its key until it is acknowledged. */
function flow(enqueue: (request: NewCampaign, key: string) => Promise<string>, way: string) {
  const taken: string[] = [];
  let isOver = false;
  const done = (async () => {
    for (let n = 0; !isOver; n += 1) {
      const key = `${way}-${n}`;
      const request: NewCampaign = {
        account: `account-${n % SHARDS.length}`,
        name: key,
        audience: { type: 'openids', openids: openIds(FOLLOWERS) },
        message: { type: 'text', content: key },
      };
      for (let one: string | null = null; one === null; await sleep(20)) {
        one = await enqueue(request, key).catch(() => null);
        if (one) taken.push(one);
      }
    }
  })();
  return {
    taken,
    async stop(): Promise<readonly string[]> {
      isOver = true;
      await done;
      return taken;
    },
  };
}

describe('six shards on three masters', { timeout: 4 * MINUTE }, () => {
  let cluster: RedisGroup;
  let world: World;
  beforeAll(async () => {
    cluster = await startCluster();
    world = await startWorld({
      redisUrl: cluster.url,
      prefix: `{${NAME}}`,
      accounts: ACCOUNTS,
      environment: {
        API_KEYS: 'service:secret',
        REDIS_SHARDS: '6',
        REDIS_WAIT_REPLICAS: '1',
        UNKNOWN_RETRY_SECONDS: '0.2',
        // An event that only the old master had is asked for then.
        RECEIPT_DEADLINE_SECONDS: '20',
      },
      sandbox,
    });
  }, 2 * MINUTE);
  afterAll(async () => {
    await world?.stop();
    await cluster?.stop();
  });

  it.each([0, 4])(
    'lose nothing that was acknowledged when the master of shard %i is killed',
    async (shard) => {
      const direct = makeDirectProducer({ redisUrl: cluster.url, prefix: NAME, waitReplicas: 1 });
      const straightIn = flow(async (body, key) => {
        const { jobId } = await direct.enqueue(body, { idempotencyKey: `${shard} ${key}` });
        return jobId;
      }, `straight ${shard}`);
      const byHttp = flow((body, key) => overHttp(world, body, `${shard} ${key}`), `http ${shard}`);
      const flows = [straightIn, byHttp];
      const more = (count: number) =>
        until('more', async () => flows.every(({ taken }) => taken.length > count));
      await more(SHARDS.length);
      const tag = prefixOfShard(world.prefix, shard);
      const master = await holderOf(cluster, tag);

      await master.kill();
      await until('another master', async () => (await holderOf(cluster, tag)) !== master);
      await master.start();
      await more(Math.max(...flows.map(({ taken }) => taken.length)) + SHARDS.length);
      const [jobs, ids] = await Promise.all([straightIn.stop(), byHttp.stop()]);

      const accepted = await Promise.all(
        jobs.map(async (jobId) => (await direct.waitUntilAccepted({ jobId })).id),
      );
      await direct.close();
      const all = [...accepted, ...ids];
      expect(new Set(all).size).toBe(all.length);
      expect(new Set(all.map(shardIn))).toEqual(new Set(SHARDS));
      for (const id of all) {
        await until(`the end of ${id}`, async () => (await world.view(id)).state === 'completed');
        expect((await world.view(id)).outcome).toBe('delivered');
        expect(world.sandbox?.sandbox.ledger.messagesPerFollower(`${id}-`)).toEqual({
          1: FOLLOWERS,
        });
      }
      await until('replicas', async () => {
        const told = await Promise.all(cluster.nodes.map(({ admin }) => admin.info('replication')));
        return told.filter((text) => text.includes('master_link_status:up')).length === 3;
      });
    },
  );
});

async function overHttp(world: World, body: NewCampaign, key: string): Promise<string> {
  const { status, text } = await world.ask(`${world.producerUrl}/v1/campaigns`, {
    method: 'POST',
    headers: {
      authorization: 'Bearer secret',
      'content-type': 'application/json',
      'idempotency-key': key,
    },
    body: JSON.stringify(body),
  });
  if (status !== 202) throw new Error(text);
  return (JSON.parse(text) as { id: string }).id;
}
