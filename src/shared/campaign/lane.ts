/** Why an account's lane stands still, and which campaigns wait for that. Pure. */
import { type MassApi, massApiOf } from './audience.ts';
import type { WaitReason } from './batch.ts';
import type { Campaign, Control, Decision, Waiting } from './campaign.ts';
import type { Tally } from './progress.ts';

export const STOP_CODES = [
  'by-operator',
  'redis-restored',
  'refused-by-wechat',
  'fresh-token-refused',
] as const;

export type StopCause =
  | { readonly code: 'by-operator' }
  /** Paused by the workers: Redis was restored, or no worker had run for so long. */
  | { readonly code: 'redis-restored'; readonly minutes: number }
  | {
      readonly code: 'refused-by-wechat' | 'fresh-token-refused';
      readonly errcode: number;
      /** The call that WeChat refused. */
      readonly path?: string;
    };

/** `by` whom, where it was an operator. */
export type StopFacts = StopCause & { readonly by?: string };

/** Until an operator resumes the account. */
export type LaneStop = Decision & StopCause;

export interface LaneState {
  /** Since Redis was restored. Apart from `paused`, so that neither hides the other or ends with it. */
  readonly restored?: LaneStop;
  /** The account as a whole is paused, by an operator or by WeChat's refusal of it. */
  readonly paused?: LaneStop;
  /** message/mass/send alone is refused (48001); sendall goes on. */
  readonly sendBlocked?: LaneStop;
  /** Everything sleeps until then. */
  readonly sleep?: { readonly reason: WaitReason; readonly until: number };
  /** One call at a time until then (42010: too fast). */
  readonly narrowUntil?: number;
  /** Hosts that WeChat's IP list refused, by time: one host is a host's fault, two the account's. */
  readonly refusedHosts?: Readonly<Record<string, number>>;
}

/** Why nothing at all is called. */
export const pauseOf = ({ restored, paused }: LaneState): LaneStop | undefined =>
  restored ?? paused;

export const stopOf = (lane: LaneState, api: MassApi): LaneStop | undefined =>
  pauseOf(lane) ?? (api === 'send' ? lane.sendBlocked : undefined);

export const needsLane = (
  control: Control,
  { pending, submitting }: Pick<Tally, 'pending' | 'submitting'>,
): boolean => control.phase === 'submitting' && pending + submitting > 0;

/** Of a campaign that has batches to call for, where none of them has said why it waits. */
export function laneWait(campaign: Campaign, lane: LaneState, now: number): Waiting | undefined {
  if (stopOf(lane, massApiOf(campaign.audience))) return { reason: 'account-paused', until: null };
  return lane.sleep && lane.sleep.until > now ? lane.sleep : undefined;
}
