/** Every job's processor, with what it needs. */
import type { FlowProducer, Processor } from 'bullmq';
import type { Redis } from 'ioredis';
import type { Logger } from 'pino';
import type { Dispatcher } from 'undici';
import { makeAcceptCampaign } from '../shared/accept/accept-campaign.ts';
import { makeEnqueueRoot } from '../shared/jobs/enqueue-root.ts';
import {
  acceptCampaignJob,
  awaitDecisionJob,
  awaitReceiptJob,
  awaitResumeJob,
  notifyWebhookJob,
  readFollowersJob,
  runCampaignJob,
  submitBatchJob,
  sweepJob,
  uploadMediaJob,
  uploadNewsJob,
} from '../shared/jobs/jobs.ts';
import type { Queues } from '../shared/jobs/queues.ts';
import type { Telemetry } from '../shared/observe/telemetry.ts';
import { recordOf, type Stores } from '../shared/record.ts';
import type { AccountConfig } from '../shared/settings/accounts.ts';
import type { Config } from '../shared/settings/config.ts';
import { makeWebhookSecret } from '../shared/store/webhook-secret.ts';
import type { WechatFor } from '../shared/wechat-accounts.ts';
import { makeAcceptCampaignJob } from './accept-campaign-job.ts';
import { makeAfterAcceptance } from './after-acceptance.ts';
import { makeAwaitReceipt } from './await-receipt.ts';
import { makeAwaitDecision, makeAwaitResume } from './await-word.ts';
import { makeEnterLane } from './enter-lane.ts';
import { makeFindAudience } from './find-audience.ts';
import { makeGetReady } from './get-ready.ts';
import { makeLaneReactions } from './lane-reactions.ts';
import { makeNotifyWebhook } from './notify-webhook.ts';
import { makeReadFollowers } from './read-followers.ts';
import { makeRemoveStrayDrafts } from './remove-stray-drafts.ts';
import { makeRenewMaterial } from './renew-material.ts';
import { makeReviveBatches } from './revive-batches.ts';
import { makeRunCampaign } from './run-campaign.ts';
import { makeSubmitBatch } from './submit-batch.ts';
import { makeSweep } from './sweep.ts';
import { makeTakeInAnswer } from './take-in-answer.ts';
import { makeTellWebhook } from './tell-webhook.ts';
import { makeUploadMedia } from './upload-media.ts';
import { makeUploadNews } from './upload-news.ts';
import { makeWaitForWechat } from './wait-for-wechat.ts';

interface Dependencies {
  readonly config: Config;
  readonly redis: Redis;
  readonly stores: Stores;
  readonly queues: Queues;
  readonly flows: FlowProducer;
  readonly wechatFor: WechatFor;
  /** Towards addresses that strangers name. */
  readonly webhooks: Dispatcher;
  readonly hostId: string;
  readonly log: Logger;
  readonly telemetry: Telemetry;
  readonly now: () => number;
  readonly prefix: string;
}

/** The one processor of every queue: a job's name decides. */
export function makeProcessor(deps: Dependencies): Processor {
  const { config, redis, stores, queues, flows, wechatFor, hostId } = deps;
  const { log, telemetry, now, prefix } = deps;
  const { era } = config.wechat;
  const { submitTimeoutMs, unknownRetryMs, receiptDeadlineMs } = config.pace;
  const { batches, campaigns } = stores;
  const accounts = (): readonly AccountConfig[] => config.accounts;
  const accountOf = (name: string): AccountConfig => {
    const account = accounts().find((one) => one.name === name);
    if (!account) throw new TypeError(`no account ${name} is configured here`);
    return account;
  };

  const enqueueRoot = makeEnqueueRoot({ queues, campaigns, now });
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
    waitForWechat: makeWaitForWechat({ campaigns, laneReactions }),
    unknownRetryMs,
    receiptDeadlineMs,
    telemetry,
    now,
    prefix,
  };
  const afterAcceptance = makeAfterAcceptance({ queues, batches, receiptDeadlineMs, now });
  const renewMaterial = makeRenewMaterial(common);
  const reviveBatches = makeReviveBatches({ queues, batches, receiptDeadlineMs, now });
  const accountKindOf = (name: string) => accountOf(name).kind;
  const findAudience = makeFindAudience({ wechatFor, accountKindOf, now });
  const removeStrayDrafts = makeRemoveStrayDrafts({ stores, wechatFor, accountOf, telemetry });
  const tellWebhook = makeTellWebhook({ campaigns, queues });

  const processors: Readonly<Record<string, Processor>> = {
    [acceptCampaignJob.name]: makeAcceptCampaignJob({ ...accept, log, now }),
    [runCampaignJob.name]: makeRunCampaign({
      ...common,
      getReady: makeGetReady({ ...common, findAudience }),
      reviveBatches,
      async onEnd(campaign) {
        await removeStrayDrafts(campaign).catch(() => undefined);
        if (campaign.webhook) await tellWebhook(campaign.id);
      },
    }),
    [awaitDecisionJob.name]: makeAwaitDecision({ stores, now }),
    [awaitResumeJob.name]: makeAwaitResume({ stores, now }),
    [uploadMediaJob.name]: makeUploadMedia(common),
    [uploadNewsJob.name]: makeUploadNews(common),
    [submitBatchJob.name]: makeSubmitBatch({
      ...common,
      enterLane: makeEnterLane({ stores, queues, now }),
      takeInAnswer: makeTakeInAnswer({ ...common, batches, afterAcceptance, renewMaterial }),
      afterAcceptance,
      renewMaterial,
    }),
    [awaitReceiptJob.name]: makeAwaitReceipt(common),
    [readFollowersJob.name]: makeReadFollowers(common),
    [notifyWebhookJob.name]: makeNotifyWebhook({
      stores,
      secret: makeWebhookSecret({ redis, record: recordOf(prefix) }),
      rules: { allowPrivate: config.allowPrivateTargets },
      dispatcher: deps.webhooks,
      telemetry,
      now,
    }),
    [sweepJob.name]: makeSweep({
      ...common,
      enqueueRoot,
      tellWebhook,
      reviveBatches,
      submitTimeoutMs,
    }),
  };

  return async (job, token, signal) => {
    const processor = processors[job.name];
    if (!processor) throw new Error(`no such job: ${job.name}`);
    return processor(job, token, signal);
  };
}
