/** The worker's wiring: its connections, and each shard that this process serves (serve-shard.ts). */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { Agent } from 'undici';
import { makeListAttention } from '../shared/actions/list-attention.ts';
import { startWatching } from '../shared/actions/watch-installation.ts';
import { disagreementsOf, type Serving } from '../shared/campaign/serving.ts';
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
import { QUEUE_NAMES } from '../shared/queue/jobs.ts';
import { makeAlertMarks } from '../shared/record/alert-marks.ts';
import { openAllShards } from '../shared/record/all-shards.ts';
import { recordOf } from '../shared/record/keys.ts';
import { makeDispatcher } from '../shared/wechat/client.ts';
import { makeProcessor } from './processor.ts';
import { serveShard } from './serve-shard.ts';
import { type Gate, HEARTBEAT_EVERY, makeGate } from './upkeep/check-heartbeat.ts';
import { type ClockMinder, mindClock } from './upkeep/mind-clock.ts';
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

/** Of WORKER_SHARDS, or all. */
const servedShards = ({ worker, redis }: Config): readonly number[] =>
  worker.shards ?? Array.from({ length: redis.shards ?? 1 }, (_, shard) => shard);

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
  const record = recordOf(prefix);
  const all = openAllShards({ redis, config, prefix, identityOf, accounts, log, now });
  opens(all.close);
  const { stores } = all;
  const installed = await startWatching({ redis, record, config, accounts });
  opens(installed.stop);
  const shards = servedShards(config).map(all.shards.at);
  const gates = shards.map((shard) =>
    makeGate({ ...shard, redis, needs: config.redis, check: installed.check, log, now }),
  );
  await Promise.all(gates.map((gate) => gate.pass()));
  const listener = connect(config.redis, { purpose: 'worker', log });
  opens(() => listener.disconnect());
  // Each shard looks again after an outage, and when it hears of work.
  for (const one of [redis, listener]) one.setMaxListeners(one.getMaxListeners() + shards.length);
  const telemetry = makeTelemetry(log, registry);
  const dispatcher = makeDispatcher(proxyUrl === undefined ? {} : { proxyUrl });
  const webhooks = openSafeDispatcher({ allowPrivate: config.allowPrivateTargets });
  const wanted = (queue: string): boolean => config.worker.queues?.includes(queue) ?? true;
  const serves = (account: string): boolean => config.worker.accounts?.includes(account) ?? true;
  const isConfigured = (account: string): boolean =>
    accounts().some(({ name }) => name === account);
  const common = { config, accounts, redis, webhooks, hostId, log, telemetry, now, prefix };
  const served = shards.map((shard, at) => {
    const { tokens, quota } = shard.stores;
    const onAnswer = telemetry.wechatAnswered;
    const process = makeProcessor({
      ...common,
      ...{ stores: shard.stores, queues: shard.queues, everywhere: all },
      gate: gates[at] as Gate,
      checkInstallation: installed.check,
      wechatFor: makeWechatFor({ config, accounts, tokens, quota, dispatcher, now, onAnswer }),
    });
    return serveShard({
      ...common,
      ...{ shard, process, listener, wanted, hostNow },
      serves: (account) => mayWork() && serves(account) && isConfigured(account),
    });
  });

  let turning: Promise<unknown> = Promise.resolve();
  /** Only by a clock that is right: a fetch alone wakes every job that is due by it. */
  function turn(isRight: boolean): void {
    turning = turning
      .then(async () => {
        if (!isRight) await Promise.all(served.map((shard) => shard.rest()));
        else if (!stopped) await Promise.all(served.map((shard) => shard.work()));
      })
      .catch((error: unknown) => log.error({ event: 'worker.error', err: error }, 'worker error'));
  }
  let stopped = false;
  const workerId = `${hostId}-${randomUUID()}`;
  async function announce(): Promise<void> {
    const ours = accounts().filter(({ name }) => serves(name));
    const serving: Serving = {
      queues: QUEUE_NAMES.filter(wanted),
      accounts: accounts().map(({ name }) => name),
      lanes: Object.fromEntries(ours.map((one) => [one.name, one.callsPerMinute])),
      host: hostId,
      era: config.wechat.era,
      unknownRetryMs: config.pace.unknownRetryMs,
    };
    await Promise.all(shards.map((one) => one.stores.workers.announce(workerId, serving)));
  }
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
    for (const gate of gates) gate.beat().catch(() => undefined);
    if (!minder?.isRight()) return;
    announce()
      .then(compare)
      .catch(() => undefined);
    for (const shard of served) shard.sweepOn().catch(() => undefined);
  }, HEARTBEAT_EVERY);

  minder = mindClock({ clock, hostId, lanes: stores.lanes, onChange: turn, registry, log });
  const mayWork = minder.isRight;
  minder.look();
  await turning;
  if (mayWork()) await announce().then(compare);
  await Promise.all(served.map((shard) => shard.openLanes()));
  await Promise.all(served.map((shard) => shard.untilReady()));

  async function drain(): Promise<void> {
    await Promise.all(served.map((shard) => shard.drain()));
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
      for (const gate of gates) gate.close();
      const leaving = shards.map((one) => one.stores.workers.leave(workerId));
      await inTime(Promise.all(leaving), SECOND).catch(() => undefined);
      const isDrained = await Promise.race([
        inTime(drain(), DRAIN_WITHIN).then(yes, no),
        untilSilent(redis).then(no),
      ]);
      // Without Redis no answer can be recorded: whoever takes a job over asks WeChat again.
      const forced = isDrained ? [] : served.map((shard) => shard.drop());
      await inTime(Promise.all(forced), CLOSE_WITHIN).catch(no);
      await untold;
      const closing = [all.close(), dispatcher.close(), webhooks.close()];
      await inTime(Promise.all(closing), CLOSE_WITHIN).catch(no);
      listener.disconnect();
      await inTime(redis.quit(), CLOSE_WITHIN).catch(() => redis.disconnect());
    },
  };
}
