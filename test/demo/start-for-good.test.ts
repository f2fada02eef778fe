import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { expect, inject, it } from 'vitest';
import { startForGood } from '../../src/demo/start-for-good.ts';
import { PREFIX } from '../../src/shared/store/keys.ts';

const PASSWORD = 'hush-hush-4711';
/** A database of its own: `npm start` has no other prefix. */
const DATABASE = 14;

it('npm start prints every address, and the password of none', async ({ onTestFinished }) => {
  const url = new URL(inject('redisUrl'));
  url.username = 'default';
  url.password = PASSWORD;
  url.pathname = `/${DATABASE}`;
  const spool = await mkdtemp(join(tmpdir(), 'qunfa-start-'));
  const redis = new Redis(url.href);
  onTestFinished(async () => {
    const keys = await redis.keys(`${PREFIX}*`);
    if (keys.length > 0) await redis.unlink(keys);
    redis.disconnect();
    await rm(spool, { recursive: true, force: true });
  });

  const running = await startForGood({
    REDIS_URL: url.href,
    PRODUCER_PORT: '0',
    CALLBACK_PORT: '0',
    SANDBOX_PORT: '0',
    CALLBACK_SPOOL_DIR: spool,
    LOG_LEVEL: 'silent',
  });
  onTestFinished(() => running.stop());
  const printed = JSON.stringify(running.addresses);

  expect(printed).toContain(`${url.host}/${DATABASE}`);
  expect(printed).toContain('/wechat/default');
  expect(printed).not.toContain(PASSWORD);
});
