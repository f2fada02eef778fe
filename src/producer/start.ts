/** The producer's wiring. */
import type { Logger } from 'pino';
import { makeAcceptCampaign } from '../shared/accept/accept-campaign.ts';
import type { Config } from '../shared/config.ts';
import { makeEnqueueRoot } from '../shared/enqueue-root.ts';
import { inTime } from '../shared/in-time.ts';
import { openQueues } from '../shared/queues.ts';
import { openRecord, recordOf } from '../shared/record.ts';
import { connect, untilReady } from '../shared/redis.ts';
import { checkRedis, redisFaults } from '../shared/redis-check.ts';
import type { Running } from '../shared/running.ts';
import { makeSteerCampaign } from '../shared/steer-campaign.ts';
import { PREFIX } from '../shared/store/keys.ts';
import { SECOND } from '../shared/time.ts';
import { makeBoard } from './board.ts';
import { openCampaignFeed } from './campaign-feed.ts';
import { makeAudiencesRoutes } from './routes/audiences.ts';
import { makeCampaignsRoutes } from './routes/campaigns.ts';
import { makeHealthRoutes } from './routes/health.ts';
import { makeMediaRoutes } from './routes/media.ts';
import { makeSteeringRoutes } from './routes/steering.ts';
import { makeWatchingRoutes } from './routes/watching.ts';
import { startProducer } from './server.ts';

export interface StartOptions {
  readonly config: Config;
  readonly log: Logger;
  readonly prefix?: string;
  readonly now?: () => number;
}

/** Redis is away and BullMQ would wait for it: the outbox has the campaign all the same. */
const ENQUEUE_WITHIN = 3 * SECOND;

const BOARD = '/board';

export async function start(options: StartOptions): Promise<Running> {
  const { config, log, prefix = PREFIX, now = Date.now } = options;
  const redis = connect(config.redis.url, { purpose: 'http', log });
  // Without Redis it starts all the same and says 503 until it is there.
  const findings = await untilReady(redis).then(
    () => checkRedis(redis),
    () => ['Redis is away: every call is answered with 503 until it is back'],
  );
  for (const finding of findings) log.warn({ event: 'redis.unfit' }, finding);

  const { retainMs, pace } = config;
  const stores = openRecord({
    redis,
    retainMs,
    submitTimeoutMs: pace.submitTimeoutMs,
    now,
    prefix,
  });
  const queues = openQueues({ connection: redis, log, prefix });
  const enqueue = makeEnqueueRoot({ queues, campaigns: stores.campaigns, now });
  const enqueueRoot: typeof enqueue = (campaign) => inTime(enqueue(campaign), ENQUEUE_WITHIN);
  const accounts = () => config.accounts;
  const { accept } = makeAcceptCampaign({
    ...stores,
    accounts,
    era: config.wechat.era,
    isSandbox: config.isSandbox,
    enqueueRoot,
    now,
  });
  const steer = makeSteerCampaign({ stores, queues, enqueueRoot: enqueue, now });
  const ready = async (): Promise<readonly string[]> => [
    ...(await redisFaults(redis)),
    ...configFindings(config),
  ];

  const feed = openCampaignFeed({
    redis: connect(config.redis.url, { purpose: 'worker', log }),
    record: recordOf(prefix),
  });
  const board = makeBoard({
    queues,
    lanes: stores.lanes,
    isSandbox: config.isSandbox,
    path: BOARD,
    now,
  });
  const stopping = new AbortController();
  const { signal } = stopping;
  const producer = await startProducer({
    settings: config.producer,
    log,
    stopping,
    places: {
      open: [makeHealthRoutes({ ready })],
      raw: [
        makeMediaRoutes(stores),
        makeAudiencesRoutes({ ...stores, accounts, stopping: signal }),
      ],
      api: [
        makeCampaignsRoutes({ ...stores, accept }),
        makeWatchingRoutes({ ...stores, feed, stopping: signal }),
        makeSteeringRoutes({ steer }),
      ],
      operator: { [BOARD]: board },
    },
  }).catch(async (error: unknown) => {
    await feed.stop();
    await queues.close();
    redis.disconnect();
    throw error;
  });

  const base = config.producer.publicUrl ?? producer.url;
  return {
    addresses: { API: `${base}/v1`, board: `${base}${BOARD}`, page: base, docs: `${base}/docs` },
    ready,
    async stop() {
      await producer.stop();
      await feed.stop();
      await queues.close();
      await redis.quit().catch(() => redis.disconnect());
    },
  };
}

/** What is sound by itself, and yet nothing can be sent or heard. */
function configFindings({ accounts }: Config): string[] {
  return accounts.length > 0
    ? []
    : ['no account is configured: set WECHAT_APP_ID or ACCOUNTS_FILE'];
}
