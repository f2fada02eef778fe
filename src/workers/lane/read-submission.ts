/**
 * What an answer at the send step means for the batch and for its lane. Pure: errcode in, decision
 * out; the table of errcodes is shared/wechat/remedies.ts.
 */
import type { BatchEvent } from '../../shared/campaign/advance-batch.ts';
import type { MassApi } from '../../shared/campaign/audience.ts';
import type { WaitReason } from '../../shared/campaign/batch.ts';
import type { Failure } from '../../shared/campaign/failure.ts';
import { nextMorning, nextSendWindow } from '../../shared/campaign/quota-window.ts';
import { repeatDelayMs } from '../../shared/campaign/repeat-steps.ts';
import { HOUR, MINUTE, SECOND } from '../../shared/platform/time.ts';
import type { Answer } from '../../shared/wechat/client.ts';
import { isOfDayOrMonth, refusesAddress } from '../../shared/wechat/remedies.ts';
import { isUnreadable } from '../../shared/wechat/silence.ts';

export interface Submission {
  readonly msgId: string;
  readonly msgDataId?: string;
}

export interface Situation {
  readonly now: number;
  /** Calls that may have been accepted so far, this one included. */
  readonly asked: number;
  readonly unknownRetryMs: number;
  readonly accountKind: 'service' | 'subscription';
  readonly api: MassApi;
  /** When WeChat's minute has room again, by our own calls; absent: after a whole minute. */
  readonly roomAt?: number;
  /** Of a service account: its own sends to everyone were as many as a month has. */
  readonly monthIsUsedUp?: boolean;
}

/** What the lane does about it, besides the batch. */
export type LaneReaction =
  | { readonly kind: 'none' }
  /** Nothing of this account is called until then. */
  | { readonly kind: 'sleep'; readonly until: number; readonly reason: WaitReason }
  /** Too fast for WeChat: asleep until then, and one at a time for a while after. */
  | { readonly kind: 'narrow'; readonly until: number; readonly oneByOneUntil: number }
  /** An operator must act before anything of this scope can go out. */
  | {
      readonly kind: 'stop';
      readonly scope: 'send' | 'account';
      readonly code: 'refused-by-wechat' | 'fresh-token-refused';
      readonly errcode: number;
      readonly path?: string;
    };

export type Reading =
  | { readonly kind: 'event'; readonly event: BatchEvent; readonly lane: LaneReaction }
  /** The media or articles are gone: make them again, then the same key. */
  | { readonly kind: 'new-media'; readonly errcode: number };

const OTHER_HOST_PAUSE = 5 * MINUTE;
const NONE: LaneReaction = { kind: 'none' };
const ONE_BY_ONE = 10 * MINUTE;
/** Not there, not accepted, no harm done: a network that is down is tried again soon. */
const NOT_SENT_PAUSE = 5 * SECOND;
/** A stopped lane is woken by an operator; this is how long a batch sleeps without that. */
export const STOPPED_PAUSE = HOUR;

export function readSubmission(answer: Answer<Submission>, at: Situation): Reading {
  switch (answer.kind) {
    case 'ok':
      return event({ type: 'accepted', ...answer.value, at: at.now });
    case 'not-sent':
      return putBack(silence(answer), at.now + NOT_SENT_PAUSE);
    case 'unknown':
      return unknown(at);
    case 'refused':
      return readRefusal(answer, at);
  }
}

