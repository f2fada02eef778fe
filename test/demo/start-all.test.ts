import { mkdir, mkdtemp, readdir, rm, stat, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { expect, inject, it } from 'vitest';
import { startAll } from '../../src/demo/start-all.ts';
import { loadConfig } from '../../src/shared/platform/config.ts';
import { PREFIX } from '../../src/shared/record/keys.ts';

const PASSWORD = 'hush-hush-4711';
/** A database of its own: `npm start` has no other prefix. */
const DATABASE = 14;

const ANY_PORT = {
  PRODUCER_PORT: '0',
  CALLBACK_PORT: '0',
  SANDBOX_PORT: '0',
  LOG_LEVEL: 'silent',
};

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

  const config = loadConfig({ ...ANY_PORT, CALLBACK_SPOOL_DIR: spool });
  const running = await startAll(config, { redisUrl: url.href });
  onTestFinished(() => running.stop());
  const printed = JSON.stringify(running.addresses);

  expect(printed).toContain(`${url.host}/${DATABASE}`);
  expect(printed).toContain('/wechat/default');
  expect(printed).not.toContain(PASSWORD);
});

it('npm start without an account refuses a Redis that holds something else', async (t) => {
  const url = new URL(inject('redisUrl'));
  url.pathname = '/12';
  const redis = new Redis(url.href);
  t.onTestFinished(() => redis.disconnect());
  await redis.flushdb();
  const spool = await mkdtemp(join(tmpdir(), 'qunfa-start-'));
  const config = loadConfig({ ...ANY_PORT, CALLBACK_SPOOL_DIR: spool });

  // Empty, and then its own.
  await (await startAll(config, { redisUrl: url.href })).stop();
  await (await startAll(config, { redisUrl: url.href })).stop();
  // A real installation.
  await redis.hset(`${PREFIX}:record:installation`, 'kind', 'live');
  await expect(startAll(config, { redisUrl: url.href })).rejects.toThrow('holds something else');
  await redis.flushdb();
  await redis.set('shop:basket', '1');
  await expect(startAll(config, { redisUrl: url.href })).rejects.toThrow('holds something else');

  await redis.flushdb();
  await rm(spool, { recursive: true, force: true });
});

it('npm start against the sandbox leaves another one alone, and nothing behind', async (test) => {
  const home = await mkdtemp(join(tmpdir(), 'qunfa-start-'));
  const before = process.cwd();
  await mkdir(join(home, '.qunfa'));
  await mkdir('.qunfa/cache', { recursive: true });
  await symlink(join(before, '.qunfa/cache'), join(home, '.qunfa/cache'));
  process.chdir(home);
  test.onTestFinished(async () => {
    process.chdir(before);
    await rm(home, { recursive: true, force: true });
  });
  const config = loadConfig({ ...ANY_PORT, CALLBACK_SPOOL_DIR: join(home, 'spool') });

  const first = await startAll(config);
  const folders = await dataFolders();
  const second = await startAll(config);
  const both = await dataFolders();
  await Promise.all([first.stop(), second.stop()]);

  expect(both).toEqual(expect.arrayContaining(folders));
  expect(both).toHaveLength(2);
  expect(await dataFolders()).toEqual([]);
});

async function dataFolders() {
  const names = (await readdir('.qunfa')).filter((name) => name !== 'cache');
  return Promise.all(
    names.map(async (name) => ({ name, ino: (await stat(`.qunfa/${name}`)).ino })),
  );
}
