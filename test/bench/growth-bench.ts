/**
 * How cost grows with what is kept, with a campaign's batches and with the length of a list: counted
 * by Redis (commands, bytes), so that another machine finds the same. Draws docs/benchmarks/*.svg.
 *
 * `node .qunfa/bench/test/bench/growth-bench.js 100000` keeps so many campaigns; 10,000 by default.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { newBatch } from '../../src/shared/campaign/batch.ts';
import type { Campaign } from '../../src/shared/campaign/campaign.ts';
import { DAY } from '../../src/shared/platform/time.ts';
import { openRecord } from '../../src/shared/record/record.ts';
import { inParallel, openIds, startBenchWorld } from './bench-world.ts';
import { drawLines, type Line } from './draw-lines.ts';
import { report } from './figures.ts';

const most = Number(process.argv[2] ?? 10_000);
const DOCS = join(process.cwd(), 'docs/benchmarks');
const world = await startBenchWorld({ accounts: 1 });
const redis = new Redis(world.redisUrl);
// Counts are the same, and thousands of campaigns are there sooner.
await redis.config('SET', 'appendfsync', 'no');
const stores = openRecord({ redis, retainMs: 30 * DAY, submitTimeoutMs: 10_000, now: Date.now });
const { campaigns } = stores;

const info = async (section: string, pattern: RegExp): Promise<number> =>
  [...(await redis.info(section)).matchAll(pattern)].reduce((sum, [, n]) => sum + Number(n), 0);
const commands = () => info('commandstats', /calls=(\d+)/g);
const bytes = () => info('memory', /used_memory_dataset:(\d+)/g);

/** What `work` says to Redis, the scripts' own commands included. */
async function counted(work: () => Promise<unknown>): Promise<number> {
  const before = await commands();
  await work();
  return (await commands()) - before - 1;
}

let made = 0;
async function accepted(): Promise<Campaign> {
  made += 1;
  const at = Date.now();
  const campaign: Campaign = {
    v: 1,
    id: `${String(at).padStart(13, '0')}${String(made).padStart(7, '0')}`,
    account: `account-${made % 20}`,
    identity: `account-${made % 20}`,
    name: `campaign ${made}`,
    audience: { type: 'tag', tagId: 2 },
    counts: null,
    messageType: 'text',
    ...{ createdAt: at, sendAt: at, notAfter: at + DAY },
    createdBy: 'bench',
    priority: 5,
  };
  const digest = String(made);
  const message = { type: 'text', content: 'hello' } as const;
  const digests = { requestDigest: digest, contentDigest: digest };
  await campaigns.accept({ campaign, message, ...digests, repeatMeant: true }, async () => true);
  return campaign;
}

async function keepOne(): Promise<void> {
  const { id } = await accepted();
  const cancelled = { at: Date.now(), by: 'bench', reason: 'operator' } as const;
  await campaigns.control(id, (control) => ({ ...control, cancelled }));
  await campaigns.end(id);
}

const QUESTIONS = {
  newest: { limit: 20 },
  'of an account and state': { limit: 20, account: 'account-3', state: 'cancelled' },
  open: { limit: 20, state: 'submitting' },
  'by name': { limit: 20, search: 'campaign 1' },
} as const;

/** Kept campaigns → commands of a page of twenty, and bytes of each campaign. */
async function ofKept() {
  const lines = Object.keys(QUESTIONS).map((name): Line => ({ name, points: [] }));
  const sweeper: Line = { name: 'a look of the sweeper', points: [] };
  const started = await bytes();
  let kept = 0;
  for (const count of [0, 100, 1_000, 10_000, 100_000].filter((one) => one <= most)) {
    await inParallel(count - kept, 64, keepOne);
    kept = count;
    for (const [at, question] of Object.values(QUESTIONS).entries()) {
      lines[at]?.points.push([count, await counted(() => campaigns.list(question))]);
    }
    sweeper.points.push([count, await counted(() => campaigns.reclaim(0, 500))]);
  }
  const each = Math.round(((await bytes()) - started) / Math.max(kept, 1));
  return { lines: [...lines, sweeper], each };
}

/** Batches of a campaign → commands to lay them out, to see the campaign, to change one batch. */
async function ofBatches(): Promise<Line[]> {
  const [laid, seen, changed] = ['lay out', 'see the campaign', 'change one batch'].map(
    (name): Line => ({ name, points: [] }),
  );
  for (const count of [1, 10, 100, 1_000]) {
    const { id } = await accepted();
    const batches = Array.from({ length: count }, (_, at) => newBatch(at + 1, 10_000));
    const ref = { campaignId: id, no: 1 };
    const started = { type: 'attempt-started', at: Date.now() } as const;
    laid?.points.push([count, await counted(() => campaigns.layBatches(id, batches, {}))]);
    seen?.points.push([count, await counted(() => campaigns.read(id))]);
    changed?.points.push([count, await counted(() => stores.batches.apply(ref, started))]);
  }
  return [laid, seen, changed].flatMap((line) => line ?? []);
}

/** OpenIDs of a list → bytes of Redis. */
async function ofOpenIds(): Promise<Line> {
  const line: Line = { name: 'bytes an OpenID', points: [] };
  for (const count of [1_000, 10_000, 100_000, 1_000_000]) {
    const before = await bytes();
    await stores.audiences.create(openIds(0, count), {});
    line.points.push([count, Number((((await bytes()) - before) / count).toFixed(1))]);
  }
  return line;
}

const kept = await ofKept();
const batches = await ofBatches();
const ids = await ofOpenIds();
await mkdir(DOCS, { recursive: true });
const draw = (name: string, title: string, lines: readonly Line[]) =>
  writeFile(join(DOCS, `${name}.svg`), drawLines({ title, lines }));
await draw('kept', 'Redis commands of a page of 20, by campaigns kept', kept.lines);
await draw('batches', 'Redis commands, by batches of a campaign', batches);
await draw('openids', 'Bytes of Redis an OpenID, by the length of the list', [ids]);
const figures = { kept, batches, ids };
await writeFile(join(DOCS, 'growth.json'), `${JSON.stringify(figures, null, 1)}\n`);
report({ bench: 'growth', what: 'Redis commands and bytes as the work grows', ...figures });
redis.disconnect();
await world.stop();
process.exit(0);
