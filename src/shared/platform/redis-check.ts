/**
 * Whether a Redis can be trusted with campaigns. It is the record, not a cache: what it forgets has
 * not been accepted, and what it evicts is sent twice or never.
 */
import { Cluster, type Redis as Server } from 'ioredis';
import { inTime } from './in-time.ts';
import type { Samples } from './metrics.ts';
import { askHolder, type Redis, serversOf, untilReady } from './redis.ts';
import { IS_CLUSTER, IS_SENTINEL, refusalOf, textOf, unfit } from './redis-refusal.ts';
import type { Bilingual } from './sentences.ts';
import { SECOND } from './time.ts';

/** `Config.redis` has them. */
export interface Needs {
  readonly waitReplicas?: number;
}

export interface RedisFinding {
  readonly text: Bilingual;
  /** Work is impossible or sure to go wrong, not only less safe. */
  readonly isFault: boolean;
  /** No waiting helps: a role need not start. */
  readonly forGood?: true;
  /** It does not answer, so nothing else is known of it. */
  readonly isAway?: true;
  /** Work goes on until it has grown. */
  readonly isGrowing?: true;
}

const PATIENCE = 2 * SECOND;
const OLDEST: readonly [major: number, minor: number] = [6, 2];
export const NEARLY_FULL = 0.8;
/** Some writes are refused already: BullMQ's scripts need room of their own. */
const FULL = 0.97;

/**
 * All that is wrong with a Redis, for the log at the start of a role; `away` where none answers.
 *
 * @throws {ServiceError} `REDIS_UNFIT`: it says no for good.
 */
export async function examineAtStart(
  redis: Redis,
  { away, ...needs }: Needs & { readonly away: string },
): Promise<string[]> {
  try {
    await untilReady(redis);
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal) throw refusal;
    return [away];
  }
  const findings = await checkRedis(redis, needs);
  const no = findings.find(({ forGood }) => forGood);
  if (no) throw unfit(no.text);
  return findings.map(({ text: [sentence] }) => sentence);
}

/**
 * Only what stands in the way of work; for `/readyz`. An operator may choose to live with
 * `everysec`, and a hoster may forbid to look.
 */
export async function redisFaults(redis: Redis, needs: Needs = {}): Promise<Bilingual[]> {
  const findings = await checkRedis(redis, needs);
  return findings.filter(({ isFault }) => isFault).map(({ text }) => text);
}

/** What will stand in the way of work soon; for `/readyz`, too. */
export async function redisWarnings(redis: Redis, needs: Needs = {}): Promise<Bilingual[]> {
  const findings = await checkRedis(redis, needs);
  return findings.filter(({ isGrowing }) => isGrowing).map(({ text }) => text);
}

/** For `/metrics`. */
export function redisGauges(redis: Redis, needs: Needs): () => Promise<Samples> {
  return async () => {
    const faults = await redisFaults(redis, needs);
    const isFit = faults.length === 0 ? 1 : 0;
    const used = await memoryUsed(redis).catch(() => undefined);
    return {
      qunfa_redis_fit: isFit,
      ...(used === undefined ? {} : { qunfa_redis_memory_ratio: used }),
    };
  };
}

/** Of the fullest server: the used part of what it may use. */
export async function memoryUsed(redis: Redis): Promise<number> {
  const parts = await Promise.all(
    serversOf(redis).map(async (server) => {
      return memoryPart(parseInfo(await inTime(server.info('memory'), PATIENCE)));
    }),
  );
  return Math.max(0, ...parts);
}

function memoryPart(info: ReadonlyMap<string, string>): number {
  const most = Number(info.get('maxmemory') ?? 0) || Number(info.get('total_system_memory') ?? 0);
  return most > 0 ? Number(info.get('used_memory') ?? 0) / most : 0;
}

/** All that is wrong with a Redis. */
export async function checkRedis(redis: Redis, needs: Needs = {}): Promise<RedisFinding[]> {
  try {
    await untilReady(redis, PATIENCE);
    const isCluster = redis instanceof Cluster;
    const found = await Promise.all(
      serversOf(redis).map((one) => findingsOn(one, isCluster, needs)),
    );
    // Mostly all nodes of a cluster are set the same way.
    return [...new Map(found.flat().map((one) => [one.text[0], one])).values()];
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal) return [forGood(textOf(refusal))];
    const why = error instanceof Error ? error.message : String(error);
    const text = [`Redis does not answer: ${why}`, `Redis 没有应答：${why}`] as const;
    return [{ text, isFault: true, isAway: true }];
  }
}

async function findingsOn(
  server: Server,
  isCluster: boolean,
  needs: Needs,
): Promise<RedisFinding[]> {
  const info = parseInfo(await inTime(server.info(), PATIENCE));
  return [
    ...versionOf(info),
    ...modeOf(info, isCluster),
    ...roleOf(info),
    ...replicasOf(info, needs),
    ...memoryOf(info),
    ...(await persistenceOf(info, server)),
  ];
}

function versionOf(info: ReadonlyMap<string, string>): RedisFinding[] {
  const version = info.get('redis_version') ?? '';
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])) return [];
  return [
    forGood([
      `Redis ${version} is too old: ${OLDEST.join('.')} or later is needed`,
      `Redis ${version} 版本过低：需要 ${OLDEST.join('.')} 或更高版本`,
    ]),
  ];
}

