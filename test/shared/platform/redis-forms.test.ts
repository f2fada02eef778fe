/** REDIS_URL in every form, against servers that are run so. */
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { makeDirectProducer } from '../../../src/client/producer.ts';
import { loadConfig } from '../../../src/shared/platform/config.ts';
import {
  askHolder,
  connect,
  type RedisSettings,
  untilReady,
} from '../../../src/shared/platform/redis.ts';
import { checkRedis, examineAtStart } from '../../../src/shared/platform/redis-check.ts';
import { addressOf, parseRedisUrl } from '../../../src/shared/platform/redis-url.ts';
import { openQueues } from '../../../src/shared/queue/queues.ts';
import { makeKeys } from '../../../src/shared/record/keys.ts';
import { recordedLog } from '../../support/log-lines.ts';
import { freePorts, startCluster, startNode, startSentinels } from '../../support/redis-nodes.ts';

const PREFIX = '{qunfa}';
const dir = await mkdtemp(join(tmpdir(), 'qunfa-forms-'));
const pem = (name: string): string => join(import.meta.dirname, '../../fixtures/tls', name);
const socket = join(dir, 'redis.sock');
const [plainPort = 0, tlsPort = 0] = await freePorts(2);
const [plain, secured, sentinels, cluster] = await Promise.all([
  startNode(join(dir, 'plain'), plainPort, [
    ...['--port', `${plainPort}`, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'yes'],
    ...['--appendfsync', 'always', '--unixsocket', socket],
  ]),
  startNode(
    join(dir, 'tls'),
    tlsPort,
    [
      ...['--port', '0', '--tls-port', `${tlsPort}`, '--bind', '127.0.0.1', '--save', ''],
      ...['--appendonly', 'yes', '--appendfsync', 'always', '--tls-auth-clients', 'yes'],
      ...['--tls-cert-file', pem('server.pem'), '--tls-key-file', pem('server-key.pem')],
      ...['--tls-ca-cert-file', pem('ca.pem')],
    ],
    { adminOptions: { tls: tlsFiles() } },
  ),
  startSentinels(),
  startCluster(),
]);
afterAll(async () => {
  await Promise.all([plain, secured, sentinels, cluster].map((one) => one.stop()));
  await rm(dir, { recursive: true, force: true });
});

function tlsFiles() {
  const read = (name: string): string => readFileSync(pem(name), 'utf8');
  return { ca: read('ca.pem'), cert: read('client.pem'), key: read('client-key.pem') };
}

const FORMS: readonly (readonly [string, () => RedisSettings])[] = [
  ['a server', () => ({ url: `redis://127.0.0.1:${plainPort}/3` })],
  ['a unix socket', () => ({ url: `unix://${socket}?db=2` })],
  ['TLS, an authority of its own and a client certificate', () => secure()],
  ['a Sentinel group', () => ({ url: sentinels.url })],
  ['a cluster', () => ({ url: cluster.url })],
];

const secure = (tls: NonNullable<RedisSettings['tls']> = tlsFiles()): RedisSettings => ({
  url: `rediss://127.0.0.1:${tlsPort}`,
  tls,
});

async function opened(settings: RedisSettings) {
  const redis = connect(settings, { purpose: 'http', log: recordedLog().log });
  onTestFinished(() => redis.disconnect());
  await untilReady(redis);
  return redis;
}

describe.each(FORMS)('%s', (_, settings) => {
  it('is reached, and fit to be the record', async () => {
    expect(await checkRedis(await opened(settings()))).toEqual([]);
  });

  it('has the record and the queues of one installation in one place', async () => {
    const redis = await opened(settings());
    const keys = makeKeys(`${PREFIX}:record`);
    const queues = openQueues({ connection: redis, log: recordedLog().log, prefix: PREFIX });
    onTestFinished(() => queues.close());

    const job = await queues.campaigns.add('run-campaign', { campaignId: 'x' }, { jobId: 'c-x' });
    await redis.multi().set(keys.heartbeat(), 1).set(keys.counted(), 'x').exec();

    expect(await redis.mget(keys.heartbeat(), keys.counted())).toEqual(['1', 'x']);
    expect(await queues.campaigns.getJobState(job.id ?? '')).toBe('waiting');
    const role = await askHolder(redis, keys.heartbeat(), (line) => line.role());
    expect((role as unknown[])[0]).toBe('master');
  });

  it('takes campaigns of a direct producer', async () => {
    const { url: redisUrl, tls } = settings();
    const producer = makeDirectProducer({
      redisUrl,
      ...(tls ? { tls: tlsFiles() } : {}),
      prefix: 'direct',
    });
    onTestFinished(() => producer.close());

    const job = await producer.enqueue(
      {
        account: 'default',
        audience: { type: 'tag', tagId: 2 },
        message: { type: 'text', content: 'x' },
      },
      { idempotencyKey: 'one' },
    );

    expect(job.jobId).toMatch(/./);
  });
});

