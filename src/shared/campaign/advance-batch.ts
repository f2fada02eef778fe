/**
 * The life of one batch.
 *
 *   pending ──▶ submitting ──▶ submitted ──▶ settled      the receipt is in
 *      ▲   ◀─────┘  │  ▲  │
 *      │  WeChat    │  └──┘ asked again, same key, while the outcome is unknown
 *      │  said wait ├────▶ refused                        WeChat refused the submission
 *      │            └────▶ held ──▶ abandoned             unknown; an operator decides
 *      └─── an operator: retry (refused), resolve (held, abandoned), with a new key
 *   pending ──▶ cancelled
 *
 * Pure: no clock, no Redis, no WeChat. Whatever can happen to a batch, happens here.
 */
import { assertNever, ServiceError } from '../platform/errors.ts';
import {
  type Batch,
  type Common,
  type HeldReason,
  isFinal,
  isUnknown,
  type ResolvedAs,
  type UnknownBatch,
  type WaitReason,
} from './batch.ts';
import type { Range } from './divide.ts';
import type { Failure } from './failure.ts';
import { given } from './given.ts';
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
  /** WeChat accepted an earlier call, after the batch was decided about. */
  | {
      readonly type: 'accepted-late';
      readonly msgId: string;
      readonly msgDataId?: string;
      /** Of the key that was accepted. */
      readonly generation: number;
      readonly at: number;
    }
  | {
      readonly type: 'refused';
      readonly errcode?: number;
      readonly failure: Failure;
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
  /** An operator: it went out, and this is its message id. */
  | { readonly type: 'resolved-sent'; readonly msgId: string; readonly at: number }
  /** An operator: it did not go out. Submitted again under a new key. */
  | { readonly type: 'resolved-not-sent'; readonly together?: number }
  /** An operator: it stays unknown. */
  | { readonly type: 'resolved-given-up'; readonly at: number; readonly together?: number }
  /** An operator: submit the refused batch again, under a new key. */
  | {
      readonly type: 'retried';
      /** Smaller than before: half of it, or without some. */
      readonly range?: Range;
      readonly without?: readonly string[];
      readonly size?: number;
    };

/**
 * The batch after an event. An event already taken in returns the same object, so that the store
 * can tell a repeat (WeChat pushes a receipt up to three times) from news.
 *
 * @throws {ServiceError} `BATCH_TRANSITION_ILLEGAL` when the two cannot belong together.
 */
export function advance(batch: Batch, event: BatchEvent): Batch {
  const next = after(batch, event);
  return next === batch || event.type === 'rerun' ? next : { ...next, version: batch.version + 1 };
}

function after(batch: Batch, event: BatchEvent): Batch {
  switch (event.type) {
    case 'attempt-started':
      return startAttempt(batch, event);
    case 'accepted':
      return accept(batch, event);
    case 'accepted-late':
      return acceptLate(batch, event);
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
        ...given({ errcode: event.errcode }),
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
      if (!isUnknown(batch)) return illegal(batch, event);
      return {
        ...common(resolved(batch, 'sent')),
        state: 'submitted',
        msgId: event.msgId,
        submittedAt: event.at,
        run: batch.run + 1,
      };
    case 'resolved-not-sent':
      return isUnknown(batch)
        ? again(resolved(batch, 'not-sent', event.together))
        : illegal(batch, event);
    case 'retried':
      return batch.state === 'refused'
        ? again({
            ...batch,
            ...given({ range: event.range, without: event.without, size: event.size }),
          })
        : illegal(batch, event);
    case 'resolved-given-up': {
      if (batch.state !== 'held') return illegal(batch, event);
      const { heldAt: _, ...rest } = resolved(batch, 'given-up', event.together);
      return { ...rest, state: 'abandoned', abandonedAt: event.at };
    }
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

/** A late acceptance overrules held and abandoned: the outcome is known now. */
function accept(batch: Batch, event: Event<'accepted'>): Batch {
  if (batch.state === 'submitting' || isUnknown(batch)) {
    return {
      ...common(batch),
      state: 'submitted',
      msgId: event.msgId,
      submittedAt: event.at,
      ...given({ msgDataId: event.msgDataId, adopted: event.adopted || undefined }),
    };
  }
  return isAbout(batch, event.msgId) ? batch : illegal(batch, event);
}

/**
 * It went out under an earlier key, so no later one may be called. Where a later one was called, and
 * not definitely refused, its followers may get it twice: that stays on the batch.
 */
function acceptLate(
  batch: Batch,
  { msgId, msgDataId, generation, at }: Event<'accepted-late'>,
): Batch {
  if (batch.state === 'submitted' || batch.state === 'settled') {
    return batch.twice || batch.msgId === msgId ? batch : { ...batch, twice: true };
  }
  const isOtherKeyOut =
    generation !== batch.generation && (batch.state === 'submitting' || isUnknown(batch));
  return {
    ...common(batch),
    state: 'submitted',
    generation,
    run: batch.run + 1,
    msgId,
    submittedAt: at,
    ...given({ msgDataId }),
    ...(isOtherKeyOut ? { twice: true } : {}),
  };
}

/** A refusal is final only if every earlier call of this key was answered; else it is unknown. */
function refuse(batch: Batch, event: Event<'refused'>): Batch {
  if (batch.state === 'refused') return batch;
  if (batch.state !== 'submitting' && batch.state !== 'pending') return illegal(batch, event);
  const errcode = given({ errcode: event.errcode });
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
    failure: event.failure,
  };
}

function putBack(batch: Batch, event: Event<'put-back'>): Batch {
  const { reason, nextAttemptAt, errcode } = event;
  const wait = { reason, nextAttemptAt, ...given({ errcode }) };
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
    ...given({ takenMsgId: event.takenMsgId, errcode: batch.errcode }),
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
    submittedAt: batch.submittedAt,
    ...given({
      msgDataId: batch.msgDataId,
      adopted: batch.adopted || undefined,
      reportedAt: event.reportedAt,
    }),
    settledAt: batch.state === 'settled' ? batch.settledAt : event.at,
    receipt: event.receipt,
  };
}

const again = (batch: Batch): Batch => ({
  ...common(batch),
  state: 'pending',
  generation: batch.generation + 1,
  run: batch.run + 1,
  attempts: 0,
});

function common(batch: Batch): Common {
  const { no, size, generation, run, attempts, version, range, without, resolved, twice } = batch;
  return {
    no,
    size,
    generation,
    run,
    attempts,
    version,
    ...given({ range, without, resolved, twice }),
  };
}

/** `together`: the campaign's version, where all that were held then were decided at once. */
const resolved = <T extends UnknownBatch>(batch: T, as: ResolvedAs, together?: number): T => ({
  ...batch,
  resolved: { as, seen: batch.version, ...given({ together }) },
});

/** What a cancel, or the passing of `notAfter`, makes of a batch; null where WeChat has it. */
export function onStop(batch: Batch, at: number): BatchEvent | null {
  if (batch.state === 'pending') return { type: 'cancelled', at };
  if (batch.state !== 'submitting' || !batch.answered) return null;
  // WeChat put off the repeat of an unanswered call: another repeat could send it.
  return batch.reason === 'outcome-unknown'
    ? null
    : { type: 'held', reason: 'outcome-unknown', at };
}

/** The acceptance of a call that was decided about before its answer came; null where none was. */
export function latenessOf(
  batch: Batch,
  { msgId, at, ...event }: Extract<BatchEvent, { type: 'accepted' | 'resolved-sent' }>,
  generation: number | undefined,
): Extract<BatchEvent, { type: 'accepted-late' }> | null {
  if (generation === undefined || isAbout(batch, msgId)) return null;
  const isAwaited = batch.state === 'submitting' || isUnknown(batch);
  if (isAwaited && batch.generation === generation) return null;
  const msgDataId = 'msgDataId' in event ? event.msgDataId : undefined;
  return { type: 'accepted-late', msgId, generation, at, ...given({ msgDataId }) };
}

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
