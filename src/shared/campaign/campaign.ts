/**
 * One campaign: what was asked for (never changed once accepted), where it stands (control), and
 * what it may be called (its state, derived from control and the batches' tally).
 */
import type { Audience, AudienceCounts } from './audience.ts';
import type { WaitReason } from './batch.ts';
import type { Failure } from './failure.ts';
import type { MediaEra } from './media-limits.ts';
import type { Message, NewsRoute } from './message.ts';
import { batchTotal, type Tally } from './progress.ts';

export interface Campaign {
  readonly v: 1;
  /** 18 characters: 9 of time, 9 by chance; sorts by age. Half of every batch key. */
  readonly id: string;
  readonly account: string;
  /** The AppID at one WeChat that `account` meant when the campaign was accepted. */
  readonly identity: string;
  readonly name: string;
  /** WeChat's API as it was meant when accepted: the rules it was checked by, and its bodies. */
  readonly era?: MediaEra;
  /** Runs against the sandbox; no follower gets anything. */
  readonly sandbox?: true;
  readonly audience: Audience;
  /** Of a list of ours; null for whomever WeChat counts, and for followers until they are read. */
  readonly counts: AudienceCounts | null;
  /** Suppression lists that the followers still to be read are held against. */
  readonly exclude?: readonly string[];
  readonly messageType: Message['type'];
  readonly createdAt: number;
  readonly sendAt: number;
  /** After it no call that could send is made. */
  readonly notAfter: number;
  readonly webhook?: { readonly url: string };
  /** The name of the API key that enqueued it. */
  readonly createdBy: string;
  /** 1 (first) to 9 among the campaigns of one account; 5 where nothing is said. */
  readonly priority: number;
  /** W3C's traceparent of the request that enqueued it, where traces are on. */
  readonly trace?: string;
}

/** An operator's, or of the service itself where it had to stop something. */
export interface Decision {
  readonly at: number;
  readonly by: string;
}

export interface Control {
  readonly phase: 'accepted' | 'preparing' | 'submitting' | 'ended';
  /** The list of a campaign to followers, once reading has begun. */
  readonly listId?: string;
  readonly recipients?: number;
  /** Frozen when it was accepted; `draft` from the moment WeChat closed uploadnews to the account. */
  readonly newsBy?: NewsRoute;
  /** Its followers cannot be read, so nothing of it can go out. */
  readonly unreadable?: Failure;
  /** Each reason to pause is taken away by itself; while there is one, nothing new starts. */
  readonly pauses?: Readonly<Partial<Record<PauseReason, Decision>>>;
  /** Of a campaign to followers: how many there are by WeChat's own count, and how many it listed. */
  readonly followers?: {
    readonly total?: number;
    readonly read?: number;
    /** Times that the list was read from its start, and ended too early. */
    readonly short: number;
  };
  /** `draft`: a digest of the content that was approved, where that can be changed in WeChat's console. */
  readonly approved?: Decision & { readonly draft?: string };
  /** Its times were last changed. */
  readonly rescheduled?: Decision;
  readonly cancelled?: Decision & {
    readonly reason: 'operator' | 'rejected' | 'not-after';
    readonly note?: string;
  };
  readonly failed?: Failure & { readonly at: number };
  readonly endedAt?: number;
  /** When a receipt last came or changed after the end. */
  readonly correctedAt?: number;
  /** An operator has seen that it failed, or that WeChat refused batches, and leaves it so. */
  readonly acknowledged?: Decision;
  /** Two `message-id-taken` in a row pause the campaign. */
  readonly takenInARow?: number;
  /** Why it does not move, as last heard from a batch. */
  readonly waiting?: Waiting;
}

export interface Waiting {
  readonly reason: WaitReason;
  readonly until: number | null;
  /** `no-worker`: which queue. */
  readonly queue?: string;
}

