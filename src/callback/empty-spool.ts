/**
 * Brings home what waits on disk, in the background: at the start, after each new event, until
 * nothing waits. Events into the store first and alone: another system that is away must not hold
 * up a receipt of ours. Then what belongs to other systems, each address by itself.
 */
import type { Receipts } from '../shared/actions/take-receipt.ts';
import { inTime } from '../shared/platform/in-time.ts';
import { DAY, MINUTE, SECOND } from '../shared/platform/time.ts';
import type { ArrivalOutcome } from '../shared/record/receipt-store.ts';
import { parseEvent } from '../shared/wechat/push/parse-event.ts';
import { readMessage } from '../shared/wechat/push/read-message.ts';
import type { Notice } from './facts.ts';
import type { Forward } from './forward.ts';
import type { CallbackAccount } from './push.ts';
import type { Spool, SpooledEvent, SpoolFile } from './spool.ts';

interface Dependencies {
  readonly spool: Spool;
  readonly account: (name: string) => CallbackAccount | undefined;
  readonly notice: Notice;
}

const FIRST_PAUSE = SECOND / 4;
const LONGEST_PAUSE = 5 * SECOND;
const TAKE_WITHIN = 10 * SECOND;
/** With the store away the others fare no better: the round ends after so many in a row. */
const FAILURES_IN_A_ROW = 5;

export interface DrainDependencies extends Dependencies {
  readonly receipts: Receipts;
  /** Something waits to be forwarded. */
  readonly toForward: () => void;
}

