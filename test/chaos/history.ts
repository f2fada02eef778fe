/** What was asked, answered and seen in a run, as the laws judge it. Times are milliseconds of this host. */
import type { Overlap } from '../../src/sandbox/ledger.ts';

export type Step =
  | 'pause'
  | 'resume'
  | 'cancel'
  | 'approve'
  | 'reject'
  | 'retry'
  | 'resolve: sent'
  | 'resolve: not-sent'
  | 'resolve: given-up';

/** What an operator asked for, once. */
export interface Act {
  readonly campaign: string;
  readonly step: Step;
  readonly by: string;
  /** Keys of the batches that were looked at before it. */
  readonly keys: readonly string[];
  /** The version that it was decided on; without one it may be about another version. */
  readonly seen?: number;
  /** How many OpenIDs a retry leaves out. */
  readonly without?: number;
  readonly begunAt: number;
  /** Null: the connection broke or the record was away, so it may have been done or not. */
  readonly answeredAt: number | null;
  /** `fault`: the producer failed (5xx other than 503), which is no answer. */
  readonly answer: 'done' | 'refused' | 'unknown' | 'fault';
  readonly status?: number;
  readonly code?: string;
  /** Keys that a pause or a cancel named as not to be stopped. */
  readonly inFlight?: readonly string[];
}

/** What an operator asked for about an account as a whole, once. */
export interface AccountAct extends Pick<Act, 'by' | 'begunAt' | 'answeredAt' | 'answer'> {
  readonly account: string;
  readonly step: 'pause' | 'resume';
}

/** A campaign as an answer showed it. */
export interface Look {
  readonly campaign: string;
  readonly begunAt: number;
  readonly answeredAt: number;
  /** Of what only grows; null where it is not known. None where it was not found. */
  readonly counts: Readonly<Record<string, number | null>>;
  /** The answer was that there is no such campaign. */
  readonly isMissing?: true;
  /** Whether an operator has paused it; absent where it is over, or the answer does not say. */
  readonly isPaused?: boolean;
  readonly isCancelled?: boolean;
}

/** What an enqueuer asked for, once; until it is answered it asks again, under the same key. */
export interface Ask {
  readonly name: string;
  readonly begunAt: number;
  readonly answeredAt: number | null;
  readonly answer: 'done' | 'refused' | 'unknown';
  /** Of the campaign, where the answer named it: a job that was added names none. */
  readonly id?: string;
}

/** A mass send, as the sandbox heard it. */
export interface Call {
  readonly key: string;
  readonly account: string;
  readonly startedAt: number;
}

/** A mass send that WeChat accepted. */
export interface Send {
  readonly key: string;
  readonly at: number;
  /** How many got it. */
  readonly received: number;
}

export interface Enqueued {
  readonly name: string;
  /** Its enqueuer was told that it is accepted. */
  readonly isAcknowledged: boolean;
  /** Ids of the campaigns of that name that are in the record. */
  readonly ids: readonly string[];
  readonly isEnded: boolean;
  readonly needsApproval: boolean;
  readonly notAfter: number;
}

export interface History {
  readonly asks: readonly Ask[];
  readonly enqueued: readonly Enqueued[];
  readonly acts: readonly Act[];
  readonly accountActs: readonly AccountAct[];
  readonly looks: readonly Look[];
  readonly calls: readonly Call[];
  readonly sends: readonly Send[];
  /** When the master of a Redis with replicas was killed or frozen. */
  readonly failovers?: readonly number[];
  readonly overlaps: readonly Pick<Overlap, 'clientMsgIds' | 'followers'>[];
}