/** Why a campaign stands still until it is resumed or approved. */
export const PAUSE_REASONS = [
  'operator',
  'approval',
  'message-id-taken',
  'followers-incomplete',
] as const;
export type PauseReason = (typeof PAUSE_REASONS)[number];

export const NEW_CONTROL: Control = { phase: 'accepted' };

export const CAMPAIGN_STATES = [
  'scheduled',
  'preparing',
  'submitting',
  'awaiting-receipts',
  'paused',
  'held',
  'cancelling',
  'completed',
  'failed',
  'cancelled',
] as const;
export type CampaignState = (typeof CAMPAIGN_STATES)[number];

/** The state is derived, so it cannot disagree with the batches. */
export function stateOf(control: Control, tally: Tally): CampaignState {
  if (control.phase === 'ended') {
    if (control.failed) return 'failed';
    if (wasCancelled(control)) return 'cancelled';
    return nothingWentOut(tally) && control.cancelled ? 'cancelled' : 'completed';
  }
  const moving = tally.pending + tally.submitting;
  if (wasCancelled(control)) {
    return moving + tally.submitted === 0 && tally.held > 0 ? 'held' : 'cancelling';
  }
  if (isPaused(control) && (control.phase !== 'submitting' || tally.pending > 0)) return 'paused';
  if (control.phase === 'accepted') return 'scheduled';
  if (control.phase === 'preparing') return 'preparing';
  if (moving > 0) return 'submitting';
  if (tally.submitted > 0) return 'awaiting-receipts';
  return tally.held > 0 ? 'held' : 'awaiting-receipts';
}

/** By an operator; after `notAfter` what was called just goes on to its end. */
const wasCancelled = ({ cancelled }: Control): boolean =>
  cancelled !== undefined && cancelled.reason !== 'not-after';

const nothingWentOut = (tally: Tally): boolean => tally.cancelled === batchTotal(tally);

/** What has been called goes on to its receipt, which may come after `notAfter`. */
export const wasCutShort = (tally: Tally): boolean => tally.cancelled > 0 || nothingWentOut(tally);

export const isEnded = (control: Control): boolean => control.phase === 'ended';

/** Its batches, once, unless its time was put off or it was cancelled meanwhile. */
export const mayBeLaid = (control: Control, sendAt: number, now: number): boolean =>
  !isEnded(control) && control.phase !== 'submitting' && !control.cancelled && sendAt <= now;

/** Before its batches are laid out a campaign has none open, and yet it is not at its end. */
export const mayEnd = ({ phase, cancelled, failed }: Control): boolean =>
  phase === 'submitting' || cancelled !== undefined || failed !== undefined;

export const pauseReasons = ({ pauses = {} }: Control): PauseReason[] =>
  PAUSE_REASONS.filter((reason) => pauses[reason] !== undefined);

export const isPaused = (control: Control): boolean => pauseReasons(control).length > 0;

export const pausedBy = (control: Control, reason: PauseReason, word: Decision): Control =>
  control.pauses?.[reason]
    ? control
    : { ...control, pauses: { ...control.pauses, [reason]: word } };

/** What was approved is another by now: it waits for approval anew. */
export const approvalVoid = ({ approved: _, ...control }: Control, at: number): Control =>
  pausedBy(control, 'approval', { at, by: 'qunfa' });

/** What was counted towards a pause begins anew. */
export function withoutPauses(control: Control, reasons: readonly PauseReason[]): Control {
  const { takenInARow: _, pauses = {}, ...rest } = control;
  const left = Object.entries(pauses).filter(([reason]) => !reasons.some((one) => one === reason));
  return left.length > 0 ? { ...rest, pauses: Object.fromEntries(left) } : rest;
}

/** May batches that were not called yet be called now? */
export const mayStart = (control: Control): boolean =>
  !isPaused(control) && !control.cancelled && !control.failed && control.phase !== 'ended';

export const rfc3339 = (at: number): string => new Date(at).toISOString();