export function drainSpool(deps: DrainDependencies): Rounds {
  const { spool, receipts, notice } = deps;
  /** How often an event failed: those that did not come first, so that none stays behind a bad one. */
  let failures = new Map<string, number>();

  return inRounds(async (isStopped) => {
    const { left, error } = await drainAll(isStopped).catch((error: unknown) => ({
      left: 1,
      error,
    }));
    if (left > 0) notice({ type: 'spool-waiting', events: left, error });
    return left > 0;
  });

  async function drainAll(isStopped: () => boolean): Promise<{ left: number; error?: unknown }> {
    const files = await spool.waiting();
    failures = new Map(files.map(({ name }) => [name, failures.get(name) ?? 0]));
    const failed = ({ name }: SpoolFile): number => failures.get(name) ?? 0;
    let left = files.length;
    let inARow = 0;
    let error: unknown;
    for (const file of files.sort((a, b) => failed(a) - failed(b))) {
      if (isStopped() || inARow === FAILURES_IN_A_ROW) break;
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
    const finished = finishedOf(event);
    if (!finished) return spool.remove(file);

    const { account, trusted } = event;
    const { msgId, receipt, createdAt } = finished;
    const taking = receipts.take(account, { msgId, receipt, createdAt, trusted });
    const outcome = await inTime(taking, TAKE_WITHIN);
    notice({ type: 'spool-drained', account, msgId, outcome });
    if (!mayBeOfOthers(outcome) || !deps.account(account)?.forwardUrl) return spool.remove(file);
    if (await spool.leaveForForwarding(file)) deps.toForward();
    else notice({ type: 'spool-drained', account, msgId, outcome: 'given-up' });
  }
}

/** No batch of ours has its message id: another system must have the event, too. */
export const mayBeOfOthers = (outcome: ArrivalOutcome): boolean =>
  outcome === 'parked' || outcome === 'too-many';

const LONGEST_REST = 5 * MINUTE;
const FORWARD_WITHIN = 4 * SECOND;
/** WeChat gives up after 15 seconds; the other system has had its chance by then. */
const FORWARD_FOR = DAY;

export interface ForwardSpooledDependencies extends Dependencies {
  readonly forward: Forward;
  readonly now: () => number;
}

/** An address that is away is asked less and less often, and holds up no other. */
export function forwardSpooled(deps: ForwardSpooledDependencies): Rounds {
  const { spool, forward, notice, now } = deps;
  /** By address: when it may be asked again, on a clock that only runs on. */
  const resting = new Map<string, { readonly until: number; readonly pause: number }>();

  return inRounds(async (isStopped) => {
    const byAddress = new Map<string, { file: SpoolFile; event: SpooledEvent }[]>();
    for (const file of await spool.waitingToForward()) {
      const event = await spool.read(file);
      if (event === 'gone') continue;
      if (event === 'broken') {
        notice({ type: 'spool-unreadable', file: file.name });
        continue;
      }
      const url = deps.account(event.account)?.forwardUrl;
      if (url === undefined) await spool.remove(file);
      else byAddress.set(url, [...(byAddress.get(url) ?? []), { file, event }]);
    }
    const done = await Promise.all(
      [...byAddress].map(([url, some]) => passOnAll(url, some, isStopped)),
    );
    return done.includes(false);
  });

  /** @returns false while the address takes nothing. */
  async function passOnAll(
    forwardUrl: string,
    some: readonly { file: SpoolFile; event: SpooledEvent }[],
    isStopped: () => boolean,
  ): Promise<boolean> {
    if ((resting.get(forwardUrl)?.until ?? 0) > performance.now()) return false;
    for (const { file, event } of some) {
      if (isStopped()) return false;
      const isTaken = await passOn(forwardUrl, file, event);
      if (isTaken) {
        resting.delete(forwardUrl);
        continue;
      }
      const pause = Math.min(2 * (resting.get(forwardUrl)?.pause ?? FIRST_PAUSE / 2), LONGEST_REST);
      resting.set(forwardUrl, { until: performance.now() + pause, pause });
      return false;
    }
    return true;
  }

  async function passOn(
    forwardUrl: string,
    file: SpoolFile,
    event: SpooledEvent,
  ): Promise<boolean> {
    const claimed = await spool.claim(file);
    if (!claimed) return true;
    const { account, at, push } = event;
    const answer = await forward({ name: account, forwardUrl }, push, FORWARD_WITHIN);
    if (answer === null && now() - at < FORWARD_FOR) {
      await spool.giveBack(claimed);
      return false;
    }
    const outcome = answer ? 'forwarded' : 'given-up';
    notice({ type: 'spool-drained', account, msgId: finishedOf(event)?.msgId ?? '', outcome });
    await spool.remove(claimed);
    return answer !== null;
  }
}

/** Null where it is no receipt. */
function finishedOf({ raw, at }: SpooledEvent) {
  const message = readMessage(raw);
  const event = message && parseEvent(message, at);
  return event?.type === 'mass-finished' ? event : null;
}

/** Work that comes round again: soon after news, later and later while it does not get on. */
export interface Rounds {
  /** There is news. A round that does not get on keeps to its pause. */
  wake(): void;
  stop(): Promise<void>;
}

/** @param round says whether something waits that could not be done just now. */
function inRounds(round: (isStopped: () => boolean) => Promise<boolean>): Rounds {
  let pause = FIRST_PAUSE;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;
  let woken = false;
  let stopped = false;

  function runIn(ms: number): void {
    clearTimeout(timer);
    if (stopped) return;
    timer = setTimeout(() => {
      running = run().finally(() => {
        running = undefined;
      });
    }, ms).unref();
  }

  async function run(): Promise<void> {
    woken = false;
    if (await round(() => stopped).catch(() => true)) {
      runIn(pause);
      pause = Math.min(2 * pause, LONGEST_PAUSE);
    } else {
      pause = FIRST_PAUSE;
      runIn(woken ? FIRST_PAUSE : LONGEST_PAUSE);
    }
  }

  runIn(0);
  return {
    wake(): void {
      woken = true;
      if (!running && pause === FIRST_PAUSE) runIn(FIRST_PAUSE);
    },
    async stop(): Promise<void> {
      stopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}
