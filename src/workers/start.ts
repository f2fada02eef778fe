/** The worker's wiring: its connections, and a BullMQ worker for each queue this process serves. */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { Worker, type WorkerOptions } from 'bullmq';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { Agent } from 'undici';
import { makeListAttention } from '../shared/actions/list-attention.ts';
import { startWatching } from '../shared/actions/watch-installation.ts';
import { disagreementsOf } from '../shared/campaign/serving.ts';
import { makeWechatFor } from '../shared/delivery/wechat-accounts.ts';
import { sendAlert } from '../shared/platform/alert-robot.ts';
import type { Config } from '../shared/platform/config.ts';
import { makeIdentityOf } from '../shared/platform/identity.ts';
import { inTime } from '../shared/platform/in-time.ts';
import { numbersOf } from '../shared/platform/metrics.ts';
import type { Redis } from '../shared/platform/redis.ts';
import { connect } from '../shared/platform/redis.ts';
import {
  examineAtStart,
  memoryUsed,
  redisFaults,
  redisGauges,
  redisWarnings,
} from '../shared/platform/redis-check.ts';
import { makeRedisClock } from '../shared/platform/redis-clock.ts';
import type { Running } from '../shared/platform/running.ts';
import { openSafeDispatcher } from '../shared/platform/safe-target.ts';
import { type Opens, startOrClose } from '../shared/platform/start-or-close.ts';
import { makeTelemetry } from '../shared/platform/telemetry.ts';
import { SECOND } from '../shared/platform/time.ts';
import { type Reloading, watchAccounts } from '../shared/platform/watch-accounts.ts';
import { laneOf, QUEUE_NAMES, SHARED_QUEUES } from '../shared/queue/jobs.ts';
import { openQueues } from '../shared/queue/queues.ts';
import { makeAlertMarks } from '../shared/record/alert-marks.ts';
import { makeKeys, recordOf } from '../shared/record/keys.ts';
import { openRecord } from '../shared/record/record.ts';
import { makeReplicas } from '../shared/record/replicas.ts';
import { makeDispatcher } from '../shared/wechat/client.ts';
import { CallerMistake, cappedBackoff } from './job.ts';
import { BOUNDS } from './lane/in-turn.ts';
import { keepLanes } from './lane/keep-lanes.ts';
import { LANE_CONCURRENCY } from './lane/lane-reactions.ts';
import { makeProcessor } from './processor.ts';
import { HEARTBEAT_EVERY, makeGate } from './upkeep/check-heartbeat.ts';
import { type ClockMinder, mindClock } from './upkeep/mind-clock.ts';
import { keepSweeping } from './upkeep/sweep.ts';
import { makeTellOperator } from './upkeep/tell-operator.ts';

export interface StartOptions extends Reloading {
  readonly config: Config;
  readonly log: Logger;
  readonly registry: Registry;
  readonly prefix?: string;
  /** Redis' time, unless a test has it in hand. */
  readonly now?: () => number;
  /** By which BullMQ goes. */
  readonly hostNow?: () => number;
  /** Tells hosts apart where WeChat's IP list refuses one of them. */
  readonly hostId?: string;
}

/** docker-compose.yml gives 30 s before SIGKILL. */
const DRAIN_WITHIN = 25 * SECOND;

const CLOSE_WITHIN = 2 * SECOND;
const ALERT_EVERY = 5 * SECOND;
const SILENT_AFTER = 3 * SECOND;
const yes = (): boolean => true;
const no = (): boolean => false;

/** Resolves once Redis does not answer. */
async function untilSilent(redis: Redis): Promise<void> {
  while (await inTime(redis.ping(), SILENT_AFTER).then(yes, no)) {
    await new Promise((wake) => setTimeout(wake, SECOND).unref());
  }
}

/** @throws {ServiceError} `REDIS_UNFIT`, `INSTALLATION_DIFFERS`; what was opened is closed again. */
export const start = (options: StartOptions): Promise<Running> =>
  startOrClose((opens) => startWorker(options, opens));

