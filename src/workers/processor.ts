/** Every job's processor, with what it needs. */
import type { Processor } from 'bullmq';
import type { Logger } from 'pino';
import type { Dispatcher } from 'undici';
import { makeAcceptCampaign } from '../shared/actions/accept-campaign.ts';
import { makeStopCampaign } from '../shared/actions/stop-campaign.ts';
import type { Campaign } from '../shared/campaign/campaign.ts';
import { AccountUnknown, type WechatFor } from '../shared/delivery/wechat-accounts.ts';
import type { AccountConfig } from '../shared/platform/accounts.ts';
import type { Config } from '../shared/platform/config.ts';
import type { Redis } from '../shared/platform/redis.ts';
import type { Telemetry } from '../shared/platform/telemetry.ts';
import { SECOND } from '../shared/platform/time.ts';
import { makeEnqueueRoot } from '../shared/queue/enqueue-root.ts';
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
} from '../shared/queue/jobs.ts';
import type { Queues } from '../shared/queue/queues.ts';
import { recordOf } from '../shared/record/keys.ts';
import type { Stores } from '../shared/record/record.ts';
import { makeWebhookSecret } from '../shared/record/webhook-secret.ts';
import { CallerMistake } from './caller-mistake.ts';
import { makeAcceptCampaignJob } from './campaign/accept-campaign-job.ts';
import { makeAwaitWord } from './campaign/await-word.ts';
import { makeFindAudience } from './campaign/find-audience.ts';
import { makeGetReady } from './campaign/get-ready.ts';
import { makeLeaveToItsAccount } from './campaign/leave-to-its-account.ts';
import { makeReadFollowers } from './campaign/read-followers.ts';
import { makeReviveBatches } from './campaign/revive-batches.ts';
import { makeRunCampaign } from './campaign/run-campaign.ts';
import { makePrepareMessage } from './delivery/prepare-message.ts';
import { makeRemoveStrayDrafts } from './delivery/remove-stray-drafts.ts';
import { makeRenewMaterial } from './delivery/renew-material.ts';
import { makeTakeInUpload } from './delivery/take-in-upload.ts';
import { makeUploadMedia } from './delivery/upload-media.ts';
import { makeUploadNews } from './delivery/upload-news.ts';
import { makeAfterAcceptance } from './lane/after-acceptance.ts';
import { makeEnterLane } from './lane/enter-lane.ts';
import { makeInTurn } from './lane/in-turn.ts';
import { makeLaneReactions } from './lane/lane-reactions.ts';
import { sleepUntil } from './lane/sleep.ts';
import { makeSubmitBatch } from './lane/submit-batch.ts';
import { makeTakeInAnswer } from './lane/take-in-answer.ts';
import { makeWaitForWechat } from './lane/wait-for-wechat.ts';
import { makeAwaitReceipt } from './receipts/await-receipt.ts';
import type { Gate } from './upkeep/check-heartbeat.ts';
import { makeNotifyWebhook } from './upkeep/notify-webhook.ts';
import { makeSweep } from './upkeep/sweep.ts';
import { makeTellWebhook } from './upkeep/tell-webhook.ts';

interface Dependencies {
  readonly config: Config;
  readonly accounts: () => readonly AccountConfig[];
  readonly redis: Redis;
  readonly gate: Pick<Gate, 'pass'>;
  /** @throws {ServiceError} where this process's own settings are out of date. */
  readonly checkInstallation: () => Promise<void>;
  readonly stores: Stores;
  readonly queues: Queues;
  readonly wechatFor: WechatFor;
  /** Towards addresses that strangers name. */
  readonly webhooks: Dispatcher;
  readonly hostId: string;
  readonly log: Logger;
  readonly telemetry: Telemetry;
  readonly now: () => number;
  readonly prefix: string;
}

/** Queues whose jobs do little else but call WeChat, or a receiver. */
const CALLS_OUT: readonly string[] = ['media', 'news', 'followers', 'webhooks'];

