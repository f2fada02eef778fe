/** A Redis that says no for good ends a role, at once and with the cure; one that is away does not. */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { start as startCallback } from '../../src/callback/start.ts';
import { startPrivateRedis } from '../../src/demo/private-redis.ts';
import { start as startProducer } from '../../src/producer/start.ts';
import { loadConfig } from '../../src/shared/platform/config.ts';
import { makeRegistry } from '../../src/shared/platform/metrics.ts';
import { SECOND } from '../../src/shared/platform/time.ts';
import { start as startWorker } from '../../src/workers/start.ts';
import { recordedLog } from '../support/log-lines.ts';
import { severable } from '../support/severable.ts';

const dir = await mkdtemp(join(tmpdir(), 'qunfa-no-'));
const server = await startPrivateRedis({
  dataDir: join(dir, 'redis'),
  cacheDir: join(import.meta.dirname, '../../.qunfa/cache'),
});
const redis = new Redis(server.url);
const password = randomBytes(8).toString('hex');
await redis.call(
  'ACL',
  'SETUSER',
  'whole',
  'on',
  `>${password}`,
  '~{qunfa}*',
  '&*',
  '+@all',
  '-@admin',
);
await redis.call('ACL', 'SETUSER', 'mute', 'on', `>${password}`, '~*', '&*', '+@all', '-info');
await redis.call('ACL', 'SETUSER', 'timeless', 'on', `>${password}`, '~*', '&*', '+@all', '-time');
afterAll(async () => {
  redis.disconnect();
  await server.stop();
  await rm(dir, { recursive: true, force: true });
});

const asUser = (name: string, its = password): string =>
  server.url.replace('//', `//${name}:${its}@`);

/** A way to the server on which INFO says something else. */
async function saying(from: string, to: string): Promise<string> {
  const { port } = new URL(server.url);
  const rewrite = (chunk: Buffer): Buffer =>
    Buffer.from(chunk.toString('latin1').replaceAll(from, to), 'latin1');
  const way = await severable({ host: '127.0.0.1', port: Number(port) }, { rewrite });
  onTestFinished(() => way[Symbol.asyncDispose]());
  return `redis://127.0.0.1:${way.port}`;
}

const environment = (url: string) => ({
  REDIS_URL: url,
  WECHAT_APP_ID: 'wx0000000000000001',
  WECHAT_APP_SECRET: 'secret',
  WECHAT_CALLBACK_TOKEN: 'token',
  WECHAT_API_BASE_URL: 'http://127.0.0.1:9',
  WECHAT_SANDBOX: 'true',
  CALLBACK_PORT: '0',
  PRODUCER_PORT: '0',
  CALLBACK_SPOOL_DIR: join(dir, 'spool'),
});

const ROLES = { worker: startWorker, producer: startProducer, callback: startCallback };

async function starting(role: keyof typeof ROLES, url: string) {
  const config = loadConfig(environment(url));
  const { log } = recordedLog();
  const running = await ROLES[role]({ config, log, registry: makeRegistry({ role }) });
  onTestFinished(() => running.stop());
  return running;
}

const NO = [
  ['a wrong password', async () => asUser('whole', 'wrong'), /refuses the user or the password/],
  ['a user without INFO', async () => asUser('mute'), /ACL SETUSER/],
  ['a node of a cluster', () => saying('cluster_enabled:0', 'cluster_enabled:1'), /cluster/],
] as const;

const inTime = { timeout: 8 * SECOND };

describe.each(NO)('%s', (_, urlOf, sentence) => {
  it.each(['worker', 'producer'] as const)(
    'ends the start of a %s, which leaves nothing open',
    inTime,
    async (role) => {
      const url = await urlOf();

      await expect(starting(role, url)).rejects.toMatchObject({
        code: 'REDIS_UNFIT',
        message: expect.stringMatching(sentence),
      });

      await expect.poll(clients).toBe(1);
    },
  );

  it('ends the callback service, which had opened its port', inTime, async () => {
    const running = await starting('callback', await urlOf());

    expect((await running.failed)?.message).toMatch(sentence);
  });
});

async function clients(): Promise<number> {
  return String(await redis.client('LIST'))
    .trim()
    .split('\n').length;
}

it('a worker that is stopped half-way in its start closes what it had opened', inTime, async () => {
  await expect(starting('worker', asUser('timeless'))).rejects.toThrow(/NOPERM/);

  await expect.poll(clients).toBe(1);
});

it('a user with the rights that are named is enough', { timeout: 20 * SECOND }, async () => {
  for (const role of ['worker', 'producer', 'callback'] as const) {
    const running = await starting(role, asUser('whole'));
    expect((await running.ready()).filter(({ code }) => code.startsWith('redis-'))).toEqual([]);
  }
});

it.each(['worker', 'start'])(
  'the process of a %s ends with 1 and one sentence',
  { timeout: 30 * SECOND },
  async (role) => {
    const main = join(import.meta.dirname, '../../src/main.ts');
    const child = spawn(process.execPath, ['--import', 'tsx', main, role], {
      env: {
        PATH: process.env.PATH,
        ...environment(asUser('whole', 'wrong')),
        LOG_LEVEL: 'silent',
      },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });

    const [code] = (await once(child, 'exit')) as [number];

    expect(code).toBe(1);
    expect(JSON.parse(said).msg).toMatch(
      /^Redis refuses the user or the password of REDIS_URL.*there$/,
    );
  },
);
