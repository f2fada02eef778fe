/** The producer's wiring. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { makeAcceptCampaign } from '../shared/actions/accept-campaign.ts';
import { makeArticleStatistics } from '../shared/actions/article-statistics.ts';
import { makeDescribeAccount } from '../shared/actions/describe-account.ts';
import { makeListAccounts } from '../shared/actions/list-accounts.ts';
import { makeListAttention } from '../shared/actions/list-attention.ts';
import { makeNameAudience } from '../shared/actions/name-audience.ts';
import { makePlanCampaign } from '../shared/actions/plan-campaign.ts';
import { makePreviewMessage } from '../shared/actions/preview-message.ts';
import { makeRecallCampaign } from '../shared/actions/recall-campaign.ts';
import { makeSteerAccount } from '../shared/actions/steer-account.ts';
import { makeSteerCampaign } from '../shared/actions/steer-campaign.ts';
import { startWatching } from '../shared/actions/watch-installation.ts';
import { unservedOf } from '../shared/campaign/serving.ts';
import { makeFetchPicture } from '../shared/delivery/fetch-picture.ts';
import { makeWechatFor } from '../shared/delivery/wechat-accounts.ts';
import type { Config } from '../shared/platform/config.ts';
import { fewAtOnce } from '../shared/platform/few-at-once.ts';
import { makeIdentityOf } from '../shared/platform/identity.ts';
import { inTime } from '../shared/platform/in-time.ts';
import { makeRegistry, numbersOf } from '../shared/platform/metrics.ts';
import { onceASecond } from '../shared/platform/once-a-second.ts';
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
import { type HttpLimits, PRODUCER_HTTP } from '../shared/platform/serve-http.ts';
import { type Opens, startOrClose } from '../shared/platform/start-or-close.ts';
import { makeTelemetry } from '../shared/platform/telemetry.ts';
import { SECOND } from '../shared/platform/time.ts';
import type { Trouble } from '../shared/platform/trouble.ts';
import { type Reloading, watchAccounts } from '../shared/platform/watch-accounts.ts';
import { makeEnqueueRoot, makeNewRoots } from '../shared/queue/enqueue-root.ts';
import { QUEUE_NAMES } from '../shared/queue/jobs.ts';
import { openAllShards } from '../shared/record/all-shards.ts';
import { recordOf } from '../shared/record/keys.ts';
import type { Stores } from '../shared/record/record.ts';
import { makeRequestCount } from '../shared/record/request-count.ts';
import { makeWebhookSecret } from '../shared/record/webhook-secret.ts';
import { makeDispatcher } from '../shared/wechat/client.ts';
import { openCampaignFeed } from './api/campaign-feed.ts';
import { makeDocsFiles } from './api/openapi.ts';
import { makeRoutes } from './api/routes.ts';
import { makeReplayWebhook } from './api/webhooks.ts';
import { makeBoard } from './board/board.ts';
import { startProducer } from './http/server.ts';
import { leaveRoomInRedis } from './leave-room-in-redis.ts';
import { makePage } from './page/page.ts';
import { makeRecordGauges } from './record-gauges.ts';

export interface StartOptions extends Reloading {
  readonly config: Config;
  readonly log: Logger;
  /** Of the process, whose own health it shows. */
  readonly registry?: Registry;
  readonly prefix?: string;
  readonly now?: () => number;
}

/** Redis is away and BullMQ would wait for it: the sweeper finds the campaign all the same. */
const ENQUEUE_WITHIN = 3 * SECOND;

const BOARD = '/board';

/** @throws {ServiceError} `CONFIG_INVALID`: the address is open to others and there is no key. */
export const start = (options: StartOptions): Promise<Running> =>
  startOrClose((opens) => startIn(options, opens));

