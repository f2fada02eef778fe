import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, inject, it } from 'vitest';
import { callbackAccounts } from '../../src/callback/push.ts';
import { spoolWarnings, start } from '../../src/callback/start.ts';
import { loadConfig } from '../../src/shared/platform/config.ts';
import { PLAIN } from '../shared/wechat/push/make-push.ts';
import { recordedLog } from '../support/log-lines.ts';
import { severable } from '../support/severable.ts';

it('the callback service listens before Redis answers, for WeChat pushes meanwhile, too', async (t) => {
  const { hostname, port } = new URL(inject('redisUrl'));
  const way = await severable({ host: hostname, port: Number(port) });
  await way.cut();
  const spoolDir = await mkdtemp(join(tmpdir(), 'qunfa-start-'));
  const config = loadConfig({
    REDIS_URL: `redis://127.0.0.1:${way.port}/12`,
    WECHAT_APP_ID: 'wx0000000000000001',
    WECHAT_APP_SECRET: 'secret',
    WECHAT_CALLBACK_TOKEN: 'token',
    CALLBACK_PORT: '0',
    CALLBACK_SPOOL_DIR: spoolDir,
  });
  const startedAt = performance.now();

  const { log, lines } = recordedLog();
  const running = await start({ config, log });
  t.onTestFinished(async () => {
    await running.stop();
    await way[Symbol.asyncDispose]();
    await rm(spoolDir, { recursive: true });
  });

  // Redis itself is waited for ten seconds.
  expect(performance.now() - startedAt).toBeLessThan(8_000);
  const address = running.addresses['callback of default'] ?? '';
  expect((await fetch(new URL('/healthz', address))).status).toBe(200);
  // WeChat would push unsigned to an account without a key.
  expect(lines).toContainEqual(
    expect.objectContaining({ event: 'callback.plain-mode', account: 'default' }),
  );
});

it('an account without a token has no path: nobody could tell WeChat from a stranger', () => {
  expect(callbackAccounts([{ name: 'mute', appId: 'wx1' }, PLAIN])).toEqual([PLAIN]);
});

it('the callback service warns of the disk of its spool before it is full', () => {
  expect(spoolWarnings(0.9)).toEqual([]);
  expect(spoolWarnings(0.95)).toEqual([{ code: 'spool-disk-nearly-full', percent: 95 }]);
});
