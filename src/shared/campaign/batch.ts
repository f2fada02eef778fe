/**
 * One batch: the slice of an audience that goes to WeChat in a single mass send, and what is
 * known of it in each state. What may happen to it: `advance-batch.ts`.
 */
import type { Range } from './divide.ts';
import type { Failure } from './failure.ts';
import type { Receipt } from './receipt.ts';

export interface BatchRef {
  readonly campaignId: string;
  readonly no: number;
}

/**
 * No answer while a repeat was safe · an answer that names another batch's message · no id given ·
 * the account's name stands for another AppID or WeChat since.
 */
export const HELD_REASONS = [
  'outcome-unknown',
  'message-id-taken',
  'message-id-missing',
  'account-changed',
] as const;
export type HeldReason = (typeof HELD_REASONS)[number];

/** Why a pending or unanswered batch does not move; the words of the campaign's `waiting`. */
export const WAIT_REASONS = [
  'daily-quota',
  'monthly-quota',
  /** No mass send of a service account is left today, or this month: WeChat does not say which. */
  'send-quota',
  'account-paused',
  'wechat-approval',
  'outcome-unknown',
  'rate',
  'window',
  'wechat-busy',
  /** WeChat answered, and nothing can be read from it. */
  'wechat-unreadable',
  'followers-incomplete',
  'address-refused',
  'new-media',
  /** No running worker serves a queue that it needs next. */
  'no-worker',
  /** No running worker has its account in its settings. */
  'account-unknown',
  /** REDIS_WAIT_REPLICAS: what must be known before the call is not on so many replicas. */
  'replicas-behind',
] as const;
export type WaitReason = (typeof WAIT_REASONS)[number];

/** What stays with it through all its states. */
export interface Common {
  /** 1-based. */
  readonly no: number;
  /** How many OpenIDs; null for a group, a tag or everyone, whose number only WeChat knows. */
  readonly size: number | null;
  /** Part of the key: a new one is made by a person's word only. */
  readonly generation: number;
  /** Part of the job's id: a finished job makes room for another. */
  readonly run: number;
  readonly attempts: number;
  /** Grows with each change but `rerun`; what an operator's decision is checked against. */
  readonly version: number;
  /** Its part of the list, once it was divided; else its number gives it. */
  readonly range?: Range;
  /** Lists of those it goes without, ids of audiences. */
  readonly without?: readonly string[];
  /** The last decision about its unknown outcome, to tell a repeat of it from another one. */
  readonly resolved?: {
    readonly as: ResolvedAs;
    /** The batch's version then; and the campaign's, where all held ones were decided at once. */
    readonly seen: number;
    readonly together?: number;
  };
  /** WeChat accepted one of its keys when another key may have been accepted, too. */
  readonly twice?: true;
}

/** What an operator may say about a batch whose outcome is unknown. */
export type ResolvedAs = 'sent' | 'not-sent' | 'given-up';

/** The outcome is unknown since the first attempt, and WeChat is not asked any more. */
interface Unknown {
  readonly firstAttemptAt: number;
  readonly reason: HeldReason;
  readonly errcode?: number;
  /** The message id that WeChat named, where another batch owns it. */
  readonly takenMsgId?: string;
}

/** Asked at least once, and no outcome yet. */
interface Asked {
  readonly firstAttemptAt: number;
  readonly lastAttemptAt: number;
  /** Calls since the first that may have been accepted; tells when to ask again. */
  readonly asked: number;
}

export type Batch =
  | (Common & {
      readonly state: 'pending';
      readonly nextAttemptAt?: number;
      readonly reason?: WaitReason;
      readonly errcode?: number;
    })
  | (Common &
      Asked & {
        readonly state: 'submitting';
        /** A call of this key may have been accepted without our knowing. */
        readonly unanswered: boolean;
        readonly answered: boolean;
        readonly nextAttemptAt?: number;
        readonly reason?: WaitReason;
        readonly errcode?: number;
      })
  | (Common & {
      readonly state: 'submitted';
      readonly msgId: string;
      readonly msgDataId?: string;
      readonly submittedAt: number;
      /** The id came with a 45065: an earlier call of this key had been accepted. */
      readonly adopted?: boolean;
    })
  | (Common & {
      readonly state: 'settled';
      readonly msgId: string;
      readonly msgDataId?: string;
      readonly submittedAt: number;
      readonly settledAt: number;
      readonly receipt: Receipt;
      readonly adopted?: boolean;
      /** When WeChat made the event that the receipt came by; absent where WeChat was asked. */
      readonly reportedAt?: number;
    })
  | (Common & {
      readonly state: 'refused';
      readonly refusedAt: number;
      readonly errcode?: number;
      readonly failure: Failure;
    })
  | (Common & Unknown & { readonly state: 'held'; readonly heldAt: number })
  /** An operator gave it up: the outcome stays unknown. */
  | (Common & Unknown & { readonly state: 'abandoned'; readonly abandonedAt: number })
  | (Common & { readonly state: 'cancelled'; readonly cancelledAt: number });

export type BatchState = Batch['state'];

/** A call for it is under way, or was and has no outcome. */
export type Called = Extract<Batch, { state: 'submitting' }>;

/**
 * Whether the answer to this call says what became of the batch: no later call, and no decision. A
 * Redis that went back counts its attempts anew, so their times are compared as well.
 */
export const awaits = (batch: Batch, call: Called): boolean =>
  batch.state === 'submitting' &&
  batch.generation === call.generation &&
  batch.attempts === call.attempts &&
  batch.lastAttemptAt === call.lastAttemptAt;

export const BATCH_STATES = [
  'pending',
  'submitting',
  'submitted',
  'settled',
  'refused',
  'held',
  'abandoned',
  'cancelled',
] as const satisfies readonly BatchState[];

/**
 * WeChat's `clientmsgid`, the log's `batch` and the stem of the job's id.
 *
 * At most 32 ASCII bytes (longer is 45067): 18 of the campaign, up to 6 of the number, the rest
 * the generation. The same for every attempt, and after a restart.
 */
export const batchKey = (campaignId: string, batch: Pick<Batch, 'no' | 'generation'>): string =>
  `${campaignId}-${batch.no}-${batch.generation}`;

export const newBatch = (no: number, size: number | null): Batch => ({
  state: 'pending',
  no,
  size,
  generation: 0,
  run: 0,
  attempts: 0,
  version: 0,
});

const FINAL: readonly BatchState[] = ['settled', 'refused', 'abandoned', 'cancelled'];

/** Nothing more happens to it by itself. */
export const isFinal = (batch: Batch): boolean => FINAL.includes(batch.state);

export type UnknownBatch = Extract<Batch, { state: 'held' | 'abandoned' }>;

/** WeChat may or may not have it. */
export const isUnknown = (batch: Batch): batch is UnknownBatch =>
  batch.state === 'held' || batch.state === 'abandoned';

/**
 * What a stop cannot call back. `calling`: a call is under way. `unanswered`: a call was not answered,
 * and is asked about again with the same key. `accepted`: WeChat has it.
 */
export const inFlight = (campaignId: string, batches: readonly Batch[]) =>
  batches.flatMap((batch) => {
    const why = whyInFlight(batch);
    return why ? [{ no: batch.no, clientMsgId: batchKey(campaignId, batch), why }] : [];
  });

export type InFlight = ReturnType<typeof inFlight>[number];

function whyInFlight(batch: Batch) {
  if (batch.state === 'submitted') return 'accepted';
  if (batch.state !== 'submitting') return null;
  return batch.answered ? 'unanswered' : 'calling';
}
