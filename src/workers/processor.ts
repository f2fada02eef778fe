/** Every job's handler, with what it needs, bound to the job's definition. */
import type { Job, Processor } from 'bullmq';
import type { Dispatcher } from 'undici';
import type { z } from 'zod';
import { makeAcceptCampaign } from '../shared/actions/accept-campaign.ts';
import { makeStopCampaign } from '../shared/actions/stop-campaign.ts';
import type { Campaign } from '../shared/campaign/campaign.ts';
import { makeFetchPicture } from '../shared/delivery/fetch-picture.ts';
import { AccountUnknown } from '../shared/delivery/wechat-accounts.ts';
import type { AccountConfig } from '../shared/platform/accounts.ts';
import type { Redis } from '../shared/platform/redis.ts';
import { SECOND } from '../shared/platform/time.ts';
import { makeEnqueueRoot, makeNewRoots } from '../shared/queue/enqueue-root.ts';
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
import type { AllQueues } from '../shared/queue/queues.ts';
import { recordOf } from '../shared/record/keys.ts';
import type { Stores } from '../shared/record/record.ts';
import { makeWebhookSecret } from '../shared/record/webhook-secret.ts';
import { makeAcceptCampaignJob } from './campaign/accept-campaign.ts';
import { makeCloseIfAccountChanged } from './campaign/account-changed.ts';
import { makeAwaitDecision, makeAwaitResume } from './campaign/await-decision.ts';
import { makeFindAudience } from './campaign/find-audience.ts';
import { makeGetReady } from './campaign/get-ready.ts';
import { makeReadFollowers } from './campaign/read-followers.ts';
import { makeReviveBatches } from './campaign/revive-batches.ts';
import { makeRunCampaign } from './campaign/run-campaign.ts';
import { makeCheckDraft } from './delivery/check-draft.ts';
import { makeRemoveStrayDrafts } from './delivery/drafts.ts';
import { makePrepareMessage } from './delivery/prepare-message.ts';
import { makeLoseCopies, makeRenewMaterial } from './delivery/renew-material.ts';
import { makeUploadMedia } from './delivery/upload-media.ts';
import { makeUploadNews } from './delivery/upload-news.ts';
import { makeUploads } from './delivery/uploading.ts';
import { CallerMistake, type Handler, rest, until } from './job.ts';
import { makeEnterLane } from './lane/enter-lane.ts';
import { makeInTurn } from './lane/in-turn.ts';
import { makeLaneReactions } from './lane/lane-reactions.ts';
import { makeSubmitBatch } from './lane/submit-batch.ts';
import { makeTakeInAnswer } from './lane/take-in-answer.ts';
import { makeTryLater } from './lane/try-later.ts';
import { makeAwaitReceipt } from './receipts/await-receipt.ts';
import { makeExpectReceipt } from './receipts/expect-receipt.ts';
import { makeRecordEvent, type Tools } from './tools.ts';
import { makeTraceJob } from './trace-job.ts';
import type { Gate } from './upkeep/check-heartbeat.ts';
import { makeNotifyWebhook, makeTellWebhook } from './upkeep/notify-webhook.ts';
import { makeSweep } from './upkeep/sweep.ts';

export interface PartsDependencies extends Omit<Tools, 'accountOf' | 'recordEvent'> {
  readonly accounts: () => readonly AccountConfig[];
  readonly redis: Redis;
  /** @throws {ServiceError} where this process's own settings are out of date. */
  readonly checkInstallation: () => Promise<void>;
  /** Towards addresses that strangers name. */
  readonly webhooks: Dispatcher;
  /** Of shard 0. */
  readonly prefix: string;
  /** Where a campaign that another service put into this shard is accepted. */
  readonly everywhere?: { readonly stores: Stores; readonly queues: AllQueues };
}

/** Queues whose jobs do little else but call WeChat, or a receiver. */
const CALLS_OUT: readonly string[] = ['media', 'news', 'followers', 'webhooks'];

/** How soon a job notices that its account was added again. */
const ACCOUNT_BACK_AFTER = 30 * SECOND;
/** While Redis is away, adding a root counts as failed after this. */
const ROOT_ADDED_WITHIN = 3 * SECOND;

/** What the processor is made of: a test takes one part in hand. */
export type Parts = ReturnType<typeof makeParts>;

