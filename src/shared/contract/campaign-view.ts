/** A campaign as the API, the page and webhooks show it. */
import { isWholesale } from '../campaign/audience.ts';
import {
  type Campaign,
  type Control,
  isPaused,
  pauseReasons,
  rfc3339,
  stateOf,
  type Waiting,
  wasCutShort,
} from '../campaign/campaign.ts';
import { outcomeOf } from '../campaign/outcome.ts';
import { batchTotal, receiptTotals, type Tally } from '../campaign/progress.ts';
import { type Warning, warningsOf } from '../campaign/warnings.ts';
import type { CampaignSummary } from './campaigns.ts';

/** Its warnings are facts: their sentences are made in the reader's language (`inWords`). */
export type CampaignView = Omit<CampaignSummary, 'warnings'> & {
  readonly warnings: readonly Warning[];
};

export function viewOf(campaign: Campaign, control: Control, tally: Tally): CampaignView {
  const state = stateOf(control, tally);
  const ended = control.phase === 'ended';
  const correctedAt = control.correctedAt === undefined ? undefined : rfc3339(control.correctedAt);
  const waiting = ended ? undefined : control.waiting;
  return {
    id: campaign.id,
    version: tally.version,
    name: campaign.name,
    account: campaign.account,
    ...(campaign.sandbox ? { sandbox: true } : {}),
    state,
    ...(state === 'completed' || state === 'cancelled' ? { outcome: outcomeOf(tally) } : {}),
    ...(waiting ? { waiting: waitingOf(waiting, campaign.notAfter) } : {}),
    recipients: isWholesale(campaign.audience)
      ? null
      : (control.recipients ?? campaign.counts?.recipients ?? null),
    audience: { ...campaign.audience, ...campaign.counts },
    messageType: campaign.messageType,
    batches: {
      total: batchTotal(tally),
      pending: tally.pending,
      submitting: tally.submitting,
      submitted: tally.submitted,
      settled: tally.settled,
      refused: tally.refused,
      held: tally.held,
      abandoned: tally.abandoned,
      cancelled: tally.cancelled,
    },
    receipt: receiptTotals(tally),
    warnings: warningsOf(tally, { correctedAt, followers: control.followers }),
    createdAt: rfc3339(campaign.createdAt),
    sendAt: rfc3339(campaign.sendAt),
    notAfter: rfc3339(campaign.notAfter),
    ...(control.endedAt === undefined ? {} : { completedAt: rfc3339(control.endedAt) }),
    ...(correctedAt === undefined ? {} : { correctedAt }),
    ...(isPaused(control) ? { pausedFor: pauseReasons(control) } : {}),
    ...(control.failed
      ? { error: { code: control.failed.code, message: control.failed.message } }
      : control.cancelled?.reason === 'rejected'
        ? { error: { code: 'rejected', message: control.cancelled.note ?? '' } }
        : control.cancelled?.reason === 'not-after' && ended && wasCutShort(tally)
          ? {
              error: {
                code: 'not-after',
                message: 'notAfter passed before all of it had gone out',
              },
            }
          : {}),
  };
}

const waitingOf = (
  { until, ...waiting }: Waiting,
  notAfter: number,
): NonNullable<CampaignView['waiting']> => ({
  ...waiting,
  until: rfc3339OrNull(until),
  ...(until !== null && until >= notAfter ? { missesNotAfter: true } : {}),
});

const rfc3339OrNull = (at: number | null): string | null => (at === null ? null : rfc3339(at));
