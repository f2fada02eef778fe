/**
 * REDIS_URL in every form: one server, a unix socket, a Sentinel group, a cluster; each but the
 * socket with TLS.
 *
 * Nothing here repeats a part of it: it may hold a password.
 */
export interface RedisAddress {
  readonly kind: 'server' | 'socket' | 'sentinel' | 'cluster';
  readonly tls: boolean;
  /** Of the server, the Sentinels, or some nodes of the cluster; none of a socket. */
  readonly nodes: readonly { readonly host: string; readonly port: number }[];
  /** Of a socket. */
  readonly path?: string;
  readonly database: number;
  readonly username?: string;
  readonly password?: string;
  /** Of a Sentinel group: what the Sentinels call their master. */
  readonly master?: string;
  readonly sentinelUsername?: string;
  readonly sentinelPassword?: string;
}

export type RedisUrlFlaw =
  | 'redis-url-form'
  | 'redis-url-hosts'
  | 'redis-url-database'
  | 'redis-url-master';

const KINDS: Readonly<Record<string, Pick<RedisAddress, 'kind' | 'tls'>>> = {
  redis: { kind: 'server', tls: false },
  rediss: { kind: 'server', tls: true },
  unix: { kind: 'socket', tls: false },
  'redis-sentinel': { kind: 'sentinel', tls: false },
  'rediss-sentinel': { kind: 'sentinel', tls: true },
  'redis-cluster': { kind: 'cluster', tls: false },
  'rediss-cluster': { kind: 'cluster', tls: true },
};

/** A bare `@`, `#`, `/` or `?` of a password would end what stands before it. */
const PARTS =
  /^(?<scheme>[a-z-]+):\/\/(?:(?<user>[^@/?#:]*)(?::(?<password>[^@/?#]*))?@)?(?<hosts>[^@/?#]*)(?<path>\/[^@?#]*)?(?:\?(?<query>[^@?#]*))?$/i;
const NODE = /^(?<host>\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::(?<port>\d{1,5}))?$/i;
const QUERIES: Readonly<Record<RedisAddress['kind'], readonly string[]>> = {
  server: [],
  socket: ['db'],
  sentinel: ['master', 'sentinelUsername', 'sentinelPassword'],
  cluster: [],
};

/** @returns a code where it cannot be used. */
export function parseRedisUrl(text: string): RedisAddress | RedisUrlFlaw {
  const groups = PARTS.exec(text)?.groups ?? {};
  const { user = '', password, hosts = '', path = '', query = '' } = groups;
  const scheme = KINDS[groups.scheme?.toLowerCase() ?? ''];
  if (!scheme) return 'redis-url-form';
  const { kind } = scheme;
  const who = credentials({ username: user, password });
  const asked = new URLSearchParams(query);
  if (!who || [...asked.keys()].some((name) => !QUERIES[kind].includes(name))) {
    return 'redis-url-form';
  }
  if (kind === 'socket') {
    const database = asked.get('db') ?? '0';
    const isWhole = hosts === '' && path.length > 1 && /^\d{1,4}$/.test(database);
    if (!isWhole) return 'redis-url-form';
    return {
      ...scheme,
      ...who,
      nodes: [],
      path: decoded(path) ?? path,
      database: Number(database),
    };
  }
  const nodes = hosts.split(',').map((host) => nodeOf(host, kind));
  if (!/^(?:\/\d{0,4})?$/.test(path) || nodes.includes(null)) return 'redis-url-form';
  const address = {
    ...scheme,
    ...who,
    nodes: nodes.filter((node) => node !== null),
    database: Number(path.slice(1)),
  };
  return wrongFor(address, asked) ?? { ...address, ...sentinelOf(asked) };
}

/** What one kind needs and another must not have. */
function wrongFor(
  { kind, nodes, database }: Pick<RedisAddress, 'kind' | 'nodes' | 'database'>,
  asked: URLSearchParams,
): RedisUrlFlaw | undefined {
  if (kind === 'server' && nodes.length > 1) return 'redis-url-hosts';
  if (kind === 'cluster' && database > 0) return 'redis-url-database';
  return kind === 'sentinel' && !asked.get('master') ? 'redis-url-master' : undefined;
}

function sentinelOf(asked: URLSearchParams): Partial<Record<string, string>> {
  return Object.fromEntries([...asked].filter(([, value]) => value !== ''));
}

function nodeOf(text: string, kind: RedisAddress['kind']) {
  const { host, port } = NODE.exec(text)?.groups ?? {};
  const number = Number(port ?? (kind === 'sentinel' ? 26_379 : 6_379));
  if (host === undefined || number === 0 || number > 65_535) return null;
  return { host: host.replace(/^\[|\]$/g, ''), port: number };
}

/** The address with REDIS_PASSWORD in it; `null` where it has a password already. */
export function withPassword(url: string, password: string | undefined): string | null {
  if (password === undefined) return url;
  const { user = '', password: own } = PARTS.exec(url)?.groups ?? {};
  if (own) return null;
  return url.replace(/:\/\/(?:[^@]*@)?/, () => `://${user}:${encodeURIComponent(password)}@`);
}

function credentials(given: { username: string; password: string | undefined }) {
  const username = decoded(given.username);
  const password = decoded(given.password ?? '');
  if (username === undefined || password === undefined) return null;
  return { ...(username ? { username } : {}), ...(password ? { password } : {}) };
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** To show: without user and password. */
export function addressOf(text: string): string {
  const address = parseRedisUrl(text);
  if (typeof address === 'string') return 'an address that cannot be read';
  const { nodes, path, database, master } = address;
  const where = path ?? nodes.map(({ host, port }) => `${host}:${port}`).join(',');
  return `${where}${database ? `/${database}` : ''}${master ? ` (${master})` : ''}`;
}
