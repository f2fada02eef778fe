/**
 * One push, from the wire to WeChat's answer. The order matters: an event is stored, or on our own
 * disk, before WeChat hears `success`, for after that it never comes again.
 */

import type { Receipts } from '../shared/actions/take-receipt.ts';
import { inTime, TooLate } from '../shared/platform/in-time.ts';
import { SECOND } from '../shared/platform/time.ts';
import type { Arrival, ArrivalOutcome } from '../shared/record/receipt-store.ts';
import {
  type OpenedPush,
  openEnvelope,
  type PushMode,
  type Refusal,
  type RefusalReason,
} from '../shared/wechat/push/open-envelope.ts';
import { PROBE, type PushEvent } from '../shared/wechat/push/parse-event.ts';
import { mayBeOfOthers } from './empty-spool.ts';
import type { CallbackFact, Notice } from './facts.ts';
import type { Forward } from './forward.ts';
import {
  AGAIN,
  type Answer,
  type CallbackAccount,
  nothing,
  type RawPush,
  SUCCESS,
} from './push.ts';
import { rememberPushes } from './remember-pushes.ts';
import type { Spool } from './spool.ts';

export interface PushDependencies {
  readonly receipts: Receipts;
  readonly notice: Notice;
  readonly noteEvent: (account: string, at: number, mode: PushMode) => Promise<void>;
  readonly spool: Spool;
  readonly spooled: () => void;
  readonly forward: Forward;
  readonly now: () => number;
  readonly storeWithinMs: number;
  readonly forwardWithinMs: number;
}

type Finished = Extract<PushEvent, { type: 'mass-finished' }>;

/** Why the store did not say that it has an event. It may have it all the same. */
type Untaken =
  | { readonly why: 'store-slow' }
  | { readonly why: 'store-failed'; readonly error: unknown };

const DISK_WITHIN = 1.5 * SECOND;
/** WeChat waits 5 s; the rest is the network's. */
const ANSWER_WITHIN = 4.6 * SECOND;
const NOTE_EVERY = 10 * SECOND;

const REPLAYED: Refusal = { ok: false, status: 401, reason: 'replayed' };

export const refusedPush = (
  account: string,
  reason: RefusalReason,
  query: URLSearchParams,
): CallbackFact => ({
  type: 'push-refused',
  account,
  reason,
  ...(query.get('nonce')?.startsWith(PROBE) && { probe: true }),
});

export function makePushHandler(deps: PushDependencies) {
  const { receipts, notice, spool, now } = deps;
  const noted = new Map<string, { at: number; mode: PushMode }>();
  const remembered = rememberPushes(now);
  /** Accounts whose pushes were seen to carry `signature`. */
  const signing = new Set<string>();

  return async function handlePush(account: CallbackAccount, arrived: RawPush): Promise<Answer> {
    const arrivedAt = performance.now();
    const query = new URLSearchParams(arrived.query);
    const signed = { account: account.name, query, body: arrived.body };
    const opened = remembered.admits(signed)
      ? openEnvelope(account, { ...arrived, query, signsAddress: signing.has(account.name) }, now())
      : REPLAYED;
    if (!opened.ok) {
      notice(refusedPush(account.name, opened.reason, query));
      return nothing(opened.status);
    }
    remembered.note(signed);
    if (query.has('signature')) signing.add(account.name);

    const { event } = opened;
    const push = { ...arrived, query: opened.query };
    if (event.type === 'other' && event.event === PROBE) return SUCCESS;
    note(account.name, opened.mode);
    if (event.type === 'mass-finished') {
      const stored = await store(account.name, { ...opened, event }, push);
      if (stored === 'nowhere') return AGAIN;
      if (stored === 'spooled' || !mayBeOfOthers(stored)) return SUCCESS;
    } else {
      notice({ type: 'event-passed', account: account.name, pushed: event.event });
    }
    const { forwardUrl } = account;
    if (!forwardUrl) return SUCCESS;
    const left = ANSWER_WITHIN - (performance.now() - arrivedAt);
    const within = Math.min(left, deps.forwardWithinMs);
    return (await deps.forward({ ...account, forwardUrl }, push, within)) ?? AGAIN;
  };

  async function store(
    account: string,
    { event, trusted, raw, mode }: OpenedPush & { readonly event: Finished },
    push: RawPush,
  ): Promise<ArrivalOutcome | 'spooled' | 'nowhere'> {
    const { msgId, receipt, createdAt } = event;
    const taken = await take(account, { msgId, receipt, createdAt, trusted });
    if (typeof taken === 'string') {
      notice({ type: 'event-taken', account, mode, msgId, outcome: taken });
      return taken;
    }
    try {
      await inTime(spool.append({ account, at: now(), trusted, raw, push }), DISK_WITHIN);
    } catch (error) {
      notice({ type: 'spool-failed', account, error });
      return 'nowhere';
    }
    notice({ type: 'event-spooled', account, msgId, ...taken });
    deps.spooled();
    return 'spooled';
  }

  async function take(account: string, arrival: Arrival): Promise<ArrivalOutcome | Untaken> {
    try {
      return await inTime(receipts.take(account, arrival), deps.storeWithinMs);
    } catch (error) {
      return error instanceof TooLate ? { why: 'store-slow' } : { why: 'store-failed', error };
    }
  }

  /** For the page that names accounts which never sent an event. Not worth a write for each. */
  function note(account: string, mode: PushMode): void {
    const last = noted.get(account);
    const at = now();
    if (last && last.mode === mode && at - last.at < NOTE_EVERY) return;
    noted.set(account, { at, mode });
    deps.noteEvent(account, at, mode).catch(() => noted.delete(account));
  }
}
