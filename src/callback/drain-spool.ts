/** Brings spooled events home, in the background: at the start, after each new one, until none waits. */

import type { Receipts } from '../shared/actions/take-receipt.ts';
import { ServiceError } from '../shared/platform/errors.ts';
import { DAY, SECOND } from '../shared/platform/time.ts';
import type { ArrivalOutcome } from '../shared/record/receipt-store.ts';
import { parseEvent } from '../shared/wechat/push/parse-event.ts';
import { readMessage } from '../shared/wechat/push/read-message.ts';
import type { CallbackAccount } from './account.ts';
import type { Notice } from './facts.ts';
import type { Forward } from './forward.ts';
import type { Spool, SpooledEvent, SpoolFile } from './spool.ts';
import { LATE, withDeadline } from './with-deadline.ts';

export interface DrainDependencies {
  readonly spool: Spool;
  readonly receipts: Receipts;
  readonly forward: Forward;
  readonly account: (name: string) => CallbackAccount | undefined;
  readonly notice: Notice;
  readonly now: () => number;
}

const FIRST_PAUSE = SECOND / 4;
const LONGEST_PAUSE = 5 * SECOND;
const TAKE_WITHIN = 10 * SECOND;
const FORWARD_WITHIN = 4 * SECOND;
/** WeChat gives up after 15 seconds; the other system has had its chance by then. */
const FORWARD_FOR = DAY;

type Drained = 'done' | 'later' | { readonly error: unknown };

export function drainSpool(deps: DrainDependencies) {
  const { spool, receipts, forward, notice, now } = deps;
  let pause = FIRST_PAUSE;
  let timer: NodeJS.Timeout | undefined;
  let round: Promise<void> | undefined;
  let woken = false;
  let stopped = false;

  function runIn(ms: number): void {
    clearTimeout(timer);
    if (stopped) return;
    timer = setTimeout(() => {
      timer = undefined;
      round = runRound().finally(() => {
        round = undefined;
      });
    }, ms).unref();
  }

  /** Ends by planning the next: soon if there is news, ever later while something waits. */
  async function runRound(): Promise<void> {
    woken = false;
    const { left, error } = await drainAll().catch((error: unknown) => ({ left: 1, error }));
    if (left > 0) {
      notice({ type: 'spool-waiting', events: left, error });
      runIn(pause);
      pause = Math.min(2 * pause, LONGEST_PAUSE);
    } else {
      pause = FIRST_PAUSE;
      runIn(woken ? FIRST_PAUSE : LONGEST_PAUSE);
    }
  }

  async function drainAll(): Promise<{ left: number; error?: unknown }> {
    const files = await spool.waiting();
    let left = files.length;
    let error: unknown;
    for (const file of files) {
      if (stopped) break;
      const drained = await drain(file);
      if (drained === 'done') left -= 1;
      else if (drained !== 'later') {
        ({ error } = drained);
        // With Redis away the others would fare no better; the record's no is to this one event.
        if (!(error instanceof ServiceError)) break;
      }
    }
    return { left, error };
  }

  async function drain(file: SpoolFile): Promise<Drained> {
    const event = await spool.read(file);
    if (event === 'gone') return 'done';
    if (event === 'broken') {
      notice({ type: 'spool-unreadable', file: file.name });
      return 'done';
    }
    const message = readMessage(event.raw);
    const finished = message && parseEvent(message, event.at);
    if (finished?.type !== 'mass-finished') return await remove(file);

    const fact = { type: 'spool-drained', account: event.account, msgId: finished.msgId } as const;
    if (file.stage === 'forward') return await passOn(file, event, fact);

    const { trusted } = event;
    const { msgId, receipt, createdAt } = finished;
    let outcome: ArrivalOutcome | typeof LATE;
    try {
      const taking = receipts.take(event.account, { msgId, receipt, createdAt, trusted });
      outcome = await withDeadline(taking, TAKE_WITHIN);
    } catch (error) {
      return { error };
    }
    if (outcome === LATE) return { error: new Error('the store is too slow') };
    notice({ ...fact, outcome });
    if (outcome !== 'parked' || !deps.account(event.account)?.forwardUrl) return await remove(file);
    await spool.leaveForForwarding(file);
    return await passOn(
      { name: file.name.replace(/event$/, 'forward'), stage: 'forward' },
      event,
      fact,
    );
  }

  async function passOn(
    file: SpoolFile,
    event: SpooledEvent,
    fact: { readonly type: 'spool-drained'; readonly account: string; readonly msgId: string },
  ): Promise<Drained> {
    const account = deps.account(event.account);
    const forwardUrl = account?.forwardUrl;
    if (!account || !forwardUrl) return await remove(file);
    const answer = await forward({ ...account, forwardUrl }, event.push, FORWARD_WITHIN);
    if (answer === null && now() - event.at < FORWARD_FOR) return 'later';
    notice({ ...fact, outcome: answer ? 'forwarded' : 'given-up' });
    return await remove(file);
  }

  async function remove(file: SpoolFile): Promise<'done'> {
    await spool.remove(file);
    return 'done';
  }

  runIn(0);
  return {
    /** Something new waits. */
    wake(): void {
      woken = true;
      if (!round && pause === FIRST_PAUSE) runIn(FIRST_PAUSE);
    },
    async stop(): Promise<void> {
      stopped = true;
      clearTimeout(timer);
      await round;
    },
  };
}
