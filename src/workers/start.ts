/** The worker's wiring: every processor with what it needs, on the queues this process serves. */
import { hostname } from 'node:os';
import { FlowProducer, type Processor, Worker, type WorkerOptions } from 'bullmq';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { makeAcceptCampaign } from '../shared/accept/accept-campaign.ts';
import type { AccountConfig } from '../shared/accounts.ts';
import type { Config } from '../shared/config.ts';
import { makeEnqueueRoot } from '../shared/enqueue-root.ts';
import {
  acceptCampaignJob,
  awaitDecisionJob,
  awaitReceiptJob,
  awaitResumeJob,
  laneOf,
  notifyWebhookJob,
  readFollowersJob,
  runCampaignJob,
  SHARED_QUEUES,
  type SharedQueue,
  submitBatchJob,
  sweepJob,
  uploadMediaJob,
  uploadNewsJob,
} from '../shared/jobs.ts';
import { openQueues } from '../shared/queues.ts';
import { openRecord, recordOf } from '../shared/record.ts';
import { connect, untilReady } from '../shared/redis.ts';
import { checkRedis, redisFaults } from '../shared/redis-check.ts';
import type { Running } from '../shared/running.ts';
import { openSafeDispatcher } from '../shared/safe-target.ts';
import { makeKeys, PREFIX } from '../shared/store/keys.ts';
import { makeWebhookSecret } from '../shared/store/webhook-secret.ts';
import { makeTelemetry } from '../shared/telemetry.ts';
import { SECOND } from '../shared/time.ts';
import { makeDispatcher } from '../shared/wechat/client.ts';
import { makeWechatFor } from '../shared/wechat-accounts.ts';
import { makeAcceptCampaignJob } from './accept-campaign-job.ts';
import { makeAfterAcceptance } from './after-acceptance.ts';
import { makeAwaitReceipt } from './await-receipt.ts';
import { makeAwaitDecision, makeAwaitResume } from './await-word.ts';
import { cappedBackoff } from './backoff.ts';
import { checkHeartbeat, HEARTBEAT_EVERY } from './check-heartbeat.ts';
import { makeFindAudience } from './find-audience.ts';
import { keepLanes } from './keep-lanes.ts';
import { LANE_CONCURRENCY, makeLaneReactions } from './lane-reactions.ts';
import { makeNotifyWebhook } from './notify-webhook.ts';
import { makeReadFollowers } from './read-followers.ts';
import { makeRemoveStrayDrafts } from './remove-stray-drafts.ts';
import { makeRenewMaterial } from './renew-material.ts';
import { makeReviveBatches } from './revive-batches.ts';
import { makeRunCampaign } from './run-campaign.ts';
import { makeSubmitBatch } from './submit-batch.ts';
import { makeSweep, SWEEP_EVERY } from './sweep.ts';
import { makeTellWebhook } from './tell-webhook.ts';
import { makeUploadMedia } from './upload-media.ts';
import { makeUploadNews } from './upload-news.ts';
import { makeWaitForWechat } from './wait-for-wechat.ts';

export interface StartOptions {
  readonly config: Config;
  readonly log: Logger;
  readonly registry: Registry;
  readonly prefix?: string;
  readonly now?: () => number;
  /** Tells hosts apart where WeChat's IP list refuses one of them. */
  readonly hostId?: string;
}

/** Of work that waits for the network; Node itself is idle meanwhile. */
const CONCURRENCY: Readonly<Record<SharedQueue, number>> = {
  campaigns: 20,
  media: 8,
  news: 4,
  receipts: 50,
  upkeep: 10,
};

/** docker-compose.yml gives 30 s before SIGKILL. */
const DRAIN_WITHIN = 25 * SECOND;