function modeOf(info: ReadonlyMap<string, string>, isCluster: boolean): RedisFinding[] {
  // Valkey calls it server_mode.
  const mode = info.get('redis_mode') ?? info.get('server_mode');
  if (mode === 'sentinel') return [forGood(IS_SENTINEL)];
  return info.get('cluster_enabled') === '1' && !isCluster ? [forGood(IS_CLUSTER)] : [];
}

function roleOf(info: ReadonlyMap<string, string>): RedisFinding[] {
  if (info.get('role') !== 'slave' || info.get('slave_read_only') !== '1') return [];
  return [
    fault([
      'this Redis is a read-only replica: REDIS_URL must name the master',
      '这个 Redis 是只读副本：REDIS_URL 须指向主节点',
    ]),
  ];
}

function replicasOf(
  info: ReadonlyMap<string, string>,
  { waitReplicas = 0 }: Needs,
): RedisFinding[] {
  const there = Number(info.get('connected_slaves') ?? 0);
  if (there >= waitReplicas || info.get('role') !== 'master') return [];
  return [
    fault([
      `REDIS_WAIT_REPLICAS is ${waitReplicas}, and Redis has ${there}: nothing is accepted or sent`,
      `REDIS_WAIT_REPLICAS 为 ${waitReplicas}，而 Redis 只有 ${there} 个副本：不会接受或发送任何活动`,
    ]),
  ];
}

function memoryOf(info: ReadonlyMap<string, string>): RedisFinding[] {
  const findings: RedisFinding[] = [];
  const policy = info.get('maxmemory_policy');
  if (policy !== 'noeviction') {
    findings.push(
      fault([
        `maxmemory-policy is ${policy}, so a full Redis forgets campaigns: set noeviction`,
        `maxmemory-policy 为 ${policy}，内存用尽时会丢失任务：请设为 noeviction`,
      ]),
    );
  }
  const part = memoryPart(info);
  if (part > NEARLY_FULL) {
    const say = part > FULL ? fault : growing;
    findings.push(say(nearlyFull(part)));
  }
  return findings;
}

/** @param part of what it may use, 0 to 1. */
export function nearlyFull(part: number): Bilingual {
  const percent = Math.round(100 * part);
  return [
    `Redis uses ${percent} % of the memory it may use, and refuses writes when it is full: give it more (maxmemory)`,
    `Redis 已使用其可用内存的 ${percent}%，用满后将拒绝写入：请扩大内存（maxmemory）`,
  ];
}

async function persistenceOf(
  info: ReadonlyMap<string, string>,
  server: Server,
): Promise<RedisFinding[]> {
  if (info.get('aof_enabled') !== '1') {
    return [
      warning([
        'appendonly is off, so a restart of Redis loses campaigns: set appendonly yes',
        'appendonly 未开启，Redis 重启会丢失任务：请设置 appendonly yes',
      ]),
    ];
  }
  const findings: RedisFinding[] = [];
  if (info.get('aof_last_write_status') === 'err') {
    findings.push(
      fault([
        'Redis cannot write its append-only file: look at its disk and its log',
        'Redis 无法写入 AOF 文件：请检查磁盘和日志',
      ]),
    );
  }
  const fsync = await appendfsyncOf(server);
  if (fsync === undefined) {
    findings.push(
      warning([
        'appendfsync cannot be read, CONFIG is forbidden here: see to it that it is always',
        '无法读取 appendfsync（CONFIG 被禁用）：请确认其值为 always',
      ]),
    );
  } else if (fsync !== 'always') {
    findings.push(
      warning([
        `appendfsync is ${fsync}, so a crash of Redis may lose what was accepted: set always`,
        `appendfsync 为 ${fsync}，Redis 崩溃时可能丢失已接受的任务：请设为 always`,
      ]),
    );
  }
  return findings;
}

async function appendfsyncOf(server: Server): Promise<string | undefined> {
  try {
    const answer: unknown = await inTime(server.config('GET', 'appendfsync'), PATIENCE);
    // A list of name and value in RESP2, a map in RESP3.
    const values = Array.isArray(answer) ? answer : Object.values(Object(answer));
    return values.at(-1) === undefined ? undefined : String(values.at(-1));
  } catch {
    return undefined;
  }
}

/** Another one after each start, and after each promotion of a replica. */
export async function serverOf(redis: Redis, key: string): Promise<string> {
  const info = parseInfo(String(await askHolder(redis, key, (line) => line.info())));
  return `${info.get('run_id')} ${info.get('master_replid')}`;
}

/** `name:value` lines under `# Section` lines. */
function parseInfo(text: string): ReadonlyMap<string, string> {
  return new Map(
    text.split('\r\n').flatMap((line): [string, string][] => {
      const colon = line.indexOf(':');
      return colon < 0 ? [] : [[line.slice(0, colon), line.slice(colon + 1)]];
    }),
  );
}

const forGood = (text: Bilingual): RedisFinding => ({ text, isFault: true, forGood: true });
const fault = (text: Bilingual): RedisFinding => ({ text, isFault: true });
const warning = (text: Bilingual): RedisFinding => ({ text, isFault: false });
const growing = (text: Bilingual): RedisFinding => ({ text, isFault: false, isGrowing: true });