function readRefusal(
  { errcode, path, remedy, msgId }: Extract<Answer<Submission>, { kind: 'refused' }>,
  at: Situation,
): Reading {
  switch (remedy.kind) {
    case 'already-done':
      return msgId === undefined
        ? event({ type: 'held', reason: 'message-id-missing', at: at.now })
        : event({ type: 'accepted', msgId, adopted: true, at: at.now });
    case 'ask-again':
      return unknown(at, errcode, remedy.scope === 'api');
    case 'new-media':
      return { kind: 'new-media', errcode };
    case 'new-token':
      // A fresh one was refused, too: every further call would be spent for nothing.
      return putBack('account-paused', at.now + STOPPED_PAUSE, errcode, freshTokenRefused(errcode));
    case 'wait': {
      const until = (remedy.scope === 'api' && at.roomAt) || at.now + remedy.ms;
      // Of the whole account: it was the token that could not be had.
      const reason = remedy.scope === 'account' ? 'wechat-busy' : 'rate';
      const lane: LaneReaction = remedy.scope === 'batch' ? NONE : { kind: 'sleep', until, reason };
      return putBack(reason, until, errcode, lane);
    }
    case 'wait-until': {
      const daily = remedy.window === 'next-day' || at.accountKind === 'subscription';
      const maybeTomorrow = !daily && isOfDayOrMonth(errcode) && !at.monthIsUsedUp;
      const reason = daily ? 'daily-quota' : maybeTomorrow ? 'send-quota' : 'monthly-quota';
      const until =
        remedy.window === 'next-day' || maybeTomorrow
          ? nextMorning(at.now)
          : nextSendWindow(at.now, at.accountKind);
      // Both are of sends to everyone: lists and groups still go.
      const alone = !daily && at.api === 'sendall';
      return putBack(reason, until, errcode, alone ? NONE : { kind: 'sleep', until, reason });
    }
    case 'wait-approval':
      return putBack('wechat-approval', at.now + remedy.ms, errcode);
    case 'account-down': {
      if (refusesAddress(errcode)) {
        // The lane stops only when two hosts agree.
        const lane = stopsLane('account', errcode, path);
        return putBack('address-refused', at.now + OTHER_HOST_PAUSE, errcode, lane);
      }
      const scope = remedy.scope === 'api' && at.api === 'send' ? 'send' : 'account';
      const lane = stopsLane(scope, errcode, path);
      return putBack('account-paused', at.now + STOPPED_PAUSE, errcode, lane);
    }
    case 'use-drafts':
    case 'refused':
      return event({
        type: 'refused',
        errcode,
        failure: refusedByWechat(errcode, path),
        at: at.now,
      });
  }
}

/** Without an answer, or with one from which nothing can be read. */
export const silence = (answer: Answer<unknown>): WaitReason =>
  'cause' in answer && isUnreadable(answer) ? 'wechat-unreadable' : 'wechat-busy';

type PutBack = Extract<BatchEvent, { type: 'put-back' }>;

/** No token, so no call: whatever the token call may have done, the send was not made. */
export function readTokenFailure(
  failure: Exclude<Answer<string>, { kind: 'ok' }>,
  { now, accountKind }: Pick<Situation, 'now' | 'accountKind'>,
): { readonly wait: Omit<PutBack, 'type'>; readonly lane: LaneReaction } {
  const at = { now, accountKind, asked: 1, unknownRetryMs: NOT_SENT_PAUSE, api: 'send' } as const;
  if (failure.kind === 'refused') {
    const reading = readRefusal(failure, at);
    if (reading.kind === 'event' && reading.event.type === 'put-back') {
      const { type: _, ...wait } = reading.event;
      return { wait, lane: reading.lane };
    }
  }
  return { wait: { reason: silence(failure), nextAttemptAt: now + NOT_SENT_PAUSE }, lane: NONE };
}

/** Same key again, on growing steps; meanwhile nothing new of this account is called. */
function unknown(at: Situation, errcode?: number, tooFast = false): Reading {
  const until = at.now + repeatDelayMs(at.asked, at.unknownRetryMs);
  const lane: LaneReaction = tooFast
    ? { kind: 'narrow', until, oneByOneUntil: at.now + ONE_BY_ONE }
    : { kind: 'sleep', until, reason: 'outcome-unknown' };
  return event(
    {
      type: 'outcome-unknown',
      nextAttemptAt: until,
      ...(errcode === undefined ? {} : { errcode }),
    },
    lane,
  );
}

/** Both at the send step and at uploads. */
export const refusedByWechat = (errcode: number, path?: string): Failure => ({
  code: 'refused-by-wechat',
  errcode,
  ...(path && { path }),
});

export const freshTokenRefused = (errcode: number): LaneReaction => ({
  kind: 'stop',
  scope: 'account',
  code: 'fresh-token-refused',
  errcode,
});

export const stopsLane = (
  scope: 'send' | 'account',
  errcode: number,
  path?: string,
): LaneReaction => ({
  kind: 'stop',
  scope,
  code: 'refused-by-wechat',
  errcode,
  ...(path === undefined ? {} : { path }),
});

const putBack = (
  reason: WaitReason,
  nextAttemptAt: number,
  errcode?: number,
  lane: LaneReaction = NONE,
): Reading =>
  event(
    { type: 'put-back', reason, nextAttemptAt, ...(errcode === undefined ? {} : { errcode }) },
    lane,
  );

const event = (happened: BatchEvent, lane: LaneReaction = NONE): Reading => ({
  kind: 'event',
  event: happened,
  lane,
});
