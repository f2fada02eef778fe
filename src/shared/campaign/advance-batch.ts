/**
 * The life of one batch.
 *
 *   pending ──▶ submitting ──▶ submitted ──▶ settled      the receipt is in
 *      ▲   ◀─────┘  │  ▲  │
 *      │  WeChat    │  └──┘ asked again, same key, while nobody knows
 *      │  said wait ├────▶ refused                        WeChat said no at the door
 *      │            └────▶ held                           nobody knows; a person decides
 *      └─── a person: retry (refused), resolve (held), with a new key
 *   pending ──▶ cancelled
 *
 * Pure: no clock, no Redis, no WeChat. Whatever can happen to a batch, happens here.
 */
import { assertNever, ServiceError } from '../platform/errors.ts';
import { type Batch, type Common, type HeldReason, isFinal, type WaitReason } from './batch.ts';
import type { Range } from './divide.ts';
import { type Receipt, sameReceipt } from './receipt.ts';

export type BatchEvent =
  /** The intent, recorded before the call is made. */
  | { readonly type: 'attempt-started'; readonly at: number }
  | {
      readonly type: 'accepted';
      readonly msgId: string;
      readonly msgDataId?: string;
      readonly adopted?: boolean;
      readonly at: number;
    }
  | {
      readonly type: 'refused';
      readonly errcode?: number;
      readonly reason: string;
      readonly at: number;
    }
  /** A definite "not now": this call was not accepted. */
  | {
      readonly type: 'put-back';
      readonly reason: WaitReason;
      readonly errcode?: number;
      readonly nextAttemptAt: number;
    }
  | {
      readonly type: 'outcome-unknown';
      readonly nextAttemptAt: number;
      readonly errcode?: number;
    }
  | {
      readonly type: 'held';
      readonly reason: HeldReason;
      readonly takenMsgId?: string;
      readonly at: number;
    }
  | {
      readonly type: 'receipt-arrived';
      readonly msgId: string;
      readonly receipt: Receipt;
      /** When WeChat made the event; absent where WeChat was asked. */
      readonly reportedAt?: number;
      readonly at: number;
    }
  | { readonly type: 'cancelled'; readonly at: number }
  /** A finished or lost job needs another id. */
  | { readonly type: 'rerun' }
  /** A person: it went out, and this is its message id. */
  | { readonly type: 'resolved-sent'; readonly msgId: string; readonly at: number }
  /** A person: it did not go out. Submitted again under a new key. */
  | { readonly type: 'resolved-not-sent' }
  | { readonly type: 'resolved-given-up'; readonly at: number }
  /** A person: submit the refused batch again, under a new key. */
  | {
      readonly type: 'retried';
      /** Smaller than before: half of it, or without some. */
      readonly range?: Range;
      readonly without?: string;
      readonly size?: number;
    };

/**
 * The batch after an event. An event already taken in returns the same object, so that the store
 * can tell a repeat (WeChat pushes a receipt up to three times) from news.
 *
 * @throws {ServiceError} `BATCH_TRANSITION_ILLEGAL` when the two cannot belong together.
 */
export function advance(batch: Batch, event: BatchEvent): Batch {
  switch (event.type) {
    case 'attempt-started':
      return startAttempt(batch, event);
    case 'accepted':
      return accept(batch, event);
    case 'refused':
      return refuse(batch, event);
    case 'put-back':
      return putBack(batch, event);
    case 'outcome-unknown':
      if (batch.state !== 'submitting') return illegal(batch, event);
      return {
        ...batch,
        unanswered: true,
        answered: true,
        nextAttemptAt: event.nextAttemptAt,
        reason: 'outcome-unknown',
        ...(event.errcode === undefined ? {} : { errcode: event.errcode }),
      };
    case 'held':
      return hold(batch, event);
    case 'receipt-arrived':
      return settle(batch, event);
    case 'cancelled':
      if (batch.state === 'cancelled') return batch;
      if (batch.state !== 'pending') return illegal(batch, event);
      return { ...common(batch), state: 'cancelled', cancelledAt: event.at };
    case 'rerun':
      return isFinal(batch) ? illegal(batch, event) : { ...batch, run: batch.run + 1 };
    case 'resolved-sent':
      if (isAbout(batch, event.msgId)) return batch;
      if (batch.state !== 'held') return illegal(batch, event);
      return {
        ...common(batch),
        state: 'submitted',
        msgId: event.msgId,
        submittedAt: event.at,
        run: batch.run + 1,
      };
    case 'resolved-not-sent':
      return batch.state === 'held' ? again(batch) : illegal(batch, event);
    case 'retried':
      return batch.state === 'refused'
        ? again({ ...batch, ...smaller(event) })
        : illegal(batch, event);
    case 'resolved-given-up':
      if (batch.state !== 'held') return illegal(batch, event);
      return { ...common(batch), state: 'refused', refusedAt: event.at, reason: 'given-up' };
    default:
      return assertNever(event);
  }
}

type Event<T extends BatchEvent['type']> = Extract<BatchEvent, { type: T }>;

