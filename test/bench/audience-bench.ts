/**
 * What it takes to take an audience in, against node:readline counting the same file's lines.
 *
 *   node --import tsx test/bench/audience-bench.ts [lines, 10,000,000] [text | csv | ndjson | gzip]
 *
 * 2 % of the lines are duplicates, 1 % are no OpenIDs. Each side runs in a process of its own, so
 * that its peak memory (VmHWM, so Linux only) is its own.
 */
import { fork } from 'node:child_process';
import { randomFillSync } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { Redis } from 'ioredis';
import { startPrivateRedis } from '../../src/demo/private-redis.ts';
import type { AudienceFormat } from '../../src/shared/openids/read-ids.ts';
import { DAY, SECOND } from '../../src/shared/platform/time.ts';
import { makeAudienceStore } from '../../src/shared/record/audience-store.ts';

type Kind = Exclude<AudienceFormat, 'json'> | 'gzip';
const KINDS: readonly string[] = ['text', 'csv', 'ndjson', 'gzip'];

interface Figures {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakMiB: number;
  readonly idleMiB: number;
  readonly [more: string]: number;
}

const PREFIX = '{bench}';
const WRAP: Readonly<Record<Kind, (id: string, n: number) => string>> = {
  text: (id) => id,
  gzip: (id) => id,
  csv: (id, n) => `${n},"${id}",2026-01-05`,
  ndjson: (id, n) => (n % 2 === 0 ? `"${id}"` : `{"openid":"${id}","n":${n}}`),
};

async function* listOf(lines: number, kind: Kind): AsyncGenerator<string> {
  if (kind === 'csv') yield 'no,openid,since\n';
  const batch = 20_000;
  const bytes = Buffer.alloc(batch * 15);
  const seen: string[] = [];
  for (let n = 0; n < lines; n += batch) {
    randomFillSync(bytes);
    const out: string[] = [];
    for (let i = 0; i < batch && n + i < lines; i++) {
      let id = `oHZx-wAB${bytes.toString('base64url', i * 15, i * 15 + 15)}`;
      if (i % 100 === 50) id = `${id.slice(0, 20)} junk`;
      else if (i % 50 === 7 && seen.length > 0) id = seen[(n * 7 + i) % seen.length] ?? id;
      else if (i % 250 === 0) seen.push(id);
      out.push(WRAP[kind](id, n + i));
    }
    yield `${out.join('\n')}\n`;
  }
}

async function countLines(file: string): Promise<Record<string, number>> {
  let lines = 0;
  for await (const _ of createInterface({ input: createReadStream(file) })) lines++;
  return { lines };
}

async function countLinesByEvent(file: string): Promise<Record<string, number>> {
  let lines = 0;
  const reader = createInterface({ input: createReadStream(file) });
  reader.on('line', () => lines++);
  await once(reader, 'close');
  return { lines };
}

async function takeIn(file: string, kind: Kind, redisUrl: string): Promise<Record<string, number>> {
  const redis = new Redis(redisUrl);
  const store = makeAudienceStore({ redis, prefix: PREFIX, retainMs: DAY, now: Date.now });
  const format = kind === 'gzip' ? 'text' : kind;
  const list = await store.ingest(createReadStream(file), { format });
  if ('refused' in list) throw new Error(list.refused.code);
  await redis.quit();
  const { received, duplicates, invalid, recipients } = list;
  return { received, duplicates, invalid, recipients };
}

async function memory(field: 'VmHWM' | 'VmRSS'): Promise<number> {
  const status = await readFile('/proc/self/status', 'utf8');
  return Math.round(Number(new RegExp(`${field}:\\s+(\\d+)`).exec(status)?.[1]) / 1024);
}

async function measured(work: () => Promise<Record<string, number>>): Promise<Figures> {
  const idleMiB = await memory('VmRSS');
  const cpu = process.cpuUsage();
  const from = performance.now();
  const result = await work();
  const seconds = (performance.now() - from) / SECOND;
  const { user, system } = process.cpuUsage(cpu);
  const cpuSeconds = (user + system) / 1e6;
  return { seconds, cpuSeconds, peakMiB: await memory('VmHWM'), idleMiB, ...result };
}

/** One side, in a process of its own. */
async function inChild(...args: readonly string[]): Promise<Figures> {
  const child = fork(import.meta.filename, ['child', ...args]);
  const [figures] = (await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(([code]) => {
      throw new Error(`${args[0]} ended with ${String(code)}`);
    }),
  ])) as [Figures];
  return figures;
}

async function child(side = '', file = '', kind = '', redisUrl = ''): Promise<void> {
  const work = {
    readline: () => countLines(file),
    'readline-events': () => countLinesByEvent(file),
    ingest: () => takeIn(file, kind as Kind, redisUrl),
  }[side];
  if (!work) throw new TypeError(`no side is called ${side}`);
  process.send?.(await measured(work));
  process.disconnect?.();
}

async function usedMemory(redis: Redis): Promise<number> {
  return Number(/used_memory:(\d+)/.exec(await redis.info('memory'))?.[1]);
}

async function bench(lines: number, kind: Kind): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'qunfa-bench-'));
  const file = join(dir, 'ids');
  const cacheDir = join(process.cwd(), '.qunfa/cache');
  const server = await startPrivateRedis({ dataDir: join(dir, 'redis'), cacheDir });
  const redis = new Redis(server.url);
  try {
    const steps = kind === 'gzip' ? [createGzip({ level: 1 })] : [];
    await pipeline([Readable.from(listOf(lines, kind)), ...steps, createWriteStream(file)]);
    const empty = await usedMemory(redis);
    // Before and after, so that a machine that slows down meanwhile favours neither.
    const first = await inChild('readline', file);
    const ingest = await inChild('ingest', file, kind, server.url);
    const second = await inChild('readline', file);
    const events = await inChild('readline-events', file);
    const readline = (first.seconds + second.seconds) / 2;
    console.log(
      JSON.stringify(
        {
          bench: 'audience',
          kind,
          lines,
          fileMiB: Math.round((await stat(file)).size / 2 ** 20),
          readline: [first, second],
          readlineEvents: events,
          ingest,
          timesReadline: round(ingest.seconds / readline),
          timesReadlineEvents: round(ingest.seconds / events.seconds),
          redisBytesPerId: round(((await usedMemory(redis)) - empty) / (ingest.recipients ?? 0)),
        },
        (_, value: unknown) => (typeof value === 'number' ? round(value) : value),
      ),
    );
  } finally {
    redis.disconnect();
    await server.stop();
    await rm(dir, { recursive: true, force: true });
  }
}

const round = (value: number): number => Math.round(value * 100) / 100;

const [first, ...rest] = process.argv.slice(2);
if (first === 'child') await child(...rest);
else {
  const kind = rest[0] ?? 'text';
  if (!KINDS.includes(kind)) throw new TypeError(`a list is one of ${KINDS.join(', ')}`);
  await bench(Number(first ?? 10_000_000), kind as Kind);
}
