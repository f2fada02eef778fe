/** A campaign as the API, the page and webhooks show it. */
import { usesSendAll } from '../campaign/audience.ts';
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
import type { Failure } from '../campaign/failure.ts';
import { outcomeOf } from '../campaign/outcome.ts';
import { batchTotal, receiptTotals, type Tally } from '../campaign/progress.ts';
import { type Warning, warningsOf } from '../campaign/warnings.ts';
import type { CampaignSummary } from './campaigns.ts';

/** Its warnings and its error are facts: their sentences are made in the reader's language (`inWords`). */
export type CampaignView = Omit<CampaignSummary, 'warnings' | 'error'> & {
  readonly warnings: readonly Warning[];
  readonly error?: Failure;
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
    recipients: usesSendAll(campaign.audience)
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
    createdBy: campaign.createdBy,
    ...(control.approved ? { approved: approvedOf(control.approved) } : {}),
    sendAt: rfc3339(campaign.sendAt),
    notAfter: rfc3339(campaign.notAfter),
    ...(control.endedAt === undefined ? {} : { completedAt: rfc3339(control.endedAt) }),
    ...(correctedAt === undefined ? {} : { correctedAt }),
    ...(isPaused(control) ? { pausedFor: pauseReasons(control) } : {}),
    ...errorOf(control, tally),
  };
}

const approvedOf = ({ at, by, draft }: NonNullable<Control['approved']>) => ({
  ...{ at: rfc3339(at), by },
  ...(draft === undefined ? {} : { draft: 'read' as const }),
});

const waitingOf = (
  { until, ...waiting }: Waiting,
  notAfter: number,
): NonNullable<CampaignView['waiting']> => ({
  ...waiting,
  until: rfc3339OrNull(until),
  ...(until !== null && until >= notAfter ? { missesNotAfter: true } : {}),
});

const rfc3339OrNull = (at: number | null): string | null => (at === null ? null : rfc3339(at));

function errorOf(control: Control, tally: Tally): { readonly error?: Failure } {
  const { failed, cancelled, phase } = control;
  if (failed) {
    const { at: _, ...error } = failed;
    return { error };
  }
  if (cancelled?.reason === 'rejected') {
    return { error: { code: 'rejected', note: cancelled.note ?? '' } };
  }
  const isLate = cancelled?.reason === 'not-after' && phase === 'ended' && wasCutShort(tally);
  return isLate ? { error: { code: 'not-after' } } : {};
}
