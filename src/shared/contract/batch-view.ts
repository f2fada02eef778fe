/** A batch as the API shows it: WeChat's keys and ids are there to be looked up, times are RFC 3339. */
import { type Batch, batchKey } from '../campaign/batch.ts';
import { rfc3339 } from '../campaign/campaign.ts';
import { given } from '../campaign/given.ts';
import { receiptWords } from '../campaign/receipt-words.ts';
import { STATE_WORDS } from '../campaign/state-words.ts';
import type { Language } from '../platform/sentences.ts';
import type { BatchDetails } from './batches.ts';
import { failureWords } from './campaign-words.ts';

export function batchView(campaignId: string, batch: Batch, language: Language): BatchDetails {
  const { no, state, size, attempts, version, twice } = batch;
  const { waits, heldFor } = STATE_WORDS[language];
  const base = {
    ...{ no, version, state, size, clientMsgId: batchKey(campaignId, batch), attempts },
    ...given({ twice, errcode: 'errcode' in batch ? batch.errcode : undefined }),
  };
  switch (batch.state) {
    case 'pending':
    case 'submitting': {
      const { reason, nextAttemptAt } = batch;
      return {
        ...base,
        ...(reason && { reason, message: waits[reason] }),
        ...(nextAttemptAt !== undefined && { nextAttemptAt: rfc3339(nextAttemptAt) }),
      };
    }
    case 'submitted':
      return { ...base, ...messageOf(batch) };
    case 'settled': {
      const receipt = { ...batch.receipt, meaning: receiptWords(batch.receipt, language) };
      return { ...base, ...messageOf(batch), settledAt: rfc3339(batch.settledAt), receipt };
    }
    case 'refused': {
      const failure = { ...batch.failure };
      return { ...base, error: { ...failure, message: failureWords(failure, language) } };
    }
    case 'held':
    case 'abandoned':
      return {
        ...base,
        reason: batch.reason,
        message: heldFor[batch.reason],
        firstAttemptAt: rfc3339(batch.firstAttemptAt),
        ...given({ takenMsgId: batch.takenMsgId }),
      };
    // Cancelled, or in a state that another version of this program has.
    default:
      return base;
  }
}

const messageOf = (batch: Extract<Batch, { state: 'submitted' | 'settled' }>) => ({
  msgId: batch.msgId,
  // An adopted message's answer (45065) lacks it: unknown, which is not the same as none.
  ...given({ msgDataId: batch.msgDataId ?? (batch.adopted ? null : undefined) }),
  submittedAt: rfc3339(batch.submittedAt),
});
