/** A batch as the API shows it: WeChat's keys and ids are there to be looked up, times are RFC 3339. */
import { type Batch, batchKey } from '../campaign/batch.ts';
import { rfc3339 } from '../campaign/campaign.ts';
import type { BatchDetails } from './batches.ts';

export function batchView(campaignId: string, batch: Batch): BatchDetails {
  const { no, state, size, attempts, version, twice } = batch;
  const clientMsgId = batchKey(campaignId, batch);
  const base = { no, version, state, size, clientMsgId, attempts, ...(twice ? { twice } : {}) };
  switch (batch.state) {
    case 'pending':
    case 'submitting':
      return { ...base, ...whyOf(batch), ...nextOf(batch) };
    case 'submitted':
      return { ...base, ...messageOf(batch) };
    case 'settled':
      return {
        ...base,
        ...messageOf(batch),
        settledAt: rfc3339(batch.settledAt),
        receipt: batch.receipt,
      };
    case 'refused':
      return { ...base, ...whyOf(batch) };
    case 'held':
    case 'abandoned':
      return {
        ...base,
        ...whyOf(batch),
        firstAttemptAt: rfc3339(batch.firstAttemptAt),
        ...(batch.takenMsgId === undefined ? {} : { takenMsgId: batch.takenMsgId }),
      };
    case 'cancelled':
      return base;
  }
}

const whyOf = ({ errcode, reason }: { errcode?: number; reason?: string }) => ({
  ...(errcode === undefined ? {} : { errcode }),
  ...(reason === undefined ? {} : { reason }),
});

const nextOf = ({ nextAttemptAt }: { nextAttemptAt?: number }) =>
  nextAttemptAt === undefined ? {} : { nextAttemptAt: rfc3339(nextAttemptAt) };

const messageOf = (batch: Extract<Batch, { state: 'submitted' | 'settled' }>) => ({
  msgId: batch.msgId,
  ...(batch.msgDataId === undefined ? {} : { msgDataId: batch.msgDataId }),
  // An adopted message's answer (45065) lacks it: unknown, which is not the same as none.
  ...(batch.adopted && batch.msgDataId === undefined ? { msgDataId: null } : {}),
  submittedAt: rfc3339(batch.submittedAt),
});
