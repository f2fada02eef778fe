/**
 * Brings spooled events home, in the background: at the start, after each new one, until none waits.
 *
 * Events first and alone: another system that is away (`forward-spooled.ts`) must not hold up a
 * receipt of ours.
 */

import type { Receipts } from '../shared/actions/take-receipt.ts';
import { SECOND } from '../shared/platform/time.ts';
import type { ArrivalOutcome } from '../shared/record/receipt-store.ts';
import { parseEvent } from '../shared/wechat/push/parse-event.ts';
import { readMessage } from '../shared/wechat/push/read-message.ts';
import type { CallbackAccount } from './account.ts';
import type { Notice } from './facts.ts';
import { inRounds, type Rounds } from './in-rounds.ts';
import type { Spool, SpoolFile } from './spool.ts';
import { LATE, withDeadline } from './with-deadline.ts';

export interface DrainDependencies {
  readonly spool: Spool;
  readonly receipts: Receipts;
  readonly account: (name: string) => CallbackAccount | undefined;
  /** Something waits to be forwarded. */
  readonly toForward: () => void;
  readonly notice: Notice;
}

const FIRST_PAUSE = SECOND / 4;
const LONGEST_PAUSE = 5 * SECOND;
const TAKE_WITHIN = 10 * SECOND;
/** With the store away the others fare no better: the round ends after so many in a row. */
const FAILURES_IN_A_ROW = 5;

export function drainSpool(deps: DrainDependencies): Rounds {
  const { spool, receipts, notice } = deps;
  /** How often an event failed: those that did not come first, so that none stays behind a bad one. */
  let failures = new Map<string, number>();
  let stopped = false;

  async function round(): Promise<boolean> {
    const { left, error } = await drainAll().catch((error: unknown) => ({ left: 1, error }));
    if (left > 0) notice({ type: 'spool-waiting', events: left, error });
    return left > 0;
  }

  async function drainAll(): Promise<{ left: number; error?: unknown }> {
    const files = await spool.waiting();
    failures = new Map(files.map(({ name }) => [name, failures.get(name) ?? 0]));
    const failed = ({ name }: SpoolFile): number => failures.get(name) ?? 0;
    let left = files.length;
    let inARow = 0;
    let error: unknown;
    for (const file of files.sort((a, b) => failed(a) - failed(b))) {
      if (stopped || inARow === FAILURES_IN_A_ROW) break;
      try {
        await drain(file);
        left -= 1;
        inARow = 0;
      } catch (reason) {
        error = reason;
        inARow += 1;
        failures.set(file.name, failed(file) + 1);
      }
    }
    return { left, error };
  }

  /** @throws it is not known to be stored. */
  async function drain(file: SpoolFile): Promise<void> {
    const event = await spool.read(file);
    if (event === 'gone') return;
    if (event === 'broken') return notice({ type: 'spool-unreadable', file: file.name });
    const message = readMessage(event.raw);
    const finished = message && parseEvent(message, event.at);
    if (finished?.type !== 'mass-finished') return spool.remove(file);

    const { account, trusted } = event;
    const { msgId, receipt, createdAt } = finished;
    const taking = receipts.take(account, { msgId, receipt, createdAt, trusted });
    const outcome = await withDeadline(taking, TAKE_WITHIN);
    if (outcome === LATE) throw new Error('the store is too slow');
    notice({ type: 'spool-drained', account, msgId, outcome });
    if (!mayBeOfOthers(outcome) || !deps.account(account)?.forwardUrl) return spool.remove(file);
    if (await spool.leaveForForwarding(file)) deps.toForward();
    else notice({ type: 'spool-drained', account, msgId, outcome: 'given-up' });
  }

  const rounds = inRounds({ round, firstPause: FIRST_PAUSE, longestPause: LONGEST_PAUSE });
  return {
    wake: rounds.wake,
    stop(): Promise<void> {
      stopped = true;
      return rounds.stop();
    },
  };
}

/** No batch of ours has its message id: another system must have the event, too. */
export const mayBeOfOthers = (outcome: ArrivalOutcome): boolean =>
  outcome === 'parked' || outcome === 'too-many';
