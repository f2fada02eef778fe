/** The callback service's wiring. */
import { statfs } from 'node:fs/promises';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { Agent } from 'undici';
import { makeTakeReceipt } from '../shared/actions/take-receipt.ts';
import { startWatching } from '../shared/actions/watch-installation.ts';
import type { Config } from '../shared/platform/config.ts';
import { makeIdentityOf } from '../shared/platform/identity.ts';
import { makeRegistry, numbersOf } from '../shared/platform/metrics.ts';
import { connect } from '../shared/platform/redis.ts';
import {
  examineAtStart,
  redisFaults,
  redisGauges,
  redisWarnings,
} from '../shared/platform/redis-check.ts';
import { makeRedisClock } from '../shared/platform/redis-clock.ts';
import type { Running } from '../shared/platform/running.ts';
import { type Opens, startOrClose } from '../shared/platform/start-or-close.ts';
import { SECOND } from '../shared/platform/time.ts';
import type { Trouble } from '../shared/platform/trouble.ts';
import { type Reloading, watchAccounts } from '../shared/platform/watch-accounts.ts';
import { openQueues, type Queues } from '../shared/queue/queues.ts';
import { prefixOfShard, recordOf } from '../shared/record/keys.ts';
import { openReceiptRecord } from '../shared/record/receipt-record.ts';
import { openShards } from '../shared/record/shards.ts';
import { type CallbackFact, makeFactCount, makeFactLog } from './facts.ts';
import { type CallbackAccount, callbackAccounts } from './push.ts';
import { startCallback } from './server.ts';
import { traceReceipts } from './trace-receipts.ts';

const NOTE_EVERY = 10 * SECOND;

export interface StartOptions extends Reloading {
  readonly config: Config;
  readonly log: Logger;
  /** Of the process. */
  readonly registry?: Registry;
  readonly prefix?: string;
  readonly now?: () => number;
}

export const start = (options: StartOptions): Promise<Running> =>
  startOrClose((opens) => startIn(options, opens));

async function startIn(options: StartOptions, opens: Opens): Promise<Running> {
  const {
    config,
    log,
    registry = makeRegistry({ role: 'callback' }),
    prefix = config.redis.prefix,
  } = options;
  const numbers = numbersOf(registry);
  const redis = connect(config.redis, { purpose: 'http', log, numbers });
  opens(() => redis.disconnect());
  const clock = makeRedisClock({ redis, key: prefix });
  const { now = clock.now } = options;
  opens(clock.stop);
  const { retainMs, pace } = config;
  const { submitTimeoutMs } = pace;
  const facts = makeFactLog(log, now);
  const counted = makeFactCount(numbers);
  let called: readonly CallbackAccount[] = [];
  const watched = watchAccounts({
    ...options,
    accounts: config.accounts,
    onRead(accounts) {
      called = callbackAccounts(accounts);
      for (const { name, encodingAesKey } of called) {
        if (!encodingAesKey) facts({ type: 'plain-mode', account: name });
      }
    },
  });
  opens(watched.stop);
  // One that was added while this process ran is itself, too.
  const identityOf = makeIdentityOf(config, watched.accounts);
  const opened: Queues[] = [];
  const closeQueues = () => Promise.all(opened.map((queues) => queues.close()));
  opens(closeQueues);
  const shards = openShards({
    redis,
    prefix,
    count: config.redis.shards,
    identityOf,
    accounts: watched.accounts,
    open(shard) {
      const own = prefixOfShard(prefix, shard);
      const queues = openQueues({ connection: redis, log, prefix: own });
      opened.push(queues);
      return {
        queues,
        ...openReceiptRecord({
          ...{ redis, retainMs, submitTimeoutMs, identityOf, now, prefix: own },
        }),
      };
    },
  });
  const record = recordOf(prefix);
  const installed = await startWatching({
    redis,
    record,
    config,
    accounts: () => config.accounts,
  });
  opens(installed.stop);
  const refusedAt = new Map<string, number>();
  /** For the page and the doctor. Strangers decide how often it happens, so not each is written. */
  function noteRefused({ account, reason }: Extract<CallbackFact, { type: 'push-refused' }>): void {
    const last = refusedAt.get(`${account} ${reason}`) ?? 0;
    if (now() - last < NOTE_EVERY) return;
    refusedAt.set(`${account} ${reason}`, now());
    shards
      .ofAccount(account)
      .then(({ lanes }) => lanes.noteRefusedPush(account, reason, now()))
      .catch(() => undefined);
  }
  const dispatcher = new Agent({ connections: 16 });
  const { host, port, spoolDir, publicUrl } = config.callback;
  const callback = await startCallback({
    host,
    port,
    accounts: () => called,
    receipts: {
      async take(account, arrival) {
        const shard = await shards.ofAccount(account);
        return traceReceipts(makeTakeReceipt(shard), shard.queues).take(account, arrival);
      },
    },
    notice(fact) {
      facts(fact);
      counted(fact);
      if (fact.type === 'push-refused' && fact.account !== '' && !fact.probe) noteRefused(fact);
    },
    onAnswered: (ms) => numbers.observe('qunfa_push_duration_seconds', ms, {}),
    noteEvent: async (account, at, mode) =>
      (await shards.ofAccount(account)).lanes.noteEvent(account, at, mode),
    spoolDir,
    dispatcher,
    ready: () => redisFaults(redis, config.redis),
    now,
  });
  numbers.onScrape(redisGauges(redis, config.redis));
  const diskUsed = async (): Promise<number> => {
    const { blocks, bavail } = await statfs(spoolDir);
    return 1 - bavail / Math.max(1, blocks);
  };
  numbers.onScrape(async () => ({
    qunfa_spooled_events: await callback.spooled(),
    qunfa_spool_disk_used_ratio: await diskUsed(),
  }));
  // The port is open already: without Redis events go to the spool, and WeChat gets its answer.
  const away = 'Redis is away: events are kept in the spool until it is back';
  const unfit = new Promise<Error>((fail) => {
    examineAtStart(redis, { ...config.redis, away }).then((findings) => {
      for (const finding of findings) log.warn({ event: 'redis.unfit' }, finding);
    }, fail);
  });
  const address = (name: string): string => `${publicUrl ?? callback.url}/wechat/${name}`;
  return {
    addresses: Object.fromEntries(called.map(({ name }) => [`callback of ${name}`, address(name)])),
    registry,
    ready: () => redisFaults(redis, config.redis),
    warnings: async () => [
      ...(await redisWarnings(redis, config.redis)),
      ...spoolWarnings(await diskUsed()),
    ],
    leave: callback.leave,
    failed: Promise.race([installed.failed, unfit]),
    async stop() {
      installed.stop();
      clock.stop();
      watched.stop();
      await callback.stop();
      await closeQueues();
      await dispatcher.close();
      await redis.quit().catch(() => redis.disconnect());
    },
  };
}

const DISK_NEARLY_FULL = 0.9;

export const spoolWarnings = (used: number): Trouble[] =>
  used <= DISK_NEARLY_FULL
    ? []
    : [{ code: 'spool-disk-nearly-full', percent: Math.round(100 * used) }];