export function makeParts(deps: PartsDependencies) {
  const { config, accounts, redis, stores, queues, telemetry, now, prefix } = deps;
  const accountOf = (name: string): AccountConfig => {
    const account = accounts().find((one) => one.name === name);
    if (!account) throw new AccountUnknown(name);
    return account;
  };
  const tools: Tools = { ...deps, accountOf, recordEvent: makeRecordEvent(stores, telemetry) };
  const enqueueRoot = makeEnqueueRoot({ queues, campaigns: stores.campaigns, now });
  const { everywhere = { stores, queues } } = deps;
  const { accept } = makeAcceptCampaign({
    accounts,
    era: config.wechat.era,
    allowPrivateTargets: config.allowPrivateTargets,
    isSandbox: config.isSandbox,
    fetchPicture: makeFetchPicture({
      dispatcher: deps.webhooks,
      rules: { allowPrivate: config.allowPrivateTargets },
    }),
    ...everywhere.stores,
    newRoots: makeNewRoots({ queues: everywhere.queues, now }, ROOT_ADDED_WITHIN),
    enqueueRoot: makeEnqueueRoot({ ...everywhere.stores, queues: everywhere.queues, now }),
    now,
  });
  const inTurn = makeInTurn(tools);
  const laneReactions = makeLaneReactions(tools);
  const stopCampaign = makeStopCampaign(tools);
  const later = makeTryLater({ ...tools, laneReactions });
  const prepareMessage = makePrepareMessage(tools);
  const loseCopies = makeLoseCopies(stores);
  const reviveBatches = makeReviveBatches(tools);
  const expectReceipt = makeExpectReceipt(tools);
  const tellWebhook = makeTellWebhook(tools);
  const removeStrayDrafts = makeRemoveStrayDrafts(tools);
  const onEnd = async ({ id, webhook }: Campaign): Promise<void> => {
    if (webhook) await tellWebhook(id);
  };

  const common = { ...tools, inTurn, laneReactions, stopCampaign, ...later, prepareMessage };
  const uploads = makeUploads(common);
  const checkDraft = makeCheckDraft(tools);
  const forUploads = { ...common, loseCopies, checkDraft, uploads };
  const renewMaterial = makeRenewMaterial({ ...common, loseCopies });
  const findAudience = makeFindAudience(common);
  const enterLane = makeEnterLane(tools);
  const takeInAnswer = makeTakeInAnswer({ ...common, expectReceipt, renewMaterial });
  const { checkInstallation } = deps;
  const closeIfAccountChanged = makeCloseIfAccountChanged({ ...tools, checkInstallation, onEnd });

  return {
    ...{ accept, enqueueRoot, enterLane, inTurn, laneReactions },
    closeIfAccountChanged,
    acceptCampaign: makeAcceptCampaignJob({
      ...tools,
      accept,
      dataOf: (job) => redis.hget(queues.campaigns.toKey(job.id ?? ''), 'data'),
    }),
    runCampaign: makeRunCampaign({
      ...common,
      getReady: makeGetReady({ ...common, findAudience }),
      reviveBatches,
      closeIfAccountChanged,
      async onEnd(campaign) {
        await removeStrayDrafts(campaign).catch(() => undefined);
        await onEnd(campaign);
      },
    }),
    awaitDecision: makeAwaitDecision(tools),
    awaitResume: makeAwaitResume(tools),
    readFollowers: makeReadFollowers(common),
    uploadMedia: makeUploadMedia(forUploads),
    uploadNews: makeUploadNews(forUploads),
    submitBatch: makeSubmitBatch({ ...common, enterLane, takeInAnswer, expectReceipt, checkDraft }),
    awaitReceipt: makeAwaitReceipt(common),
    notifyWebhook: makeNotifyWebhook({
      ...tools,
      secret: makeWebhookSecret({ redis, record: recordOf(prefix) }),
      rules: { allowPrivate: config.allowPrivateTargets },
      dispatcher: deps.webhooks,
    }),
    sweep: makeSweep({ ...common, enqueueRoot, tellWebhook, reviveBatches }),
  };
}

/** A handler of the payload that its job's definition describes. */
const bind = <Payload>(
  { name, payload }: { readonly name: string; readonly payload: z.ZodType<Payload> },
  handler: Handler<Payload>,
): [string, (job: Job) => ReturnType<Handler<Payload>>] => [
  name,
  (job) => handler(payload.parse(job.data), job),
];

const addressOf = (url = ''): string => URL.parse(url)?.origin ?? url;

/** The one processor of every queue: a job's name decides. */
export function makeProcessor(
  deps: PartsDependencies & { readonly gate: Pick<Gate, 'pass'> },
): Processor {
  const { stores, gate, now } = deps;
  const parts = makeParts(deps);
  const traceJob = makeTraceJob(stores);
  const handlers = new Map([
    bind(acceptCampaignJob, parts.acceptCampaign),
    bind(runCampaignJob, parts.runCampaign),
    bind(awaitDecisionJob, parts.awaitDecision),
    bind(awaitResumeJob, parts.awaitResume),
    bind(readFollowersJob, parts.readFollowers),
    bind(uploadMediaJob, parts.uploadMedia),
    bind(uploadNewsJob, parts.uploadNews),
    bind(submitBatchJob, parts.submitBatch),
    bind(awaitReceiptJob, parts.awaitReceipt),
    bind(notifyWebhookJob, parts.notifyWebhook),
    bind(sweepJob, parts.sweep),
  ]);

  return async (job, token) => {
    const handle = handlers.get(job.name);
    // Trying again would not help: the name was misspelt by whoever added the job.
    if (!handle) throw new CallerMistake(`no job is called ${job.name}`);
    await gate.pass();
    if (await parts.closeIfAccountChanged.job(job)) return undefined;
    const outcome = await traceJob(job, () =>
      inItsTurn(job, () => handle(job).catch(unlessAccountIsBack)),
    ).finally(() => parts.inTurn.over(job));
    if (!outcome) return undefined;
    return outcome.kind === 'result' ? outcome.value : rest(job, token, outcome);
  };

  async function inItsTurn<T>(job: Job, work: () => Promise<T>) {
    if (!CALLS_OUT.includes(job.queueName)) return work();
    const campaign = await stores.campaigns.spec(job.data.campaignId);
    const { webhook, account = '' } = campaign ?? {};
    const whose = job.name === notifyWebhookJob.name ? addressOf(webhook?.url) : account;
    const turn = await parts.inTurn(job, whose, work);
    return 'wait' in turn ? turn.wait : turn.done;
  }

  /** The campaign's view says so (campaign/serving.ts); it goes on once the account is back. */
  function unlessAccountIsBack(error: unknown) {
    if (!(error instanceof AccountUnknown)) throw error;
    return until(now() + ACCOUNT_BACK_AFTER);
  }
}
