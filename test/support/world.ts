/**
 * Everything that takes part in a campaign, for real: worker and callback service over a Redis, and
 * the sandbox as WeChat. A test breaks it by hand and judges it by the sandbox's ledger.
 */

import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { inspect } from 'node:util';
import type { Queue } from 'bullmq';
import { Agent } from 'undici';
import { inject } from 'vitest';
import { start as startCallback } from '../../src/callback/start.ts';
import { inSandbox } from '../../src/demo/sandbox-accounts.ts';
import type { Limits, Pace, Switches } from '../../src/sandbox/option-table.ts';
import type { SandboxAccount } from '../../src/sandbox/options.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts';
import { madeUpAccount } from '../../src/sandbox/start.ts';
import { makeSteerAccount } from '../../src/shared/actions/steer-account.ts';
import { makeSteerCampaign } from '../../src/shared/actions/steer-campaign.ts';
import type { Batch } from '../../src/shared/campaign/batch.ts';
import type { CampaignState } from '../../src/shared/campaign/campaign.ts';
import type { CampaignView } from '../../src/shared/contract/campaign-view.ts';
import { makeWechatFor } from '../../src/shared/delivery/wechat-accounts.ts';
import type { AccountConfig } from '../../src/shared/platform/accounts.ts';
import { type Config, loadConfig } from '../../src/shared/platform/config.ts';
import { makeIdentityOf } from '../../src/shared/platform/identity.ts';
import { makeRegistry } from '../../src/shared/platform/metrics.ts';
import { connect, type Redis, serversOf } from '../../src/shared/platform/redis.ts';
import type { Running } from '../../src/shared/platform/running.ts';
import { makeTelemetry } from '../../src/shared/platform/telemetry.ts';
import { MINUTE } from '../../src/shared/platform/time.ts';
import { SHARED_QUEUES } from '../../src/shared/queue/jobs.ts';
import { openQueues, promote } from '../../src/shared/queue/queues.ts';
import { recordOf } from '../../src/shared/record/keys.ts';
import { openRecord, type ShardStores } from '../../src/shared/record/record.ts';
import { makeReplicas } from '../../src/shared/record/replicas.ts';
import { makeParts } from '../../src/workers/processor.ts';
import { start as startWorker } from '../../src/workers/start.ts';
import { makeClock } from './clock.ts';
import { watchLeaks } from './leaks.ts';
import { recordedLog } from './log-lines.ts';
import { aJob } from './parts.ts';

export interface WorldOptions {
  /** Each has a lane, a token, followers and an AES key of its own. */
  readonly accounts?: readonly AccountOptions[];
  readonly submitTimeoutMs?: number;
  readonly unknownRetryMs?: number;
  readonly receiptDeadlineMs?: number;
  readonly era?: 'today' | '2014';
  readonly pace?: Partial<Pace>;
  readonly limits?: Partial<Limits>;
  readonly switches?: Partial<Switches>;
  /** One worker for each host; none: the test starts its own. */
  readonly hosts?: readonly string[];
  /** A Redis of the test's own, where it is to be replaced. */
  readonly redisUrl?: string;
  /** Of the run's Redis, for processes of their own: these know no prefix. */
  readonly database?: number;
  /** As REDIS_WAIT_REPLICAS. */
  readonly waitReplicas?: number;
  /** Webhooks to this machine. */
  readonly allowPrivateTargets?: boolean;
}

export type AccountOptions = Partial<Omit<AccountConfig, 'name'>> & {
  readonly name: string;
  /** Plain pushes, whose signature does not cover the body. */
  readonly plain?: boolean;
  readonly wechat?: Partial<SandboxAccount>;
};

/** What `until` looks again after; a count of 0 is one of them. */
type Nothing = null | undefined | false | 0 | '';

/** A test, or a whole file with `afterAll`. */
interface Scope {
  onTestFinished(end: () => Promise<void>): void;
}

export type World = Awaited<ReturnType<typeof startWorld>>;

const PATIENCE_MS = MINUTE;
const LOOK_EVERY_MS = 10;

