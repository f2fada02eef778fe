/**
 * Whether a Redis can be trusted with campaigns. It is the record, not a cache: what it forgets has
 * not been accepted, and what it evicts is sent twice or never.
 */
import { Cluster, type Redis as Server } from 'ioredis';
import { inTime } from './in-time.ts';
import type { Samples } from './metrics.ts';
import { askHolder, type Redis, serversOf, untilReady } from './redis.ts';
import { refusalOf, unfit } from './redis-refusal.ts';
import { SECOND } from './time.ts';
import { describeTrouble, distinct, type RedisTrouble } from './trouble.ts';

/** `Config.redis` has them. */
export interface Needs {
  readonly waitReplicas?: number;
}

/**
 * How bad it is: `for-good` no waiting helps, so a role need not start; `fault` work is impossible or
 * sure to go wrong; `growing` work goes on until there is more of it; `warning` it is only less safe.
 */
type Severity = 'for-good' | 'fault' | 'growing' | 'warning';

const SEVERITY: Readonly<Record<RedisTrouble['code'], Severity>> = {
  'redis-too-old': 'for-good',
  'redis-cluster-node': 'for-good',
  'redis-sentinel': 'for-good',
  'redis-no-cluster': 'for-good',
  'redis-no-sentinel': 'for-good',
  'redis-master-unknown': 'for-good',
  'redis-sentinel-password': 'for-good',
  'redis-password-missing': 'for-good',
  'redis-password-wrong': 'for-good',
  'redis-user-limited': 'for-good',
  'redis-wants-certificate': 'for-good',
  'redis-certificate-refused': 'for-good',
  'redis-no-tls': 'for-good',
  'redis-silent': 'fault',
  'redis-read-only': 'fault',
  'redis-replicas-missing': 'fault',
  'redis-evicts': 'fault',
  'redis-full': 'fault',
  'redis-append-only-failed': 'fault',
  'redis-nearly-full': 'growing',
  'redis-append-only-off': 'warning',
  'redis-fsync-unknown': 'warning',
  'redis-fsync-late': 'warning',
};

const severityOf = ({ code }: RedisTrouble): Severity => SEVERITY[code];

export const isFault = (trouble: RedisTrouble): boolean =>
  ['for-good', 'fault'].includes(severityOf(trouble));

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
    if (refusal) throw unfit(refusal);
    return [away];
  }
  const troubles = await checkRedis(redis, needs);
  const no = troubles.find((trouble) => severityOf(trouble) === 'for-good');
  if (no) throw unfit(no);
  return troubles.map((trouble) => describeTrouble(trouble, 'en'));
}

/**
 * Only what stands in the way of work; for `/readyz`. An operator may choose to live with
 * `everysec`, and a hoster may forbid to look.
 */
export async function redisFaults(redis: Redis, needs: Needs = {}): Promise<RedisTrouble[]> {
  return (await checkRedis(redis, needs)).filter(isFault);
}

/** What will stand in the way of work soon; for `/readyz`, too. */
export async function redisWarnings(redis: Redis, needs: Needs = {}): Promise<RedisTrouble[]> {
  const troubles = await checkRedis(redis, needs);
  return troubles.filter((trouble) => severityOf(trouble) === 'growing');
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
export async function checkRedis(redis: Redis, needs: Needs = {}): Promise<RedisTrouble[]> {
  try {
    await untilReady(redis, PATIENCE);
    const isCluster = redis instanceof Cluster;
    const found = await Promise.all(
      serversOf(redis).map((one) => troublesOf(one, isCluster, needs)),
    );
    // Mostly all nodes of a cluster are set the same way.
    return distinct(found.flat());
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal) return [refusal];
    return [{ code: 'redis-silent', why: error instanceof Error ? error.message : String(error) }];
  }
}

async function troublesOf(
  server: Server,
  isCluster: boolean,
  needs: Needs,
): Promise<RedisTrouble[]> {
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

function versionOf(info: ReadonlyMap<string, string>): RedisTrouble[] {
  const version = info.get('redis_version') ?? '';
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])) return [];
  return [{ code: 'redis-too-old', version, oldest: OLDEST.join('.') }];
}

function modeOf(info: ReadonlyMap<string, string>, isCluster: boolean): RedisTrouble[] {
  // Valkey calls it server_mode.
  const mode = info.get('redis_mode') ?? info.get('server_mode');
  if (mode === 'sentinel') return [{ code: 'redis-sentinel' }];
  const isNode = info.get('cluster_enabled') === '1' && !isCluster;
  return isNode ? [{ code: 'redis-cluster-node' }] : [];
}

function roleOf(info: ReadonlyMap<string, string>): RedisTrouble[] {
  const isReadOnly = info.get('role') === 'slave' && info.get('slave_read_only') === '1';
  return isReadOnly ? [{ code: 'redis-read-only' }] : [];
}

function replicasOf(
  info: ReadonlyMap<string, string>,
  { waitReplicas: wanted = 0 }: Needs,
): RedisTrouble[] {
  const connected = Number(info.get('connected_slaves') ?? 0);
  if (connected >= wanted || info.get('role') !== 'master') return [];
  return [{ code: 'redis-replicas-missing', wanted, connected }];
}

function memoryOf(info: ReadonlyMap<string, string>): RedisTrouble[] {
  const policy = info.get('maxmemory_policy') ?? 'unknown';
  const part = memoryPart(info);
  return [
    ...(policy === 'noeviction' ? [] : [{ code: 'redis-evicts', policy } as const]),
    ...(part > NEARLY_FULL ? [nearlyFull(part)] : []),
  ];
}

/** @param part of what it may use, 0 to 1. */
export const nearlyFull = (part: number): RedisTrouble => ({
  code: part > FULL ? 'redis-full' : 'redis-nearly-full',
  percent: Math.round(100 * part),
});

async function persistenceOf(
  info: ReadonlyMap<string, string>,
  server: Server,
): Promise<RedisTrouble[]> {
  if (info.get('aof_enabled') !== '1') return [{ code: 'redis-append-only-off' }];
  const troubles: RedisTrouble[] = [];
  if (info.get('aof_last_write_status') === 'err') {
    troubles.push({ code: 'redis-append-only-failed' });
  }
  const appendfsync = await appendfsyncOf(server);
  if (appendfsync === undefined) troubles.push({ code: 'redis-fsync-unknown' });
  else if (appendfsync !== 'always') troubles.push({ code: 'redis-fsync-late', appendfsync });
  return troubles;
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
