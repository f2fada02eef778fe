/** How every process of ours talks to Redis: by connections that say once that it is away. */
import { type ChainableCommander, Cluster, type Command, Redis as Server } from 'ioredis';
import type { Logger } from 'pino';
import { ServiceError } from './errors.ts';
import type { Numbers } from './metrics.ts';
import { refusalOf, unfit } from './redis-refusal.ts';
import { addressOf, parseRedisUrl, type RedisAddress } from './redis-url.ts';
import { settingWords } from './setting-words.ts';
import { SECOND } from './time.ts';

/** One server, the master of a Sentinel group, or a cluster: all keys carry one hash tag. */
export type Redis = Server | Cluster;

export interface RedisSettings {
  /** Every form of REDIS_URL: redis-url.ts. */
  readonly url: string;
  /** PEM: whom to believe, and who we are. For the forms with TLS. */
  readonly tls?: {
    readonly ca?: string | undefined;
    readonly cert?: string | undefined;
    readonly key?: string | undefined;
  };
}

export interface ConnectOptions {
  /**
   * - `worker`: commands wait for as long as Redis is away, as BullMQ's workers need.
   * - `http`: a command fails at once while Redis is away, and after 5 s if Redis hangs, so that
   *   whoever asks gets an answer. Await `untilReady` before the first command.
   * - `caller`: the same, but the first commands wait until it is connected.
   */
  readonly purpose: 'worker' | 'http' | 'caller';
  readonly log?: Logger;
  /** How long commands take is counted there. */
  readonly numbers?: Pick<Numbers, 'observe'> | undefined;
}

const CONNECT_TIMEOUT = 5 * SECOND;
const COMMAND_TIMEOUT = 5 * SECOND;
const LONGEST_PAUSE = 2 * SECOND;
/** A server that says nothing for so long, though it was asked, is gone: BullMQ blocks for 10 s. */
const SILENT_AFTER = 15 * SECOND;
/** An owner of our slot that hangs, and refuses nothing, is found out by looking. */
const SLOTS_EVERY = 2 * SECOND;

const PURPOSES = {
  worker: { maxRetriesPerRequest: null, enableOfflineQueue: true },
  http: { maxRetriesPerRequest: 1, enableOfflineQueue: false, commandTimeout: COMMAND_TIMEOUT },
  caller: { maxRetriesPerRequest: 1, enableOfflineQueue: true, commandTimeout: COMMAND_TIMEOUT },
} as const;

const retryStrategy = (attempt: number): number => Math.min(50 * 2 ** attempt, LONGEST_PAUSE);

/**
 * The connection comes up by itself, and again after every outage. Close it with `quit`.
 *
 * @throws {TypeError} for a url that is none.
 */
export function connect(
  { url, tls }: RedisSettings,
  { purpose, log, numbers }: ConnectOptions,
): Redis {
  const address = parseRedisUrl(url);
  if (typeof address === 'string') {
    throw new TypeError(`the Redis url: ${settingWords({ code: address }, 'en')}`);
  }
  const redis = open(address, tls, { ...PURPOSES[purpose], numbers });
  tellOutages(redis, log?.child({ redis: addressOf(url), purpose }));
  return redis;
}

function open(
  address: RedisAddress,
  tls: RedisSettings['tls'],
  {
    enableOfflineQueue,
    numbers,
    ...patience
  }: (typeof PURPOSES)[keyof typeof PURPOSES] & Pick<ConnectOptions, 'numbers'>,
): Redis {
  const { nodes, database, username, password } = address;
  const common = {
    ...patience,
    connectTimeout: CONNECT_TIMEOUT,
    socketTimeout: SILENT_AFTER,
    ...(username ? { username } : {}),
    ...(password ? { password } : {}),
    ...(address.tls ? { tls: { ...tls } } : {}),
  };
  if (address.kind === 'cluster') {
    const cluster = new Cluster([...nodes], {
      enableOfflineQueue,
      clusterRetryStrategy: retryStrategy,
      slotsRefreshInterval: SLOTS_EVERY,
      // Times 100 ms: a worker outlives a failover, and whoever asks by HTTP is answered.
      maxRedirections: patience.maxRetriesPerRequest === null ? 300 : 16,
      // By the names that certificates are made for.
      dnsLookup: (name, found) => found(null, name),
      redisOptions: common,
    });
    cluster.on('+node', (node: Server) => gatherWrites(node, numbers));
    // ioredis asks the same first, and takes a user that may not ask for a cluster that is not up yet.
    cluster.on('connect', () => {
      cluster.cluster('INFO').catch((error: unknown) => {
        if (refusalOf(error)) cluster.emit('error', error);
      });
    });
    return cluster;
  }
  const server = new Server({
    ...common,
    ...whereOf(address, tls),
    enableOfflineQueue,
    db: database,
    retryStrategy,
    // The master became a replica (failover): connect anew and repeat what was refused.
    reconnectOnError: ({ message }: Error) => (message.startsWith('READONLY') ? 2 : false),
  });
  gatherWrites(server, numbers);
  return server;
}

