/** A batch as the API shows it: WeChat's keys and ids are there to be looked up, times are RFC 3339. */
import { type Batch, batchKey } from '../../shared/campaign/batch.ts';
import { rfc3339 } from '../../shared/campaign/campaign.ts';
import type { Receipt } from '../../shared/campaign/receipt.ts';

export interface BatchView {
  readonly no: number;
  /** Grows with each change; a decision about it names the one it was made on. */
  readonly version: number;
  readonly state: Batch['state'];
  readonly size: number | null;
  /** What WeChat knows the batch by; another one after `retry` or `resolve`. */
  readonly clientMsgId: string;
  readonly attempts: number;
  readonly msgId?: string;
  readonly msgDataId?: string | null;
  readonly submittedAt?: string;
  readonly settledAt?: string;
  readonly nextAttemptAt?: string;
  /** Of a held or abandoned one: from when on it may be in WeChat's console. */
  readonly firstAttemptAt?: string;
  readonly errcode?: number;
  readonly reason?: string;
  /** Held because this message id belongs to another batch. */
  readonly takenMsgId?: string;
  readonly receipt?: Receipt;
  /** WeChat accepted two of its keys: it may have been received twice. */
  readonly twice?: true;
}

export function batchView(campaignId: string, batch: Batch): BatchView {
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