/** How soon a job notices that its account was added again. */
const ACCOUNT_BACK_AFTER = 30 * SECOND;

const addressOf = (url = ''): string => URL.parse(url)?.origin ?? url;

/** The one processor of every queue: a job's name decides. */
export function makeProcessor(deps: Dependencies): Processor {
  const { config, accounts, redis, stores, queues, wechatFor, hostId } = deps;
  const { log, telemetry, now, prefix } = deps;
  const { era } = config.wechat;
  const { submitTimeoutMs, unknownRetryMs, receiptDeadlineMs } = config.pace;
  const { batches, campaigns } = stores;
  const accountOf = (name: string): AccountConfig => {
    const account = accounts().find((one) => one.name === name);
    if (!account) throw new AccountUnknown(name);
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
  const inTurn = makeInTurn({ now });
  const laneReactions = makeLaneReactions({ stores, queues, hostId, telemetry, now });
  const waitForWechat = makeWaitForWechat({ campaigns, laneReactions });
  const common = {
    stores,
    queues,
    wechatFor,
    accountOf,
    era,
    inTurn,
    laneReactions,
    waitForWechat,
    stopCampaign: makeStopCampaign({ stores, queues, now }),
    prepareMessage: makePrepareMessage({ campaigns, queues, era, now }),
    takeInUpload: makeTakeInUpload({ campaigns, waitForWechat, telemetry, now }),
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
  const removeStrayDrafts = makeRemoveStrayDrafts({ stores, wechatFor, telemetry });
  const tellWebhook = makeTellWebhook({ campaigns, queues });
  const onEnd = async ({ id, webhook }: Campaign): Promise<void> => {
    if (webhook) await tellWebhook(id);
  };
  const { checkInstallation } = deps;
  const leaveToItsAccount = makeLeaveToItsAccount({ ...common, checkInstallation, onEnd });

  const processors: Readonly<Record<string, Processor>> = {
    [acceptCampaignJob.name]: makeAcceptCampaignJob({
      ...accept,
      dataOf: (job) => redis.hget(queues.campaigns.toKey(job.id ?? ''), 'data'),
      log,
      now,
    }),
    [runCampaignJob.name]: makeRunCampaign({
      ...common,
      getReady: makeGetReady({ ...common, findAudience }),
      reviveBatches,
      async onEnd(campaign) {
        await removeStrayDrafts(campaign).catch(() => undefined);
        await onEnd(campaign);
      },
    }),
    [awaitDecisionJob.name]: makeAwaitWord({ stores, now }),
    [awaitResumeJob.name]: makeAwaitWord({ stores, now }),
    [uploadMediaJob.name]: makeUploadMedia(common),
    [uploadNewsJob.name]: makeUploadNews(common),
    [submitBatchJob.name]: makeSubmitBatch({
      ...common,
      enterLane: makeEnterLane({ stores, queues, now }),
      takeInAnswer: makeTakeInAnswer({ ...common, ...stores, afterAcceptance, renewMaterial }),
      afterAcceptance,
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
    // Trying again would not help: the name was misspelt by whoever added the job.
    if (!processor) throw new CallerMistake(`no job is called ${job.name}`);
    await deps.gate.pass();
    if (await leaveToItsAccount(job)) return undefined;
    const run = async () => {
      try {
        return await processor(job, token, signal);
      } catch (error) {
        if (!(error instanceof AccountUnknown)) throw error;
        // The campaign's view says so (campaign/serving.ts); it goes on once the account is back.
        return sleepUntil(job, token, now() + ACCOUNT_BACK_AFTER);
      }
    };
    if (!CALLS_OUT.includes(job.queueName)) return run();
    const campaign = await campaigns.spec(job.data.campaignId);
    const { webhook, account } = campaign ?? {};
    const whose = job.name === notifyWebhookJob.name ? addressOf(webhook?.url) : account;
    return inTurn(job, token, whose ?? '', run);
  };
}
