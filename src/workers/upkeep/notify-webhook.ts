/**
 * Tells a campaign's webhook that it ended, or that a receipt changed after that, signed after Standard Webhooks.
 *
 * An answer of 2xx is the end of it, 410 asks us to stop; whatever else fails the job, and it comes
 * back later and later for some three days. The same ending has the same `webhook-id` each time, so
 * that a receiver can tell a repeat.
 *
 * @see https://www.standardwebhooks.com
 */
import { Webhook } from 'standardwebhooks';
import type { Dispatcher } from 'undici';
import type { Act } from '../../shared/campaign/audit.ts';
import { type CampaignView, viewOf } from '../../shared/contract/campaign-view.ts';
import { type InWords, inWords } from '../../shared/contract/campaign-words.ts';
import { exchange, NoAnswerInTime } from '../../shared/platform/exchange.ts';
import {
  TargetRefused,
  type TargetRules,
  targetRefusal,
} from '../../shared/platform/safe-target.ts';
import { SECOND } from '../../shared/platform/time.ts';
import {
  type NotifyWebhookPayload,
  notifyWebhookJob,
  webhookPause,
} from '../../shared/queue/jobs.ts';
import { plan } from '../../shared/queue/queues.ts';
import type { WebhookKind } from '../../shared/record/campaign-index.ts';
import type { WebhookSecret } from '../../shared/record/webhook-secret.ts';
import type { Handler } from '../job.ts';
import type { Tools } from '../tools.ts';

type Dependencies = Pick<Tools, 'stores' | 'telemetry' | 'now'> & {
  readonly secret: WebhookSecret;
  readonly rules: TargetRules;
  /** From `openSafeDispatcher`. */
  readonly dispatcher: Dispatcher;
};

export interface WebhookEvent {
  readonly type:
    | 'campaign.completed'
    | 'campaign.failed'
    | 'campaign.cancelled'
    | 'campaign.corrected';
  /** When the campaign ended, or was corrected, RFC 3339. */
  readonly timestamp: string;
  /** With its warnings in English. */
  readonly data: InWords<CampaignView>;
}

const GONE = 410;
const ANSWER_WITHIN = 15 * SECOND;

export function makeNotifyWebhook(deps: Dependencies): Handler<NotifyWebhookPayload> {
  const { stores, secret, rules, dispatcher, telemetry, now } = deps;
  const { campaigns } = stores;

  return async function notifyWebhook({ campaignId, replay, corrected = false }, job) {
    const record = await campaigns.read(campaignId);
    if (!record) return null;
    const { campaign, control, tally } = record;
    const event = eventOf(viewOf(campaign, control, tally), corrected);
    const url = campaign.webhook?.url;
    if (!event || url === undefined) return null;

    const id = corrected
      ? `${campaignId}_${replay}_corrected`
      : `${campaignId}_${control.endedAt ?? 0}`;
    const answer = await deliver(url, id, event);
    telemetry.webhookEnded(campaign, answer.delivered ? 'delivered' : 'failed', answer.status);
    if (answer.delivered) {
      await campaigns.webhookDelivered(campaignId);
      return note({ action: 'webhook-delivered' });
    }
    const { why, final } = answer;
    const attempts = job.attemptsMade + 1;
    const isOver = final || attempts >= (job.opts.attempts ?? 1);
    const nextAt = isOver ? null : now() + webhookPause(attempts);
    await campaigns.webhookFailed(campaignId, { why, attempts, nextAt });
    if (isOver) await note({ action: 'webhook-given-up', why });
    if (!answer.final) throw new Error(`webhook: ${answer.why}`);
    return null;

    async function note(act: Act): Promise<null> {
      await campaigns.note(campaignId, { at: now(), by: 'qunfa', ...act });
      return null;
    }
  };

  async function deliver(url: string, id: string, event: WebhookEvent): Promise<Outcome> {
    const refusal = targetRefusal(url, rules);
    if (refusal) return { delivered: false, final: true, why: refusal };
    const body = JSON.stringify(event);
    const at = new Date(now());
    const headers = {
      'content-type': 'application/json',
      'user-agent': 'qunfa-webhooks',
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
      // One by each secret that is good: while one is replaced, a receiver may have either.
      'webhook-signature': (await secret.all())
        .map((one) => new Webhook(one).sign(id, at, body))
        .join(' '),
    };
    const answer = await exchange(dispatcher, {
      url: new URL(url),
      method: 'POST',
      headers,
      body,
      maxBytes: 0,
      withinMs: ANSWER_WITHIN,
    });
    if (answer.kind === 'answered') return judge(answer.status);
    const { error } = answer;
    return { delivered: false, final: causedByRules(error), why: describe(error) };
  }
}

type Outcome =
  | { readonly delivered: true; readonly status: number }
  | {
      readonly delivered: false;
      readonly final: boolean;
      readonly why: string;
      readonly status?: number;
    };

/** A redirect is not followed: its target was not checked. */
function judge(status: number): Outcome {
  if (status >= 200 && status < 300) return { delivered: true, status };
  return { delivered: false, final: status === GONE, why: `HTTP ${status}`, status };
}

/** Null while the campaign goes on, as after a retry of its refused batches. */
function eventOf(view: CampaignView, corrected: boolean): WebhookEvent | null {
  const { state, completedAt, correctedAt } = view;
  const data = inWords(view, 'en');
  if (corrected) {
    return correctedAt === undefined
      ? null
      : { type: 'campaign.corrected', timestamp: correctedAt, data };
  }
  if (completedAt === undefined) return null;
  if (state !== 'completed' && state !== 'failed' && state !== 'cancelled') return null;
  return { type: `campaign.${state}`, timestamp: completedAt, data };
}

const causedByRules = (error: unknown): boolean =>
  error instanceof TargetRefused ||
  (error instanceof AggregateError && error.errors.some(causedByRules));

/** By code: the message may hold the address, which is the receiver's secret. */
function describe(error: unknown): string {
  if (error instanceof TargetRefused || error instanceof NoAnswerInTime) return error.message;
  const code = (error as { code?: unknown }).code;
  return typeof code === 'string' ? code : 'no answer';
}

export type TellWebhook = (campaignId: string, kind?: WebhookKind) => Promise<void>;

/**
 * Queues the news that a campaign has ended, or changed after that. Numbered by the time of the
 * end: a campaign whose refused batches were retried ends again, and that is news; asked twice about
 * one end, it is told once.
 */
export function makeTellWebhook({ stores, queues }: Pick<Tools, 'stores' | 'queues'>): TellWebhook {
  const { campaigns } = stores;

  return async (campaignId, kind = 'webhook') => {
    const record = await campaigns.read(campaignId);
    const { endedAt, correctedAt } = record?.control ?? {};
    const corrected = kind === 'corrected';
    const replay = corrected ? correctedAt : endedAt;
    if (record?.campaign.webhook && replay !== undefined) {
      const payload = { campaignId, replay, ...(corrected && { corrected }) };
      const job = plan({ definition: notifyWebhookJob, payload });
      await queues.webhooks.add(job.name, job.data, job.opts);
    }
    await campaigns.webhookIsThere(campaignId, kind);
  };
}
