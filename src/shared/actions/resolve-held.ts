/** A person settles what nobody knows: was a held batch sent, not sent, or is it given up? */

import type { BatchEvent } from '../campaign/advance-batch.ts';
import type { Batch } from '../campaign/batch.ts';
import type { Campaign } from '../campaign/campaign.ts';
import type { AuditEntry } from '../record/audit.ts';
import type { BatchStore } from '../record/batch-store.ts';
import { type Refusal, refuse } from './refusal.ts';

export type Decision = (
  | { readonly as: 'sent'; readonly msgId: string }
  | { readonly as: 'not-sent' }
  | { readonly as: 'given-up' }
) & { readonly note?: string };

interface Dependencies {
  readonly batches: Pick<BatchStore, 'all' | 'apply' | 'accepted'>;
  readonly now: () => number;
}

type Refused = { readonly refused: Refusal };

export function makeResolveHeld({ batches, now }: Dependencies) {
  /** @returns null when the word was taken, or had been taken before. */
  return async function resolveHeld(
    { id, notAfter }: Campaign,
    which: number | 'all-held',
    decision: Decision,
    by: string,
  ): Promise<Refused | null> {
    const all = await batches.all(id);
    const meant = all.filter(({ no, state }) =>
      which === 'all-held' ? state === 'held' : no === which,
    );
    const [first] = meant;
    if (!first && which === 'all-held') return null;
    if (!first) return refuse(404, 'batch-not-found', `no such batch of ${id}`);
    if (which !== 'all-held' && first.state !== 'held') {
      return alreadySo(first, decision) ? null : notHeld(first);
    }
    if (decision.as === 'sent' && meant.length > 1) {
      return refuse(
        422,
        'one-msg-id',
        'a message id belongs to one batch: resolve them one by one',
      );
    }
    if (decision.as === 'not-sent' && now() >= notAfter) return notAfterPassed();
    const audit: AuditEntry = {
      at: now(),
      by,
      action: `resolve: ${decision.as}`,
      ...(decision.note === undefined ? {} : { note: decision.note }),
    };
    if (decision.as === 'sent') {
      const outcome = await batches.accepted(
        { campaignId: id, no: first.no },
        { type: 'resolved-sent', msgId: decision.msgId, at: now() },
        { audit },
      );
      if (outcome.kind === 'taken') {
        return refuse(
          409,
          'message-id-taken',
          `message ${decision.msgId} belongs to batch ${outcome.owner}`,
        );
      }
    } else {
      const type = decision.as === 'not-sent' ? 'resolved-not-sent' : 'resolved-given-up';
      const after = await change(id, meant, { type, at: now() } as BatchEvent, audit);
      // Somebody else, or WeChat, had another word at the same moment.
      const other = after.find((batch) => !alreadySo(batch, decision));
      if (other && which !== 'all-held') return notHeld(other);
    }
    return null;
  };

  async function change(
    id: string,
    meant: readonly Batch[],
    event: BatchEvent,
    audit: AuditEntry,
  ): Promise<Batch[]> {
    const after: Batch[] = [];
    for (const { no } of meant) {
      const unless = (current: Batch): boolean => current.state !== 'held';
      after.push(await batches.apply({ campaignId: id, no }, event, { audit, unless }));
    }
    return after;
  }
}

function alreadySo(batch: Batch, decision: Decision): boolean {
  switch (decision.as) {
    case 'sent':
      return 'msgId' in batch && batch.msgId === decision.msgId;
    case 'not-sent':
      return batch.generation > 0 && (batch.state === 'pending' || batch.state === 'submitting');
    case 'given-up':
      return batch.state === 'refused' && batch.reason === 'given-up';
  }
}

const notHeld = ({ no, state }: Batch): Refused =>
  refuse(409, 'batch-not-held', `batch ${no} is ${state}, not held`);

export const notAfterPassed = (): Refused =>
  refuse(409, 'not-after-passed', 'notAfter has passed: nothing may be sent any more');