export async function start(options: StartOptions): Promise<Running> {
  const { config, log, registry, prefix = PREFIX, now = Date.now, hostId = hostname() } = options;
  const { era, baseUrl: _, proxyUrl } = config.wechat;
  const { submitTimeoutMs, unknownRetryMs, receiptDeadlineMs } = config.pace;
  const redis = connect(config.redis.url, { purpose: 'worker', log });
  const listener = connect(config.redis.url, { purpose: 'worker', log });
  await untilReady(redis);
  const findings = await checkRedis(redis);
  for (const finding of findings) log.warn({ event: 'redis.unfit' }, finding);

  const stores = openRecord({ redis, retainMs: config.retainMs, submitTimeoutMs, now, prefix });
  const queues = openQueues({ connection: redis, log, prefix });
  const flows = new FlowProducer({ connection: redis, prefix });
  flows.on('error', (error) => log.debug({ event: 'queue.error', err: error }, 'flow producer'));
  const telemetry = makeTelemetry(log, registry);
  const accounts = (): readonly AccountConfig[] => config.accounts;
  const accountOf = (name: string): AccountConfig => {
    const account = accounts().find((one) => one.name === name);
    if (!account) throw new TypeError(`no account ${name} is configured here`);
    return account;
  };
  const dispatcher = makeDispatcher(proxyUrl === undefined ? {} : { proxyUrl });
  const targets = { allowPrivate: config.allowPrivateTargets };
  const webhooks = openSafeDispatcher(targets);
  const wechatFor = makeWechatFor({
    config,
    accounts,
    redis,
    quota: stores.quota,
    dispatcher,
    now,
    prefix,
  });
  const enqueueRoot = makeEnqueueRoot({ queues, campaigns: stores.campaigns, now });
  const accept = makeAcceptCampaign({
    accounts,
    era,
    allowPrivateTargets: config.allowPrivateTargets,
    isSandbox: config.isSandbox,
    ...stores,
    enqueueRoot,
    now,
  });
  const laneReactions = makeLaneReactions({ stores, queues, hostId, telemetry, now });
  const common = {
    stores,
    queues,
    flows,
    wechatFor,
    accountOf,
    era,
    laneReactions,
    waitForWechat: makeWaitForWechat({ campaigns: stores.campaigns, laneReactions }),
    telemetry,
    now,
  };
  const afterAcceptance = makeAfterAcceptance({
    queues,
    batches: stores.batches,
    receiptDeadlineMs,
    now,
  });

  const removeStrayDrafts = makeRemoveStrayDrafts({ stores, wechatFor, accountOf, telemetry });

  const tellWebhook = makeTellWebhook({ campaigns: stores.campaigns, queues });

  const processors: Readonly<Record<string, Processor>> = {
    [acceptCampaignJob.name]: makeAcceptCampaignJob({ ...accept, log, now }),
    [runCampaignJob.name]: makeRunCampaign({
      ...common,
      prefix,
      findAudience: makeFindAudience({
        wechatFor,
        accountKindOf: (name) => accountOf(name).kind,
        now,
      }),
      reviveBatches: makeReviveBatches({
        queues,
        batches: stores.batches,
        receiptDeadlineMs,
        now,
      }),
      async onEnd(campaign) {
        await removeStrayDrafts(campaign).catch(() => undefined);
        if (campaign.webhook) await tellWebhook(campaign.id);
      },
    }),
    [awaitDecisionJob.name]: makeAwaitDecision({ stores, now }),
    [awaitResumeJob.name]: makeAwaitResume({ stores, now }),
    [uploadMediaJob.name]: makeUploadMedia(common),
    [uploadNewsJob.name]: makeUploadNews({ ...common, prefix }),
    [submitBatchJob.name]: makeSubmitBatch({
      ...common,
      unknownRetryMs,
      afterAcceptance,
      renewMaterial: makeRenewMaterial({ ...common, unknownRetryMs, prefix }),
    }),
    [awaitReceiptJob.name]: makeAwaitReceipt({ ...common, receiptDeadlineMs }),
    [readFollowersJob.name]: makeReadFollowers(common),
    [notifyWebhookJob.name]: makeNotifyWebhook({
      stores,
      secret: makeWebhookSecret({ redis, record: recordOf(prefix) }),
      rules: targets,
      dispatcher: webhooks,
      telemetry,
      now,
    }),
    [sweepJob.name]: makeSweep({
      stores,
      queues,
      enqueueRoot,
      tellWebhook,
      submitTimeoutMs,
      telemetry,
      now,
    }),
  };

  const process: Processor = async (job, token, signal) => {
    const processor = processors[job.name];
    if (!processor) throw new Error(`no such job: ${job.name}`);
    return processor(job, token, signal);
  };

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
    worker.on('failed', (job, error) => telemetry.jobFailed(queue, job?.id, error));
    return worker;
  }

  await checkHeartbeat({ stores, accounts: accounts(), log, now });
  const heart = setInterval(() => {
    stores.lanes.beat(now()).catch(() => undefined);
  }, HEARTBEAT_EVERY);

  const wanted = (queue: string): boolean => config.worker.queues?.includes(queue) ?? true;
  const workers = SHARED_QUEUES.filter(wanted).map((queue) => open(queue, CONCURRENCY[queue]));
  if (wanted('upkeep')) {
    await queues.upkeep.upsertJobScheduler(
      sweepJob.schedulerId,
      { every: SWEEP_EVERY },
      { name: sweepJob.name, opts: { removeOnComplete: true, removeOnFail: 10 } },
    );
  }
  const lanes = wanted('send')
    ? await keepLanes({
        lanes: stores.lanes,
        queues,
        listener,
        channel: makeKeys(recordOf(prefix)).laneFeed(),
        accounts,
        serves: (account) => config.worker.accounts?.includes(account) ?? true,
        open: (account) => open(laneOf(account), LANE_CONCURRENCY),
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
    ready: () => redisFaults(redis),
    async stop() {
      clearInterval(heart);
      const patience = AbortSignal.timeout(DRAIN_WITHIN);
      await Promise.race([
        drain(),
        new Promise<void>((late) => patience.addEventListener('abort', () => late())),
      ]);
      if (patience.aborted) await Promise.all(workers.map((worker) => worker.close(true)));
      await Promise.all([queues.close(), flows.close()]);
      await Promise.all([dispatcher.close(), webhooks.close()]);
      listener.disconnect();
      await redis.quit().catch(() => redis.disconnect());
    },
  };
}