function whereOf(address: RedisAddress, tls: RedisSettings['tls']) {
  const { nodes, path, master, sentinelUsername, sentinelPassword } = address;
  if (path !== undefined) return { path };
  if (master === undefined) return { ...nodes[0] };
  return {
    sentinels: [...nodes],
    name: master,
    ...(sentinelUsername ? { sentinelUsername } : {}),
    ...(sentinelPassword ? { sentinelPassword } : {}),
    sentinelRetryStrategy: retryStrategy,
    sentinelCommandTimeout: COMMAND_TIMEOUT,
    ...(address.tls ? { sentinelTLS: { ...tls }, enableTLSForSentinelMode: true } : {}),
  };
}

/** @throws the last connection error if Redis is not there in time; at once where it says no for good. */
export async function untilReady(redis: Redis, timeoutMs = 10 * SECOND): Promise<void> {
  if (redis.status === 'ready') return;
  await new Promise<void>((resolve, reject) => {
    let last: Error = new ServiceError('REDIS_AWAY', `Redis is not ready (${redis.status})`);
    const onError = (error: Error): void => {
      const refusal = refusalOf(error);
      last = refusal ? unfit(refusal) : error;
      if (refusal) onEnd();
    };
    const settle = (finish: () => void) => (): void => {
      clearTimeout(timer);
      for (const event of ERRORS) redis.off(event, onError);
      redis.off('ready', onReady).off('end', onEnd);
      finish();
    };
    const onReady = settle(resolve);
    const onEnd = settle(() => reject(last));
    const timer = setTimeout(onEnd, timeoutMs);
    for (const event of ERRORS) redis.on(event, onError);
    redis.once('ready', onReady).once('end', onEnd);
  });
}

const ERRORS = ['error', 'node error'] as const;

/** The servers that may hold keys of ours. */
export const serversOf = (redis: Redis): Server[] =>
  redis instanceof Cluster ? redis.nodes('master') : [redis];

/**
 * What the server says that holds `key`. In a cluster, a command without a key goes to any node.
 *
 * @param ask adds the one command.
 */
export async function askHolder(
  redis: Redis,
  key: string,
  ask: (line: ChainableCommander) => ChainableCommander,
): Promise<unknown> {
  const answers = (await ask(redis.pipeline().exists(key)).exec()) ?? [];
  const [error, answer] = answers.at(-1) ?? [
    new ServiceError('REDIS_AWAY', 'the connection to Redis is closed'),
  ];
  if (error) throw error;
  return answer;
}

/**
 * What is said to one server in one turn of the event loop goes out as one write: one call of the
 * system here and, with `appendfsync always`, one fsync there, however many jobs said something.
 */
function gatherWrites(server: Server, numbers: ConnectOptions['numbers']): void {
  let isGathering = false;
  server.sendCommand = (...said) => {
    const { stream } = server;
    if (stream && !isGathering) {
      isGathering = true;
      if (numbers) timeOne(said[0], numbers);
      stream.cork();
      setImmediate(() => {
        isGathering = false;
        stream.uncork();
      });
    }
    // Looked up each time: tests count what a process sends.
    return Server.prototype.sendCommand.apply(server, said);
  };
}

/** Of a command that waits for news, the time says nothing. */
const BLOCKING = /^(b[lrz]|wait|xread)/i;

function timeOne({ name, promise }: Command, numbers: Pick<Numbers, 'observe'>): void {
  if (BLOCKING.test(name)) return;
  const began = performance.now();
  const note = (): void =>
    numbers.observe('qunfa_redis_command_duration_seconds', performance.now() - began, {});
  promise.then(note, note);
}

/** ioredis reports every failed attempt to connect: one line an outage, and one when it is over. */
function tellOutages(redis: Redis, log: Logger | undefined): void {
  let away = false;
  const onAway = (err?: Error): void => {
    if (away) return;
    away = true;
    log?.error({ event: 'redis.unreachable', ...(err && { err }) }, 'Redis is away; trying again');
  };
  redis.on('error', onAway);
  redis.on('reconnecting', () => onAway());
  redis.on('ready', () => {
    if (away) log?.info({ event: 'redis.back' }, 'Redis is back');
    away = false;
  });
}
