import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { MINUTE } from '../../src/shared/platform/time.ts';
import { startRoleProcess } from '../support/logged-role.ts';
import { testRedis } from '../support/redis.ts';

const { url, prefix } = testRedis();
const spool = await mkdtemp(join(tmpdir(), 'qunfa-spool-'));
afterAll(() => rm(spool, { recursive: true }));

const environment = {
  REDIS_URL: url,
  REDIS_PREFIX: prefix.slice(1, -1),
  CALLBACK_SPOOL_DIR: spool,
  CALLBACK_PORT: '0',
  PRODUCER_PORT: '0',
  SANDBOX_PORT: '0',
  METRICS_PORT: '0',
  WECHAT_API_BASE_URL: 'http://127.0.0.1:1',
  WECHAT_SANDBOX: 'true',
  WECHAT_APP_ID: 'wx1',
  WECHAT_APP_SECRET: 'secret',
  LOG_LEVEL: 'debug',
};

const defect = (how: string): string =>
  `data:text/javascript,process.once('SIGUSR2', () => { ${how} })`;

describe.each(['producer', 'worker', 'callback', 'sandbox'])('a %s', (role) => {
  it.each([
    ['an exception', `throw new Error('a defect')`],
    ['a rejected promise', `Promise.reject(new Error('a defect'))`],
  ])(
    'that ends with %s writes JSON alone, and exits with 1',
    { timeout: MINUTE },
    async (_, how) => {
      const running = await startRoleProcess(role, environment, [defect(how)]);

      expect(await running.end('SIGUSR2')).toBe(1);

      const lines = running.lines();
      const crashes = lines.filter(({ event }) => event === 'role.crashed');
      expect(crashes).toMatchObject([{ level: 'fatal', role, err: { message: 'a defect' } }]);
      expect(new Set(lines.map(({ level }) => typeof level))).toEqual(new Set(['string']));
    },
  );
});
