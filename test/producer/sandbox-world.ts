/** The producer's routes over a real Redis, beside a sandbox that plays WeChat. */

import { Redis } from 'ioredis';
import { onTestFinished } from 'vitest';
import type { Route } from '../../src/producer/http/route.ts';
import { startProducer } from '../../src/producer/http/server.ts';
import type { SandboxOptions } from '../../src/sandbox/options.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts';
import { makeAcceptCampaign } from '../../src/shared/actions/accept-campaign.ts';
import { makeWechatFor, type WechatFor } from '../../src/shared/delivery/wechat-accounts.ts';
import { type Config, loadConfig } from '../../src/shared/platform/config.ts';
import { makeIdentityOf } from '../../src/shared/platform/identity.ts';
import { openQueues, type Queues } from '../../src/shared/queue/queues.ts';
import { openRecord, type ShardStores } from '../../src/shared/record/record.ts';
import { makeDispatcher } from '../../src/shared/wechat/client.ts';
import { announceWorker } from '../support/a-worker.ts';
import { recordedLog } from '../support/log-lines.ts';
import { openIds } from '../support/open-ids.ts';
import type { TestRedis } from '../support/redis.ts';
import { aPrefix, type Calls, callsOf, ENVIRONMENT } from './world.ts';

export interface Parts {
  readonly config: Config;
  readonly redis: Redis;
  readonly prefix: string;
  readonly stores: ShardStores;
  readonly queues: Queues;
  readonly wechatFor: WechatFor;
  readonly now: () => number;
  readonly accept: ReturnType<typeof makeAcceptCampaign>['accept'];
}

export interface SandboxWorld extends Parts, Calls {
  readonly url: string;
  readonly sandbox: Sandbox;
  readonly logged: ReturnType<typeof recordedLog>;
}

export const APP_ID = ENVIRONMENT.WECHAT_APP_ID;
export const ORIGINAL_ID = 'gh_0123456789ab';
export const CALLBACK_TOKEN = 'CallbackToken1';

/** Starts at noon in Beijing, so that no day ends in the middle of a test. */
const AHEAD = Date.parse('2026-01-05T12:00:00+08:00') - Date.now();
const fromNoon = (): number => Date.now() + AHEAD;

interface Options {
  readonly routes: (parts: Parts) => readonly Route[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly sandbox?: Partial<SandboxOptions>;
  readonly account?: Partial<SandboxOptions['accounts'][number]>;
  readonly now?: () => number;
}

export async function sandboxWorld(
  { url: redisUrl }: Pick<TestRedis, 'url'>,
  { routes, environment = {}, account = {}, now = fromNoon, ...given }: Options,
): Promise<SandboxWorld> {
  const sandbox = await startSandbox({
    accounts: [
      {
        name: 'default',
        appId: APP_ID,
        appSecret: ENVIRONMENT.WECHAT_APP_SECRET,
        originalId: ORIGINAL_ID,
        kind: 'service',
        followers: openIds(100),
        ...account,
      },
    ],
    now,
    ...given.sandbox,
  });
  const config = loadConfig({
    ...ENVIRONMENT,
    WECHAT_ORIGINAL_ID: ORIGINAL_ID,
    WECHAT_CALLBACK_TOKEN: CALLBACK_TOKEN,
    WECHAT_API_BASE_URL: sandbox.url,
    REDIS_URL: redisUrl,
    ...environment,
  });
  const logged = recordedLog();
  const prefix = aPrefix();
  const redis = new Redis(redisUrl, { maxRetriesPerRequest: null });
  const { retainMs } = config;
  const { submitTimeoutMs } = config.pace;
  const accounts = () => config.accounts;
  const identityOf = makeIdentityOf(config, accounts);
  const stores = openRecord({ redis, retainMs, submitTimeoutMs, identityOf, now, prefix });
  await announceWorker(stores, config.accounts);
  const queues = openQueues({ connection: redis, log: logged.log, prefix });
  const dispatcher = makeDispatcher({});
  const wechatFor = makeWechatFor({ ...stores, config, accounts, dispatcher, now });
  const { accept } = makeAcceptCampaign({
    ...stores,
    accounts,
    era: config.wechat.era,
    isSandbox: true,
    allowPrivateTargets: config.allowPrivateTargets,
    fetchPicture: async () => ({ bytes: Buffer.alloc(0) }),
    newRoots: { add: async () => true, drop: async () => undefined },
    enqueueRoot: async () => undefined,
    now,
  });
  const parts: Parts = { config, redis, prefix, stores, queues, wechatFor, now, accept };
  const producer = await startProducer({
    settings: config.producer,
    served: { routes: routes(parts) },
    log: logged.log,
  });
  onTestFinished(async () => {
    await producer.stop();
    await queues.close();
    await sandbox.close();
    await dispatcher.close();
    for await (const keys of redis.scanStream({ match: `${prefix}*`, count: 1_000 })) {
      if (Array.isArray(keys) && keys.length > 0) await redis.unlink(keys.map(String));
    }
    redis.disconnect();
  });

  return {
    ...parts,
    url: producer.url,
    sandbox,
    logged,
    ...callsOf(producer.url),
  };
}
