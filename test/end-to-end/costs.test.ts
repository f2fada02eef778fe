/**
 * What a campaign costs, counted: figures that no busy machine changes. The test fails when one of
 * them grows. If it must, raise it here and say in the commit what is paid for.
 */
import { once } from 'node:events';
import { connect as connectTo } from 'node:net';
import { createInterface } from 'node:readline';
import type { Redis } from 'ioredis';
import { describe, expect, it } from 'vitest';
import { connect } from '../../src/shared/platform/redis.ts';
import { SECOND } from '../../src/shared/platform/time.ts';
import { makeNewRoots } from '../../src/shared/queue/enqueue-root.ts';
import { openQueues } from '../../src/shared/queue/queues.ts';
import { openRecord } from '../../src/shared/record/record.ts';
import { aCampaign, aRequest } from '../support/builders.ts';
import { recordedLog } from '../support/log-lines.ts';
import { severable } from '../support/severable.ts';
import { startWorld, type World } from '../support/world.ts';

/** Of a text campaign of one batch: what names the campaign in what Redis is told. */
const MOST = {
  /** Commands on the record's keys, within scripts and without. */
  record: 69,
  /** The same on BullMQ's keys: its scripts, and what they do with the jobs. */
  bullmq: 83,
  /** Of the record's, those that are no part of a script: as many round trips, if each goes out alone. */
  calls: 18,
  /** Accepted, laid out, intent, answer, receipt, end. With `appendfsync always`, as many fsyncs. */
  commits: 6,
  /** Said in these calls; a campaign's record is JSON. */
  bytes: 9_800,
  /** Root, batch, receipt. */
  jobs: 3,
  /** Kept in Redis once it has ended, its jobs included; the allocator rounds some hundreds of bytes. */
  keptBytes: 6_200,
  /** The account's token is there. */
  tokenCalls: 0,
} as const;

interface Said {
  readonly args: readonly string[];
  readonly source: string;
}

const isScript = ([name = '']: readonly string[]): boolean => /^eval/i.test(name);

const isRecords = ({ args }: Said): boolean =>
  args[isScript(args) ? 3 : 1]?.includes(':record:') === true;

/** A line of MONITOR: its time, `[0 127.0.0.1:42904]` or `[0 lua]`, and each argument in quotes. */
const LINE = /^\+\S+ \[\d+ ([^\]]+)\] (.*)$/;

/** By a socket of its own: ioredis drops what comes in one piece with the OK to its MONITOR. */
async function listenTo(redis: Redis) {
  const { host, port } = redis.options;
  const socket = connectTo({ host, port: port as number });
  socket.write('MONITOR\r\n');
  const lines = createInterface({ input: socket });
  const said: Said[] = [];
  lines.on('line', (line) => {
    const [, source = '', rest = ''] = LINE.exec(line) ?? [];
    const args = [...rest.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, arg = '']) =>
      arg.replaceAll(/\\(x..|.)/g, (_, char: string) => char.at(-1) ?? ''),
    );
    if (args.length > 0) said.push({ args, source });
  });
  await once(lines, 'line');
  return async (): Promise<readonly Said[]> => {
    // What was said before this has been told before it.
    const mark = `mark-${said.length}-${Math.random()}`;
    await redis.exists(mark);
    while (!said.some(({ args }) => args.includes(mark))) await once(lines, 'line');
    socket.destroy();
    return said;
  };
}

async function keptBytes(redis: Redis, id: string): Promise<number> {
  let bytes = 0;
  for await (const keys of redis.scanStream({ match: `*${id}*`, count: 1_000 })) {
    for (const key of keys as string[]) bytes += (await redis.memory('USAGE', key)) ?? 0;
  }
  return bytes;
}

