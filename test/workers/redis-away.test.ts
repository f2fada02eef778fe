import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { Redis } from 'ioredis';
import { describe, expect, inject, it, type TestContext } from 'vitest';
import { freePorts } from '../chaos/free-ports.ts';
import { type Severable, severable } from '../support/severable.ts';

/** A database of its own: the process has the prefix that it has in production. */
const DATABASE = 13;

function startProcess(
  t: TestContext,
  way: Severable,
  more: Readonly<Record<string, string>> = {},
): ChildProcess {
  const worker = spawn(process.execPath, ['--import', 'tsx', 'src/main.ts', 'worker'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env.PATH,
      REDIS_URL: `redis://127.0.0.1:${way.port}/${DATABASE}`,
      WECHAT_APP_ID: 'wx1',
      WECHAT_APP_SECRET: 'secret',
      ...more,
    },
  });
  t.onTestFinished(async () => {
    if (worker.exitCode === null && worker.signalCode === null) {
      worker.kill('SIGKILL');
      await once(worker, 'exit');
    }
    const redis = new Redis(inject('redisUrl'), { db: DATABASE });
    await redis.flushdb();
    redis.disconnect();
  });
  return worker;
}

async function says(worker: ChildProcess, words: string): Promise<void> {
  let said = '';
  await new Promise<void>((resolve) => {
    for (const stream of [worker.stdout, worker.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        said += chunk.toString();
        if (said.includes(words)) resolve();
      });
    }
    worker.once('exit', () => resolve());
  });
  expect(said).toContain(words);
}

async function noRedis(t: TestContext): Promise<Severable> {
  const { hostname, port } = new URL(inject('redisUrl'));
  const way = await severable({ host: hostname, port: Number(port) });
  t.onTestFinished(() => way[Symbol.asyncDispose]());
  await way.cut();
  return way;
}

describe('a worker started while Redis is away', () => {
  it('says so, and begins when Redis is back', async (t) => {
    const way = await noRedis(t);
    const [port = 0] = await freePorts(1);
    const worker = startProcess(t, way, { METRICS_PORT: String(port) });
    const look = async (path: string) => {
      const answer = await fetch(`http://127.0.0.1:${port}${path}`);
      return [answer.status, await answer.text()];
    };

    await says(worker, 'redis.unfit');
    expect(await look('/healthz')).toEqual([200, 'alive\n']);
    expect(await look('/readyz')).toEqual([503, 'starting: it waits for Redis\n']);
    expect((await look('/metrics'))[0]).toBe(200);
    await way.mend();

    await says(worker, 'worker is running');
  });

  it('ends well when it is told to stop meanwhile', async (t) => {
    const worker = startProcess(t, await noRedis(t));
    await says(worker, 'redis.unreachable');

    worker.kill('SIGTERM');

    expect(await once(worker, 'exit')).toEqual([0, null]);
  });
});

describe('a worker whose Redis hangs', () => {
  it('stops within seconds when it is told to', async (t) => {
    const way = await noRedis(t);
    await way.mend();
    const worker = startProcess(t, way);
    await says(worker, 'worker is running');
    way.silence();
    const toldAt = Date.now();

    worker.kill('SIGTERM');

    expect(await once(worker, 'exit')).toEqual([0, null]);
    expect(Date.now() - toldAt).toBeLessThan(15_000);
  });
});