async function startIn(options: StartOptions, opens: Opens): Promise<Running> {
  const {
    config,
    log,
    registry = makeRegistry({ role: 'producer' }),
    prefix = config.redis.prefix,
  } = options;
  const { isSandbox } = config;
  const { era, proxyUrl } = config.wechat;
  const numbers = numbersOf(registry);
  const redis = connect(config.redis, { purpose: 'http', log, numbers });
  opens(() => redis.disconnect());
  const clock = makeRedisClock({ redis, key: prefix });
  const { now = clock.now } = options;
  // Without Redis it starts all the same and says 503 until it is there.
  opens(clock.stop);
  const away = 'Redis is away: every call is answered with 503 until it is back';
  const findings = await examineAtStart(redis, { ...config.redis, away });
  await clock.measure().catch(() => undefined);
  for (const finding of findings) log.warn({ event: 'redis.unfit' }, finding);

  const watched = watchAccounts({
    ...options,
    accounts: config.accounts,
    mayAdd: (account) => installed.claim(account),
  });
  opens(watched.stop);
  const { accounts } = watched;
  const record = recordOf(prefix);
  const installed = await startWatching({ redis, record, config, accounts });
  opens(installed.stop);
  const identityOf = makeIdentityOf(config, accounts);
  const all = openAllShards({ redis, config, prefix, identityOf, accounts, log, now });
  opens(all.close);
  const { queues, shards } = all;
  const stores = leaveRoomInRedis(withLargeReadsInTurn(all.stores), () => memoryUsed(redis));
  const feed = openCampaignFeed({
    redis: connect(config.redis, { purpose: 'worker', log }),
    records: shards.all().map((shard) => shard.record),
  });
  opens(feed.stop);
  const dispatcher = makeDispatcher(proxyUrl === undefined ? {} : { proxyUrl });
  const wechatFor = makeWechatFor({
    ...{ ...stores, config, accounts, dispatcher, now },
    onAnswer: makeTelemetry(log, registry).wechatAnswered,
  });
  const enqueue = makeEnqueueRoot({ queues, campaigns: stores.campaigns, now });
  const enqueueRoot: typeof enqueue = (campaign) => inTime(enqueue(campaign), ENQUEUE_WITHIN);
  const newRoots = makeNewRoots({ queues, now }, ENQUEUE_WITHIN);
  const { allowPrivateTargets } = config;
  const rules = { allowPrivate: allowPrivateTargets };
  const guarded = openSafeDispatcher(rules);
  const fetchPicture = makeFetchPicture({ dispatcher: guarded, rules });
  const { accept } = makeAcceptCampaign({
    ...stores,
    ...{ accounts, era, isSandbox, allowPrivateTargets, newRoots, enqueueRoot, now },
    fetchPicture,
  });

  numbers.onScrape(redisGauges(redis, config.redis));
  numbers.onScrape(onceASecond(makeRecordGauges({ stores, queues, accounts, now })));

  const close = async (): Promise<void> => {
    installed.stop();
    watched.stop();
    clock.stop();
    await feed.stop();
    await all.close();
    await Promise.all([dispatcher.close(), guarded.close()]);
    await redis.quit().catch(() => redis.disconnect());
  };
  let isLeaving = false;
  const ready = async (): Promise<readonly Trouble[]> => [
    ...(await redisFaults(redis, config.redis)),
    // Sound by itself, and yet nothing can be sent or heard.
    ...(config.accounts.length > 0 ? [] : [{ code: 'no-account' } as const]),
  ];
  const warnings = () => redisWarnings(redis, config.redis);
  const unserved = async () => {
    const divided = await shards.divided(accounts().map(({ name }) => name));
    const found = await Promise.all(
      divided.map(async ([{ stores }, own], shard) =>
        unservedOf(await stores.workers.serving(), { queues: QUEUE_NAMES, accounts: own }).map(
          (one) => (divided.length > 1 && 'queue' in one ? { ...one, shard } : one),
        ),
      ),
    );
    return found.flat();
  };
  const stopping = new AbortController();
  const steer = makeSteerCampaign({ stores, queues, enqueueRoot: enqueue, wechatFor, now });
  const steerAccount = makeSteerAccount({ ...stores, queues, now });
  const describeAccount = makeDescribeAccount({ stores, isSandbox, now });
  const withWechat = { stores, accounts, wechatFor, era, allowPrivateTargets, fetchPicture, now };
  const listAccounts = makeListAccounts({ ...stores, accounts, describeAccount, now });
  const listAttention = makeListAttention({ stores, ...config.pace, now });
  const recallCampaign = makeRecallCampaign(withWechat);
  const planCampaign = makePlanCampaign(withWechat);
  const previewMessage = makePreviewMessage(withWechat);
  const nameAudience = makeNameAudience(withWechat);
  const articleStatistics = makeArticleStatistics(withWechat);
  const producer = await startProducer({
    settings: config.producer,
    countIn: makeRequestCount({ redis, record, now }),
    limits: keepingAlive(config.producer.keepAliveMs),
    log,
    numbers,
    stopping,
    served: {
      routes: makeRoutes({
        ...withWechat,
        queues,
        accept,
        steer,
        planCampaign,
        previewMessage,
        recallCampaign,
        describeAccount,
        listAccounts,
        nameAudience,
        articleStatistics,
        listAttention,
        steerAccount,
        webhookSecret: makeWebhookSecret({ redis, record }),
        feed,
        ready,
        warnings,
        isLeaving: () => isLeaving,
        unserved,
        isSandbox,
        stopping: stopping.signal,
      }),
      accountOf: async ({ campaign, audience }) => {
        const { account } =
          (campaign && (await stores.campaigns.spec(campaign))) ||
          (audience && (await stores.audiences.describe(audience))) ||
          {};
        return account ?? null;
      },
      files: [makeDocsFiles()],
      operator: {
        [BOARD]: makeBoard({ ...stores, queues, isSandbox, path: BOARD, now }),
        '/': makePage({
          ...stores,
          ...{ accounts, wechatFor, describeAccount, listAttention, steer, steerAccount },
          ...{ accept, planCampaign, previewMessage, nameAudience, recallCampaign },
          articleStatistics,
          replayWebhook: makeReplayWebhook({ ...stores, queues, now }),
          ...{ feed, isSandbox, stopping: stopping.signal, now },
        }),
      },
    },
  });

  let stopped: Promise<void> | undefined;
  const base = config.producer.publicUrl ?? producer.url;
  return {
    addresses: { API: `${base}/v1`, board: `${base}${BOARD}`, page: base, docs: `${base}/docs` },
    ready,
    warnings,
    failed: installed.failed,
    registry,
    leave() {
      isLeaving = true;
      producer.leave();
    },
    stop() {
      stopped ??= producer.stop().then(close);
      return stopped;
    },
  };
}

/**
 * A message may have 8 MB, and a file 10: a thousand requests for one at once would have Redis hold
 * a thousand answers, and this process work on them without a turn for anybody else.
 */
const withLargeReadsInTurn = (stores: Stores): Stores => ({
  ...stores,
  campaigns: {
    ...stores.campaigns,
    message: fewAtOnce(1, async (id: string) => {
      const message = await stores.campaigns.message(id);
      // Reading it took some 20 ms, and writing the answer takes as long.
      await nextTurn();
      return message;
    }),
  },
  composed: { ...stores.composed, list: fewAtOnce(1, stores.composed.list) },
  media: { ...stores.media, read: fewAtOnce(1, stores.media.read) },
});

/** A connection that waits is not idle before that. */
const keepingAlive = (ms: number): Partial<HttpLimits> => ({
  keepAliveMs: ms,
  idleMs: Math.max(PRODUCER_HTTP.idleMs, ms + SECOND),
});