const REFUSED: readonly (readonly [string, () => RedisSettings, RegExp])[] = [
  [
    'redis:// to a node of a cluster',
    () => ({ url: `redis://127.0.0.1:${cluster.nodes[0]?.port}` }),
    /write redis-cluster:\/\//,
  ],
  [
    'redis:// to a Sentinel',
    () => ({ url: `redis://127.0.0.1:${sentinels.sentinels[0]?.port}` }),
    /write redis-sentinel:\/\//,
  ],
  [
    'redis-cluster:// to a server',
    () => ({ url: `redis-cluster://127.0.0.1:${plainPort}` }),
    /no cluster: write redis:\/\//,
  ],
  [
    'redis-sentinel:// to a server',
    () => ({ url: `redis-sentinel://127.0.0.1:${plainPort}?master=x` }),
    /no Sentinel/,
  ],
  [
    'a master that no Sentinel knows',
    () => ({ url: sentinels.url.replace(/master=.*/, 'master=nobody') }),
    /correct \?master=/,
  ],
  [
    'an authority that is not known',
    () => ({ url: `rediss://127.0.0.1:${tlsPort}` }),
    /REDIS_TLS_CA_FILE/,
  ],
  ['no client certificate', () => secure({ ca: tlsFiles().ca }), /REDIS_TLS_CERT_FILE/],
];

it.each(REFUSED)(
  '%s is refused at once, with the cure',
  { timeout: 15_000 },
  async (_, settings, cure) => {
    const redis = connect(settings(), { purpose: 'worker' });
    redis.on('error', () => undefined);
    onTestFinished(() => redis.disconnect());

    await expect(examineAtStart(redis, { away: 'away' })).rejects.toMatchObject({
      code: 'REDIS_UNFIT',
      message: expect.stringMatching(cure),
    });
  },
);

describe('REDIS_URL', () => {
  it.each([
    ['redis-sentinel://a:26379,b/3?master=m', 'sentinel', [26_379, 26_379]],
    ['rediss-cluster://user:p%40ss@a:7000,[::1]', 'cluster', [7_000, 6_379]],
    ['unix:///run/redis.sock', 'socket', []],
  ])('may be %s', (url, kind, ports) => {
    const address = parseRedisUrl(url);

    expect(address).toMatchObject({ kind });
    expect(typeof address === 'object' && address.nodes.map(({ port }) => port)).toEqual(ports);
    expect(loadConfig({ REDIS_URL: url }).redis.url).toBe(url);
  });

  it.each([
    ['redis://a:1,b:2', /write redis-sentinel:\/\/ or redis-cluster:\/\//],
    ['redis-cluster://a/1', /database 0 alone/],
    ['redis-sentinel://a', /needs \?master=/],
    ['redis-sentinel://a?master=', /needs \?master=/],
    ['redis-sentinel://a?name=x', /redis-sentinel:\/\/host/],
    ['unix://relative/path', /unix:\/\/\/path/],
    ['redis-cluster://a:70000', /redis-cluster:\/\/host/],
  ])('says what to write instead of %s', (url, cure) => {
    expect(() => loadConfig({ REDIS_URL: url })).toThrow(cure);
  });

  it('is shown without user and password', () => {
    const shown = addressOf('redis-sentinel://user:secret@a,b/2?master=m&sentinelPassword=hidden');

    expect(shown).toBe('a:26379,b:26379/2 (m)');
  });
});

describe('REDIS_TLS_*_FILE', () => {
  const files = {
    REDIS_TLS_CA_FILE: pem('ca.pem'),
    REDIS_TLS_CERT_FILE: pem('client.pem'),
    REDIS_TLS_KEY_FILE: pem('client-key.pem'),
  };

  it('name what is believed and shown', () => {
    const { redis } = loadConfig({ REDIS_URL: 'rediss://a', ...files });

    expect(redis.tls).toEqual(tlsFiles());
  });

  it.each([
    [{ REDIS_URL: 'redis://a', ...files }, /REDIS_TLS_CA_FILE: is for TLS: write rediss/],
    [
      { REDIS_URL: 'rediss://a', REDIS_TLS_CERT_FILE: files.REDIS_TLS_CERT_FILE },
      /REDIS_TLS_KEY_FILE: is missing/,
    ],
    [{ REDIS_URL: 'rediss://a', REDIS_TLS_CA_FILE: pem('none') }, /cannot be read/],
    [{ REDIS_URL: 'rediss://a', REDIS_TLS_CA_FILE: pem('README.md') }, /holds no PEM/],
  ])('are refused where they make no sense: %o', (env, cure) => {
    expect(() => loadConfig(env)).toThrow(cure);
  });
});
