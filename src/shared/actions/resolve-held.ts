/** An operator says what became of a batch whose outcome is unknown: sent, not sent, or given up. */
import { advance, type BatchEvent } from '../campaign/advance-batch.ts';
import type { AuditEntry } from '../campaign/audit.ts';
import { type Batch, isUnknown } from '../campaign/batch.ts';
import type { Campaign, Control } from '../campaign/campaign.ts';
import { type Problem, type Refused, refuse } from '../contract/problem.ts';
import type { BatchStore } from '../record/batch-store.ts';

export type Resolution = (
  | { readonly as: 'sent'; readonly msgId: string }
  /** `mayBeReceivedTwice` is needed for a batch that was given up. */
  | { readonly as: 'not-sent'; readonly mayBeReceivedTwice?: true | undefined }
  | { readonly as: 'given-up' }
) & {
  readonly note?: string | undefined;
  /** The version that was decided on: the batch's; the campaign's for all that are held. */
  readonly seen?: number | undefined;
};

interface Dependencies {
  readonly batches: Pick<BatchStore, 'decide' | 'accepted'>;
  readonly now: () => number;
}

export function makeResolveHeld({ batches, now }: Dependencies) {
  /** @returns null when the decision was taken in, now or before. */
  return async function resolveHeld(
    campaign: Campaign,
    which: number | 'all-held',
    decision: Resolution,
    by: string,
  ): Promise<Refused | null> {
    const { as, note } = decision;
    const at = now();
    const audit: AuditEntry = {
      ...{ at, by, action: 'resolve', as },
      ...(note === undefined ? {} : { note }),
    };
    if (decision.as === 'sent') {
      return which === 'all-held' ? ONE_BY_ONE : wasSent(campaign, which, decision, audit);
    }
    return batches.decide<Problem>(campaign, async ({ batches: all, version, control }) => {
      if (which === 'all-held') {
        const seen = decision.seen ?? version;
        const isRepeat = all.some(
          ({ resolved }) => resolved?.as === as && resolved.together === seen,
        );
        if (seen !== version && !isRepeat) return refuse({ code: 'moved' });
        const meant = seen === version ? all.filter(({ state }) => state === 'held') : [];
        return { changed: meant.map((batch) => change(batch, control, version)), audit };
      }
      const batch = all.find(({ no }) => no === which);
      const judged = judge(batch, decision);
      if (judged === 'done') return { changed: [], audit };
      if (judged) return judged;
      if (!batch || !isUnknown(batch)) return NO_BATCH;
      if (batch.state === 'abandoned') {
        if (as === 'given-up') return { changed: [], audit };
        const { mayBeReceivedTwice } = decision as { mayBeReceivedTwice?: true };
        if (maySend(control) && !mayBeReceivedTwice) return MAY_BE_RECEIVED_TWICE;
      }
      return { changed: [change(batch, control)], audit };
    });

    function change(before: Batch, control: Control, together?: number) {
      const all = together === undefined ? {} : { together };
      const after = advance(before, { type: `resolved-${as}`, at, ...all } as BatchEvent);
      if (after.state !== 'pending' || maySend(control)) return { before, after };
      return { before, after: advance(after, { type: 'cancelled', at }) };
    }

    /** Else a batch that was not sent is over, since nothing may be sent any more. */
    function maySend(control: Control): boolean {
      return !control.cancelled && at < campaign.notAfter;
    }
  };

  async function wasSent(
    { id }: Campaign,
    no: number,
    decision: Extract<Resolution, { as: 'sent' }>,
    audit: AuditEntry,
  ): Promise<Refused | null> {
    let judged: Judged = null;
    const event = { type: 'resolved-sent', msgId: decision.msgId, at: audit.at } as const;
    const unless = (batch: Batch): boolean => {
      judged = judge(batch, decision);
      return judged !== null;
    };
    const outcome = await batches.accepted({ campaignId: id, no }, event, { audit, unless });
    if (outcome.kind === 'taken') {
      return refuse({ code: 'message-id-taken', msgId: decision.msgId, owner: outcome.owner });
    }
    if (outcome.kind !== 'declined') return null;
    return asRefused(judged);
  }
}

type Judged = Refused | 'done' | null;

const asRefused = (judged: Judged): Refused | null => (judged === 'done' ? null : judged);

/** Whether the batch is still the one that was decided about; `done` if this is a repeat. */
function judge(batch: Batch | undefined, decision: Resolution): Judged {
  if (!batch) return NO_BATCH;
  const { seen } = decision;
  if (isUnknown(batch) && (seen === undefined || seen === batch.version)) return null;
  if (isRepeat(batch, decision)) return 'done';
  const { no, state } = batch;
  return seen === undefined
    ? refuse({ code: 'batch-not-held', no, state })
    : refuse({ code: 'moved', batch });
}

function isRepeat(batch: Batch, decision: Resolution): boolean {
  const { resolved } = batch;
  if (resolved?.as !== decision.as) return false;
  if (decision.seen !== undefined) return resolved.seen === decision.seen;
  return decision.as !== 'sent' || ('msgId' in batch && batch.msgId === decision.msgId);
}

const NO_BATCH = refuse({ code: 'batch-not-found' });
const ONE_BY_ONE = refuse({ code: 'one-msg-id' });
const MAY_BE_RECEIVED_TWICE = refuse({ code: 'may-be-received-twice' });