async function startWorker(options: StartOptions, opens: Opens): Promise<Running> {
  const {
    config,
    log,
    registry,
    prefix = config.redis.prefix,
    hostId = hostname(),
    hostNow = Date.now,
  } = options;
  const { proxyUrl } = config.wechat;
  const { submitTimeoutMs } = config.pace;
  const numbers = numbersOf(registry);
  const redis = connect(config.redis, { purpose: 'worker', log, numbers });
  numbers.onScrape(redisGauges(redis, config.redis));
  opens(() => redis.disconnect());
  // Without Redis it starts all the same: what comes next waits until it is there.
  let minder: ClockMinder | undefined;
  const clock = makeRedisClock({ redis, key: prefix, hostNow, onMeasured: () => minder?.look() });
  const { now = clock.now } = options;
  opens(clock.stop);
  const away = 'Redis is away: nothing is done until it is back';
  const findings = await examineAtStart(redis, { ...config.redis, away });
  for (const finding of findings) log.warn({ event: 'redis.unfit' }, finding);
  await clock.measure();

  const watched = watchAccounts({
    ...options,
    accounts: config.accounts,
    mayAdd: (account) => installed.claim(account),
  });
  opens(watched.stop);
  const { accounts } = watched;
  const identityOf = makeIdentityOf(config, accounts);
  const { retainMs } = config;
  const record = recordOf(prefix);
  const replicas = makeReplicas({ redis, record, count: config.redis.waitReplicas });
  opens(replicas.close);
  const stores = openRecord({
    ...{ redis, replicas, retainMs, submitTimeoutMs, identityOf, now, prefix },
  });
  const installed = await startWatching({ redis, record, config, accounts });
  opens(installed.stop);
  const gate = makeGate({
    ...{ redis, record, needs: config.redis, stores, check: installed.check, log, now },
  });
  await gate.pass();
  const listener = connect(config.redis, { purpose: 'worker', log });
  opens(() => listener.disconnect());
  const queues = openQueues({ connection: redis, log, prefix });
  opens(queues.close);
  const telemetry = makeTelemetry(log, registry);
  const dispatcher = makeDispatcher(proxyUrl === undefined ? {} : { proxyUrl });
  const webhooks = openSafeDispatcher({ allowPrivate: config.allowPrivateTargets });
  const wechatFor = makeWechatFor({
    config,
    accounts,
    redis,
    quota: stores.quota,
    identityOf,
    dispatcher,
    now,
    prefix,
    onAnswer: telemetry.wechatAnswered,
  });
  const process = makeProcessor({
    config,
    accounts,
    redis,
    gate,
    checkInstallation: installed.check,
    stores,
    queues,
    wechatFor,
    webhooks,
    hostId,
    log,
    telemetry,
    now,
    prefix,
  });

  function open(queue: string, concurrency: number): Worker {
    const settings: WorkerOptions = {
      connection: redis,
      prefix,
      concurrency,
      // A killed worker's job is picked up again within 20 s.
      lockDuration: 15 * SECOND,
      stalledInterval: 5 * SECOND,
      // A job is safe to run any number of times, and must never be given up for stalling.
      maxStalledCount: 1_000_000,
      // A lane that is released goes on this soon, however long it was to sleep; and a job that
      // the sleeping worker had fetched begins well within its lock.
      maximumRateLimitDelay: 5 * SECOND,
      settings: { backoffStrategy: cappedBackoff },
    };
    const worker = new Worker(queue, process, settings);
    worker.on('error', (error) =>
      log.debug({ event: 'worker.error', queue, err: error }, 'worker error'),
    );
    worker.on('failed', (job, error) => {
      if (error instanceof CallerMistake) telemetry.jobRefused(queue, job?.id, error.message);
      else telemetry.jobFailed(queue, job, error);
    });
    return worker;
  }

  let workers: Worker[] = [];
  let turning: Promise<unknown> = Promise.resolve();
  /** Only by a clock that is right: a fetch alone wakes every job that is due by it. */
  function turn(isRight: boolean): void {
    turning = turning
      .then(async () => {
        if (!isRight) return Promise.all(workers.splice(0).map((worker) => worker.close()));
        if (stopped || workers.length > 0) return;
        workers = SHARED_QUEUES.filter(wanted).map((queue) => open(queue, BOUNDS[queue].slots));
        if (wanted('upkeep')) await keepSweeping(queues.upkeep, hostNow());
      })
      .catch((error: unknown) => log.error({ event: 'worker.error', err: error }, 'worker error'));
  }
  let stopped = false;
  const wanted = (queue: string): boolean => config.worker.queues?.includes(queue) ?? true;
  const serves = (account: string): boolean => config.worker.accounts?.includes(account) ?? true;
  const isConfigured = (account: string): boolean =>
    accounts().some(({ name }) => name === account);
  const workerId = `${hostId}-${randomUUID()}`;
  const announce = (): Promise<void> => {
    const served = accounts().filter(({ name }) => serves(name));
    return stores.workers.announce(workerId, {
      queues: QUEUE_NAMES.filter(wanted),
      accounts: accounts().map(({ name }) => name),
      lanes: Object.fromEntries(served.map((one) => [one.name, one.callsPerMinute])),
      host: hostId,
      era: config.wechat.era,
      unknownRetryMs: config.pace.unknownRetryMs,
    });
  };
  let told = '';
  /** Said once for each change: it stays so until somebody changes a setting. */
  async function compare(): Promise<void> {
    const differences = disagreementsOf(await stores.workers.serving());
    const now = JSON.stringify(differences);
    if (now !== told) for (const one of differences) telemetry.workersDiffer(one);
    told = now;
  }
  const alerts = wanted('upkeep') ? startAlerts() : null;
  function startAlerts() {
    if (!config.alert) return null;
    const { url, language } = config.alert;
    // The operator named the address: it may be a private one.
    const dispatcher = new Agent({ connections: 1 });
    const tell = makeTellOperator({
      listAttention: makeListAttention({ stores, ...config.pace, now }),
      marks: makeAlertMarks({ redis, record, token: workerId }),
      send: (message) => sendAlert(dispatcher, { url, message }),
      memoryUsed: () => memoryUsed(redis),
      told: telemetry.alertSent,
      language,
      publicUrl: config.producer.publicUrl,
    });
    let telling: Promise<void> | undefined;
    const timer = setInterval(() => {
      telling ??= tell()
        .catch((error: unknown) => log.warn({ event: 'alert.failed', err: error }, 'no alert'))
        .finally(() => {
          telling = undefined;
        });
    }, ALERT_EVERY);
    return {
      async stop(): Promise<void> {
        clearInterval(timer);
        await inTime(telling ?? Promise.resolve(), CLOSE_WITHIN).catch(no);
        await dispatcher.destroy();
      },
    };
  }
  const heart = setInterval(() => {
    gate.beat().catch(() => undefined);
    if (!minder?.isRight()) return;
    announce()
      .then(compare)
      .catch(() => undefined);
    if (wanted('upkeep')) keepSweeping(queues.upkeep, hostNow()).catch(() => undefined);
  }, HEARTBEAT_EVERY);

  minder = mindClock({ clock, hostId, lanes: stores.lanes, onChange: turn, registry, log });
  const mayWork = minder.isRight;
  minder.look();
  await turning;
  if (mayWork()) await announce().then(compare);
  const lanes = wanted('send')
    ? await keepLanes({
        lanes: stores.lanes,
        queues,
        listener,
        channel: makeKeys(record).laneFeed(),
        accounts,
        serves: (account) => mayWork() && serves(account) && isConfigured(account),
        open: (account) => open(laneOf(account), LANE_CONCURRENCY),
        serving: stores.workers.serving,
        telemetry,
        openAccounts: () => stores.campaigns.openAccounts(),
        log,
        now,
      })
    : null;
  await Promise.all(workers.map((worker) => worker.waitUntilReady()));

  async function drain(): Promise<void> {
    await Promise.all([lanes?.stop(), ...workers.map((worker) => worker.close())]);
  }

  return {
    addresses: {},
    registry,
    failed: installed.failed,
    ready: async () => [...(await redisFaults(redis, config.redis)), ...(minder?.faults() ?? [])],
    warnings: () => redisWarnings(redis, config.redis),
    async stop() {
      stopped = true;
      clearInterval(heart);
      const untold = alerts?.stop();
      clock.stop();
      installed.stop();
      watched.stop();
      gate.close();
      await inTime(stores.workers.leave(workerId), SECOND).catch(() => undefined);
      const isDrained = await Promise.race([
        inTime(drain(), DRAIN_WITHIN).then(yes, no),
        untilSilent(redis).then(no),
      ]);
      // Without Redis no answer can be recorded: whoever takes a job over asks WeChat again.
      const forced = isDrained ? [] : workers.map((worker) => worker.close(true));
      await inTime(Promise.all(forced), CLOSE_WITHIN).catch(no);
      await untold;
      const closing = [queues.close(), dispatcher.close(), webhooks.close()];
      await inTime(Promise.all(closing), CLOSE_WITHIN).catch(no);
      listener.disconnect();
      replicas.close();
      await inTime(redis.quit(), CLOSE_WITHIN).catch(() => redis.disconnect());
    },
  };
}