/** WeChat lives fast: a key rests 150 ms instead of a minute, events come at once. */
const FAST: Partial<Pace> = { pushDelayMs: 5, pushRetryMs: 50, keyRepeatMs: 150 };
const UNKNOWN_RETRY_MS = 200;
/** So long that a busy machine does not lose an answer; a test of silence sets a short one. */
const SUBMIT_TIMEOUT_MS = 20_000;
const NO_LIMITS: Partial<Limits> = {
  callsPerMinute: null,
  massPerDay: null,
  followerPerMonth: null,
  everyonePerDay: null,
  everyonePerMonth: null,
  uploadNewsPerDay: null,
};

export async function startWorld(scope: Scope, options: WorldOptions = {}) {
  const nothingLeft = watchLeaks();
  const stops: (() => Promise<unknown>)[] = [];
  const stop = async (): Promise<void> => {
    for (const one of stops.splice(0).reverse()) await one();
    await nothingLeft();
  };
  scope.onTestFinished(stop);

  const { database } = options;
  const redisUrl =
    (options.redisUrl ?? inject('redisUrl')) + (database === undefined ? '' : `/${database}`);
  const prefix = database === undefined ? `{w-${randomBytes(6).toString('hex')}}` : '{qunfa}';
  const spoolDir = await mkdtemp(join(tmpdir(), 'qunfa-spool-'));
  const redis = connect({ url: redisUrl }, { purpose: 'worker' });
  redis.on('error', () => undefined);
  stops.push(async () => {
    await forget(redis, prefix);
    redis.disconnect();
    await rm(spoolDir, { recursive: true, force: true });
  });
  if (database !== undefined) await forget(redis, prefix);

  const clock = makeClock();
  const { now } = clock;
  const logged = recordedLog('debug');
  const accounts = (options.accounts ?? [{ name: 'default' }]).map(accountOf);
  const config: Config = {
    ...loadConfig({
      REDIS_URL: redisUrl,
      REDIS_WAIT_REPLICAS: String(options.waitReplicas ?? 0),
      CALLBACK_PORT: '0',
      CALLBACK_SPOOL_DIR: spoolDir,
    }),
    accounts,
    isSandbox: true,
    allowPrivateTargets: options.allowPrivateTargets ?? false,
    pace: {
      submitTimeoutMs: options.submitTimeoutMs ?? SUBMIT_TIMEOUT_MS,
      unknownRetryMs: options.unknownRetryMs ?? UNKNOWN_RETRY_MS,
      receiptDeadlineMs: options.receiptDeadlineMs ?? 10 * MINUTE,
    },
  };

  const callback = await startCallback({ config, log: logged.log, prefix, now });
  stops.push(() => callback.stop());
  const [address = ''] = Object.values(callback.addresses);
  const sandbox = await startSandbox({
    pace: { ...FAST, ...options.pace },
    limits: { ...NO_LIMITS, ...options.limits },
    // Lists of any length go to made-up OpenIDs; a test about strangers chooses otherwise.
    switches: { protocol: options.era ?? 'today', strangers: 'followers', ...options.switches },
    keepBodies: 'small',
    now,
    accounts: accounts.map((account, at) => ({
      ...inSandbox(account),
      callbackUrl: address.replace(/[^/]+$/, account.name),
      ...options.accounts?.[at]?.wechat,
    })),
  });
  stops.push(() => sandbox.close());
  const settled: Config = {
    ...config,
    wechat: { era: options.era ?? 'today', baseUrl: sandbox.url },
  };

  const identityOf = makeIdentityOf(settled, () => accounts);
  const count = config.redis.waitReplicas;
  const replicas = makeReplicas({ redis, record: recordOf(prefix), count });
  stops.push(async () => replicas.close());
  const stores = openRecord({
    redis,
    replicas,
    retainMs: config.retainMs,
    submitTimeoutMs: config.pace.submitTimeoutMs,
    identityOf,
    now,
    prefix,
  });
  const queues = openQueues({ connection: redis, log: logged.log, prefix });
  stops.push(() => queues.close());
  const telemetry = makeTelemetry(logged.log, makeRegistry({ role: 'test' }));
  const dispatcher = new Agent();
  stops.push(() => dispatcher.close());
  const wechatFor = makeWechatFor({
    ...{ ...stores, config: settled, accounts: () => accounts, dispatcher, now },
  });
  /** A worker's jobs by themselves, with what a test has in hand. */
  const parts = (changes: Partial<ShardStores> = {}) =>
    makeParts({
      config: settled,
      accounts: () => accounts,
      redis,
      checkInstallation: async () => undefined,
      stores: { ...stores, ...changes },
      queues,
      wechatFor,
      webhooks: dispatcher,
      hostId: 'test',
      log: logged.log,
      telemetry,
      now,
      prefix,
    });
  const { accept, enqueueRoot, ...jobs } = parts();
  const steer = makeSteerCampaign({ stores, queues, enqueueRoot, wechatFor, now });
  const steerAccount = makeSteerAccount({ ...stores, queues, now });
  /** As the sweeper does it every five seconds; looks for lost roots each time. */
  const sweep = (changes: Partial<ShardStores> = {}) => parts(changes).sweep({}, aJob());

  /** One more worker; returned so that the test can stop it by hand. */
  async function startHost(
    hostId: string,
    {
      redisUrl: through = redisUrl,
      hostNow,
    }: { readonly redisUrl?: string; readonly hostNow?: () => number } = {},
  ): Promise<Running> {
    const registry = makeRegistry({ role: 'worker' });
    const worker = await startWorker({
      config: { ...settled, redis: { ...settled.redis, url: through } },
      log: logged.log,
      registry,
      prefix,
      now,
      hostId,
      ...(hostNow ? { hostNow } : {}),
    });
    let stopping: Promise<void> | undefined;
    const once = (): Promise<void> => {
      stopping ??= worker.stop();
      return stopping;
    };
    stops.push(once);
    return { ...worker, stop: once };
  }
  for (const host of options.hosts ?? ['host-1']) await startHost(host);

  const allQueues = (): Queue[] => [
    ...SHARED_QUEUES.map((name) => queues[name]),
    ...accounts.map(({ name }) => queues.lane(name)),
  ];

  /** BullMQ's delays run by the wall's clock; with the test's clock ahead, jobs are due sooner. */
  async function wakeDue(): Promise<void> {
    for (const queue of allQueues()) {
      const due = await redis.zrangebyscore(queue.toKey('delayed'), 0, now() * 0x1000 + 0xfff);
      for (const id of due) if (!id.startsWith('repeat:')) await promote(queue, id);
    }
  }

  /** Turns every clock ahead: ours, WeChat's, and that of the sleeping jobs and lanes. */
  async function jump(ms: number): Promise<void> {
    // As if the workers had lived through that time.
    await stores.lanes.beat(now() + ms, { isExamined: true });
    clock.turn(ms);
    for (const { name } of accounts) await queues.lane(name).removeRateLimitKey();
    await wakeDue();
  }

  /** Looks until it holds; what it found instead is in the error. */
  async function until<T>(
    what: string,
    look: () => Promise<T | Nothing> | T | Nothing,
    patienceMs = PATIENCE_MS,
  ): Promise<T> {
    const deadline = Date.now() + patienceMs;
    for (;;) {
      const found = await look();
      if (found) return found;
      if (Date.now() > deadline) throw new Error(`${what}: not within ${patienceMs} ms`);
      if (clock.ahead() > 0) await wakeDue();
      await sleep(LOOK_EVERY_MS);
    }
  }

  async function view(id: string): Promise<CampaignView> {
    const found = await stores.campaigns.view(id);
    if (!found) throw new Error(`no campaign ${id}`);
    return found;
  }

  async function untilView(
    id: string,
    what: string,
    holds: (view: CampaignView) => boolean,
    patienceMs = PATIENCE_MS,
  ): Promise<CampaignView> {
    let last: CampaignView | undefined;
    try {
      const look = async () => {
        last = await view(id);
        return holds(last) && last;
      };
      return await until(what, look, patienceMs);
    } catch (error) {
      const jobs = await Promise.all(
        allQueues().map(async (queue) => {
          const counts = Object.entries(await queue.getJobCounts());
          return [queue.name, ...counts.filter(([, count]) => count > 0).flat()];
        }),
      ).then((counts) => counts.filter(({ length }) => length > 1));
      const details = { view: last, batches: await stores.batches.all(id), jobs };
      const warned = logged.lines
        .filter(({ level }) => level === 'warn' || level === 'error')
        .slice(-8);
      throw new Error(`${String(error)}\n${inspect({ ...details, warned }, { depth: 5 })}`);
    }
  }

  const reaches = (id: string, ...states: CampaignState[]): Promise<CampaignView> =>
    untilView(id, states.join(' or '), ({ state }) => states.includes(state));

  async function create(request: object, idempotencyKey?: string): Promise<string> {
    const result = await accept(request, {
      by: 'test',
      ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    });
    if ('refused' in result) throw new Error(JSON.stringify(result.refused));
    return result.view.id;
  }

  const handedOut = new Set<string>();

  return {
    redis,
    redisUrl,
    prefix,
    config: settled,
    accounts,
    clock,
    logged,
    stores,
    queues,
    steer,
    steerAccount,
    accept,
    jobs,
    parts,
    wechatFor,
    sandbox,
    faults: sandbox.faults,
    ledger: sandbox.ledger,
    events: sandbox.events,
    startHost,
    sweep,
    jump,
    until,
    untilView,
    reaches,
    create,
    view,
    batches: (id: string): Promise<Batch[]> => stores.batches.all(id),
    async batch(id: string, no = 1): Promise<Batch> {
      const batch = await stores.batches.read({ campaignId: id, no });
      if (!batch) throw new Error(`no batch ${no} of ${id}`);
      return batch;
    },
    /** Completed, failed or cancelled, and its root with it. */
    async ended(id: string): Promise<CampaignView> {
      return reaches(id, 'completed', 'failed', 'cancelled');
    },
    audit: async (id: string): Promise<string[]> =>
      (await stores.campaigns.audit(id)).map(({ by, action }) => `${by}: ${action}`),
    /** Why a campaign stands still: what it needs at WeChat, and its jobs that have not ended. */
    async asleep(id: string) {
      const record = await stores.campaigns.read(id);
      const open = ['waiting', 'prioritized', 'active', 'delayed', 'waiting-children'] as const;
      const jobs = await Promise.all(
        allQueues().map(async (queue) =>
          Promise.all(
            (await queue.getJobs([...open]))
              .filter(({ data }) => data?.campaignId === id)
              .map(async (job) => `${queue.name} ${job.id} ${await job.getState()} ${job.delay}`),
          ),
        ),
      );
      const account = record?.campaign.account ?? '';
      const lane = queues.lane(account);
      return {
        control: record?.control,
        jobs: jobs.flat(),
        lane: {
          ...(await stores.lanes.read(account)),
          now: now(),
          restsForMs: await lane.getRateLimitTtl(),
          concurrency: await lane.getGlobalConcurrency(),
          active: (await lane.getActive()).map((job) => `${job.id} since ${job.processedOn}`),
          unanswered: await stores.batches.unanswered(account),
          asking: await stores.batches.asking(account),
        },
      };
    },
    /** An account that no other test of this world uses. */
    nextAccount(prefix = ''): string {
      const account = accounts.find(({ name }) => name.startsWith(prefix) && !handedOut.has(name));
      if (!account) throw new Error(`this world has no account ${prefix}… left`);
      handedOut.add(account.name);
      return account.name;
    },
    /** Calls of one account at the send step, oldest first: errcodes or how the call ended. */
    sendCalls: (account: string): (number | string)[] =>
      sandbox.ledger
        .requests()
        .filter((call) => call.account === account && /message\/mass\/send/.test(call.path))
        .map(({ status, errcode }) => (status === 200 ? errcode : status)),
    messages: (account: string): Readonly<Record<number, number>> =>
      sandbox.ledger.messagesPerFollower((send) => send.account === account),
    stop,
  };
}

function accountOf({ name, plain, wechat: _, ...settings }: AccountOptions): AccountConfig {
  const { encodingAesKey, ...madeUp } = madeUpAccount(name, settings.kind ?? 'service');
  return {
    ...madeUp,
    ...(plain || encodingAesKey === undefined ? {} : { encodingAesKey }),
    newsRoute: 'uploadnews',
    callsPerMinute: 60_000,
    callsPerDay: 100,
    picturePosts: false,
    approval: 'never',
    ...settings,
    name,
    kind: settings.kind ?? 'service',
  };
}

async function forget(redis: Redis, prefix: string): Promise<void> {
  for (const server of serversOf(redis)) {
    for await (const keys of server.scanStream({ match: `${prefix}*`, count: 1_000 })) {
      if (Array.isArray(keys) && keys.length > 0) await server.unlink(keys.map(String));
    }
  }
}

export type { Sandbox };