function startAttempt(batch: Batch, event: Event<'attempt-started'>): Batch {
  if (batch.state === 'pending') {
    return {
      ...common(batch),
      state: 'submitting',
      attempts: batch.attempts + 1,
      firstAttemptAt: event.at,
      lastAttemptAt: event.at,
      asked: 1,
      unanswered: false,
      answered: false,
    };
  }
  if (batch.state !== 'submitting') return illegal(batch, event);
  const { nextAttemptAt: _, reason: __, errcode: ___, ...rest } = batch;
  return {
    ...rest,
    attempts: batch.attempts + 1,
    lastAttemptAt: event.at,
    asked: batch.asked + 1,
    // A recorded attempt without a recorded answer: its worker died in the middle of the call.
    unanswered: batch.unanswered || !batch.answered,
    answered: false,
  };
}

/** A late acceptance overrules held: WeChat's word is worth more than our not knowing. */
function accept(batch: Batch, event: Event<'accepted'>): Batch {
  if (batch.state === 'submitting' || batch.state === 'held') {
    return {
      ...common(batch),
      state: 'submitted',
      msgId: event.msgId,
      submittedAt: event.at,
      ...(event.msgDataId === undefined ? {} : { msgDataId: event.msgDataId }),
      ...(event.adopted ? { adopted: true } : {}),
    };
  }
  return isAbout(batch, event.msgId) ? batch : illegal(batch, event);
}

/** No is only an outcome where every earlier call of this key had one too; else nobody knows. */
function refuse(batch: Batch, event: Event<'refused'>): Batch {
  if (batch.state === 'refused') return batch;
  if (batch.state !== 'submitting' && batch.state !== 'pending') return illegal(batch, event);
  const errcode = event.errcode === undefined ? {} : { errcode: event.errcode };
  if (batch.state === 'submitting' && batch.unanswered) {
    return {
      ...common(batch),
      ...errcode,
      state: 'held',
      heldAt: event.at,
      firstAttemptAt: batch.firstAttemptAt,
      reason: 'outcome-unknown',
    };
  }
  return {
    ...common(batch),
    ...errcode,
    state: 'refused',
    refusedAt: event.at,
    reason: event.reason,
  };
}

function putBack(batch: Batch, event: Event<'put-back'>): Batch {
  const wait = {
    reason: event.reason,
    nextAttemptAt: event.nextAttemptAt,
    ...(event.errcode === undefined ? {} : { errcode: event.errcode }),
  };
  if (batch.state === 'pending') return { ...common(batch), state: 'pending', ...wait };
  if (batch.state !== 'submitting') return illegal(batch, event);
  if (batch.unanswered) return { ...batch, answered: true, ...wait };
  return { ...common(batch), state: 'pending', ...wait };
}

function hold(batch: Batch, event: Event<'held'>): Batch {
  if (batch.state === 'held') return batch;
  if (batch.state !== 'submitting') return illegal(batch, event);
  return {
    ...common(batch),
    state: 'held',
    heldAt: event.at,
    firstAttemptAt: batch.firstAttemptAt,
    reason: event.reason,
    ...(event.takenMsgId === undefined ? {} : { takenMsgId: event.takenMsgId }),
    ...(batch.errcode === undefined ? {} : { errcode: batch.errcode }),
  };
}

/**
 * A later copy with other counts replaces the earlier one; the same again is no news. Copies come in
 * any order: the later one is what WeChat made later.
 */
function settle(batch: Batch, event: Event<'receipt-arrived'>): Batch {
  if (!isAbout(batch, event.msgId)) return illegal(batch, event);
  if (batch.state === 'settled') {
    const isOlder = (event.reportedAt ?? Infinity) < (batch.reportedAt ?? 0);
    if (isOlder || sameReceipt(batch.receipt, event.receipt)) return batch;
  }
  return {
    ...common(batch),
    state: 'settled',
    msgId: batch.msgId,
    ...(batch.msgDataId === undefined ? {} : { msgDataId: batch.msgDataId }),
    submittedAt: batch.submittedAt,
    settledAt: batch.state === 'settled' ? batch.settledAt : event.at,
    receipt: event.receipt,
    ...(event.reportedAt === undefined ? {} : { reportedAt: event.reportedAt }),
  };
}

const again = (batch: Batch): Batch => ({
  ...common(batch),
  state: 'pending',
  generation: batch.generation + 1,
  run: batch.run + 1,
  attempts: 0,
});

const common = ({ no, size, generation, run, attempts, range, without }: Batch): Common => ({
  no,
  size,
  generation,
  run,
  attempts,
  ...(range === undefined ? {} : { range }),
  ...(without === undefined ? {} : { without }),
});

const smaller = ({ range, without, size }: Event<'retried'>) => ({
  ...(range === undefined ? {} : { range }),
  ...(without === undefined ? {} : { without }),
  ...(size === undefined ? {} : { size }),
});

function isAbout(
  batch: Batch,
  msgId: string,
): batch is Extract<Batch, { state: 'submitted' | 'settled' }> {
  return (batch.state === 'submitted' || batch.state === 'settled') && batch.msgId === msgId;
}

function illegal(batch: Batch, event: BatchEvent): never {
  throw new ServiceError('BATCH_TRANSITION_ILLEGAL', `${event.type} while ${batch.state}`, {
    details: { no: batch.no, state: batch.state, event: event.type },
  });
}
