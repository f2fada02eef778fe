/** A worker's jobs over a real Redis, for a test that has WeChat, a store or the clock in hand. */
import type { Job } from 'bullmq';
import { Registry } from 'prom-client';
import { afterAll } from 'vitest';
import { loadConfig } from '../../src/shared/platform/config.ts';
import { openSafeDispatcher } from '../../src/shared/platform/safe-target.ts';
import { makeTelemetry } from '../../src/shared/platform/telemetry.ts';
import { openQueues } from '../../src/shared/queue/queues.ts';
import { makeParts, type PartsDependencies } from '../../src/workers/processor.ts';
import { recordedLog } from './log-lines.ts';
import type { TestRedis } from './redis.ts';
import { testStores } from './stores.ts';

/** To be called at the top of a test file. */
export function testParts(connection: TestRedis, names: readonly string[] = ['default']) {
  const { redis, prefix } = connection;
  const world = testStores(connection);
  const { clock } = world;
  const logged = recordedLog();
  const { log } = logged;
  const queues = openQueues({ connection: redis, log, prefix });
  const webhooks = openSafeDispatcher({ allowPrivate: true });
  afterAll(() => Promise.all([queues.close(), webhooks.close()]));
  const config = {
    ...loadConfig({ WECHAT_APP_ID: 'wx1', WECHAT_APP_SECRET: 's1' }),
    allowPrivateTargets: true,
  };
  const accounts = names.flatMap((name) => config.accounts.map((one) => ({ ...one, name })));
  const deps: PartsDependencies = {
    config,
    accounts: () => accounts,
    redis,
    checkInstallation: async () => undefined,
    stores: world,
    queues,
    wechatFor: () => {
      throw new Error('WeChat is not in this test');
    },
    hostId: 'here',
    log,
    telemetry: makeTelemetry(log, new Registry()),
    webhooks,
    now: clock.now,
    prefix,
  };
  return {
    ...world,
    ...{ config, queues, logged },
    parts: (changes: Partial<PartsDependencies> = {}) => makeParts({ ...deps, ...changes }),
  };
}

/** A job in a worker's hands; a handler says how it waits by what it returns. */
export function aJob(changes: Partial<Job> = {}): Job {
  const job = {
    id: 'j-1',
    queueName: 'campaigns',
    progress: 0,
    attemptsMade: 0,
    opts: {},
    promote: async () => undefined,
    ...changes,
    async updateProgress(progress: object) {
      Object.assign(job, { progress });
    },
  };
  return job as unknown as Job;
}
