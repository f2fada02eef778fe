/**
 * The only place where something that happened becomes a log line and a number.
 *
 * One function per fact. Metric labels come from small closed sets; identifiers go to the log. No
 * OpenID, no token, no message text.
 */
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { type Batch, batchKey, type HeldReason } from '../campaign/batch.ts';
import type { Campaign, CampaignState } from '../campaign/campaign.ts';
import type { Disagreement } from '../campaign/serving.ts';
import type { Answer } from '../wechat/client.ts';
import { numbersOf, type OutcomeOf } from './metrics.ts';
import { noteCall } from './tracing.ts';

type JobName = OutcomeOf<'qunfa_jobs_failed_total'>;
type EndState = OutcomeOf<'qunfa_campaigns_total'>;

export type Telemetry = ReturnType<typeof makeTelemetry>;

export function makeTelemetry(log: Logger, registry: Registry) {
  const { count, observe } = numbersOf(registry);

  const of = ({ id, account }: Campaign, batch?: Pick<Batch, 'no' | 'generation'>) => ({
    campaign: id,
    account,
    ...(batch && { batch: batchKey(id, batch) }),
  });

  return {
    submissionAnswered(
      campaign: Campaign,
      batch: Batch,
      answer: Answer<{ readonly msgId: string }>,
    ): void {
      const fields = { ...of(campaign, batch), attempt: batch.attempts };
      count('qunfa_submissions_total', { outcome: answer.kind });
      if (answer.kind === 'ok') {
        const { msgId } = answer.value;
        log.info({ event: 'submission.accepted', ...fields, msgId }, 'batch accepted by WeChat');
      } else if (answer.kind === 'refused') {
        const { errcode, remedy } = answer;
        const why = { errcode, remedy: remedy.kind, scope: remedy.scope };
        log.warn({ event: 'submission.refused', ...fields, ...why }, 'WeChat refused a batch');
      } else {
        const event = `submission.${answer.kind}`;
        log.warn({ event, ...fields, cause: answer.cause }, NO_ANSWER[answer.kind]);
      }
    },
    tokenMissing(account: string, failure: Exclude<Answer<unknown>, { kind: 'ok' }>): void {
      const { kind, ...why } = failure;
      const fields = 'errcode' in why ? { errcode: why.errcode } : { cause: why.cause };
      log.warn({ event: 'token.missing', account, kind, ...fields }, 'no access token: no call');
    },
    batchHeld(campaign: Campaign, batch: Batch, reason: HeldReason): void {
      count('qunfa_batches_held_total', { reason });
      log.error(
        { event: 'batch.held', ...of(campaign, batch), reason },
        'it is unknown whether this batch went out: an operator must resolve it',
      );
    },
    acceptedLate(campaign: Campaign, batch: Batch): void {
      log.error(
        { event: 'submission.accepted-late', ...of(campaign, batch), twice: batch.twice === true },
        batch.twice
          ? 'WeChat accepted two keys of a batch: its followers may get it twice'
          : 'WeChat had accepted a batch that was decided about meanwhile: the decision gives way',
      );
    },
    materialRenewed(campaign: Campaign, batch: Batch): void {
      log.warn(
        { event: 'material.renewed', ...of(campaign, batch) },
        'WeChat no longer knows the media: made again, same key',
      );
    },
    uploadEnded(
      campaign: Campaign,
      fields: { what: string; outcome: 'done' | 'reused' | 'refused' | 'later'; errcode?: number },
    ): void {
      count('qunfa_uploads_total', { outcome: fields.outcome });
      log[fields.outcome === 'refused' ? 'error' : 'info'](
        { event: 'upload.ended', ...of(campaign), ...fields },
        'upload to WeChat',
      );
    },
    draftRemoved(campaign: Campaign, outcome: Answer<unknown>['kind']): void {
      log.info(
        { event: 'draft.removed', ...of(campaign), outcome },
        'a draft that no batch went out with',
      );
    },
    laneStopped(
      account: string,
      scope: 'send' | 'account',
      cause: { readonly code: string; readonly errcode: number; readonly host?: string },
    ): void {
      // One host's address alone: the account goes on by the others.
      if (cause.host === undefined) count('qunfa_lane_stops_total', { scope });
      log.error(
        { event: 'lane.stopped', account, scope, ...cause },
        cause.host === undefined
          ? 'nothing more goes out until an operator acts: see docs/operations.md'
          : 'WeChat refuses this host, and maybe no other',
      );
    },
    laneSleeps(account: string, reason: string, until: number): void {
      log.warn(
        { event: 'lane.sleeps', account, reason, until: new Date(until).toISOString() },
        'the lane waits',
      );
    },
    workersDiffer({ code, hosts }: Disagreement): void {
      log.error(
        { event: 'workers.differ', code, hosts },
        'workers have different settings: give all of them the same',
      );
    },
    callsPerMinuteDiffer(account: string, paces: readonly number[]): void {
      log.warn(
        { event: 'lane.paces-differ', account, paces },
        'workers have different calls a minute for this account: the lowest counts',
      );
    },
    receiptTaken(account: string, msgId: string, outcome: OutcomeOf<'qunfa_receipts_total'>): void {
      count('qunfa_receipts_total', { outcome });
      log.info({ event: 'receipt.taken', account, msgId, outcome }, 'receipt taken in');
    },
    campaignPaused(campaign: Campaign, reason: string): void {
      log.error(
        { event: 'campaign.paused', ...of(campaign), reason },
        'campaign paused: an operator must look',
      );
    },
    campaignEnded(campaign: Campaign, state: CampaignState, outcome?: string): void {
      count('qunfa_campaigns_total', { state: state as EndState });
      log.info({ event: 'campaign.ended', ...of(campaign), state, outcome }, 'campaign ended');
    },
    webhookEnded(campaign: Campaign, outcome: 'delivered' | 'failed', status?: number): void {
      count('qunfa_webhooks_total', { outcome });
      log[outcome === 'failed' ? 'warn' : 'info'](
        { event: 'webhook.ended', campaign: campaign.id, outcome, status },
        'webhook',
      );
    },
    /** Every call, token calls too; by its path alone. */
    wechatAnswered(path: string, { kind: outcome }: Answer<unknown>, ms: number): void {
      const api = path.replace(/^\/cgi-bin\//, '');
      observe('qunfa_wechat_call_duration_seconds', ms, { api, outcome });
      noteCall(`wechat ${api}`, ms, { 'url.path': path, 'qunfa.outcome': outcome });
    },
    alertSent(
      what: string,
      delivery: { readonly delivered: boolean; readonly why?: string },
    ): void {
      const { delivered, why } = delivery;
      count('qunfa_alerts_total', { outcome: delivered ? 'delivered' : 'failed' });
      log[delivered ? 'info' : 'warn']({ event: 'alert.sent', what, delivered, why }, 'ALERT_URL');
    },
    swept(fields: Readonly<Record<string, number>>): void {
      if (Object.values(fields).some((count) => count > 0)) {
        log.info({ event: 'sweep.acted', ...fields }, 'the sweeper put something right');
      }
    },
    /** Its caller's mistake: no stack, since nothing here is broken. */
    jobRefused(queue: string, job: string | undefined, why: string): void {
      log.warn({ event: 'job.refused', queue, job, why }, 'a job was refused');
    },
    /** Of a job that this program has: others are refused before. */
    jobFailed(
      queue: string,
      job: { readonly id?: string | undefined; readonly name: string } | undefined,
      error: Error,
    ): void {
      if (job) count('qunfa_jobs_failed_total', { job: job.name as JobName });
      log.error(
        { event: 'job.failed', queue, job: job?.id, err: error },
        'a job failed; it will be tried again',
      );
    },
  };
}

const NO_ANSWER = {
  unknown: 'no answer to a batch: WeChat may have it; the same key is asked about again',
  'not-sent': 'WeChat was not reached',
} as const;