describe('a text campaign of one batch', () => {
  it('costs no more commands, round trips, fsyncs, bytes and token calls than it did', async (t) => {
    const world: World = await startWorld(t);
    const redis = world.redis as Redis;
    // The test looks on through a connection of its own, and the product has the other ones.
    const own = /addr=(\S+)/.exec(String(await redis.client('INFO')))?.[1] ?? '';
    const send = async (): Promise<string> => {
      world.faults.set('event-never', { times: 1 });
      const audience = { type: 'tag', tagId: 2 };
      const id = await world.create(aRequest('default', { audience }));
      await world.reaches(id, 'awaiting-receipts');
      // Its job has looked for the event once more, and ended.
      const lane = world.queues.lane('default');
      await world.until('asleep', async () => (await lane.getActiveCount()) === 0);
      await world.events.pushAll();
      await world.ended(id);
      const root = await world.queues.campaigns.getJob(`c-${id}`);
      await world.until('over', async () => (await root?.getState()) === 'completed');
      return id;
    };
    await send();

    const found = [await measured(), await measured(), await measured()];

    for (const [what, most] of Object.entries(MOST)) {
      // A look of the sweeper at one of them is none of its costs.
      const least = Math.min(...found.map((costs) => costs[what as keyof typeof MOST]));
      expect.soft(least, what).toBeLessThanOrEqual(most);
    }

    async function measured(): Promise<Record<keyof typeof MOST, number>> {
      const tokenCalls = world.ledger.calls('default').stable_token ?? 0;
      const heard = await listenTo(redis);
      const id = await send();
      const all = (await heard()).filter(({ args }) => args.some((arg) => arg.includes(id)));
      const accepting = all.findIndex(({ args }) => isScript(args));
      const product = all.filter(({ source }, at) => source !== own || at === accepting);
      const record = product.filter(isRecords);
      const calls = record.filter(({ source }) => source !== 'lua');
      return {
        record: record.length,
        bullmq: product.length - record.length,
        calls: calls.length,
        commits: calls.filter(({ args }) => isScript(args)).length,
        bytes: calls.reduce((sum, { args }) => sum + args.join(' ').length, 0),
        jobs: product.filter(({ args }) => args[0] === 'HMSET' && args[2] === 'name').length,
        keptBytes: await keptBytes(redis, id),
        tokenCalls: (world.ledger.calls('default').stable_token ?? 0) - tokenCalls,
      };
    }
  });
});

describe('the acceptance of a campaign', () => {
  it('is one write to Redis, with its root job', async (t) => {
    const url = new URL((await startWorld(t, { hosts: [] })).redisUrl);
    const heard: string[] = [];
    await using way = await severable(
      { host: url.hostname, port: Number(url.port) },
      { heard: (chunk) => void heard.push(chunk.toString()) },
    );
    const redis = connect({ url: `redis://127.0.0.1:${way.port}` }, { purpose: 'worker' });
    const prefix = '{costs}';
    const queues = openQueues({ connection: redis, log: recordedLog('debug').log, prefix });
    const now = Date.now;
    const { campaigns } = openRecord({
      redis,
      prefix,
      retainMs: SECOND,
      submitTimeoutMs: SECOND,
      now,
    });
    const roots = makeNewRoots({ queues, now }, SECOND);
    const accept = (no: number) => {
      const campaign = aCampaign({ id: `costs${no}`, createdAt: now(), notAfter: now() + SECOND });
      const message = { type: 'text', content: 'hello' } as const;
      const digests = { requestDigest: `${no}`, contentDigest: `${no}` };
      const acceptance = { campaign, message, ...digests, repeatMeant: false };
      return campaigns.accept(acceptance, () => roots.add(campaign));
    };
    // Redis knows its scripts then.
    await accept(1);
    heard.length = 0;

    expect(await accept(2)).toMatchObject({ kind: 'created', hasRoot: true });

    expect(heard.filter((chunk) => chunk.includes('evalsha'))).toHaveLength(1);
    expect(heard).toHaveLength(1);
    await queues.campaigns.obliterate({ force: true });
    await queues.close();
    redis.disconnect();
  });
});
