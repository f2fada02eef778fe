/**
 * Forwards what waited on disk to the systems that it belongs to. Each address by itself: one that
 * is away is asked less and less often, and holds up no other.
 */
import { DAY, MINUTE, SECOND } from '../shared/platform/time.ts';
import { parseEvent } from '../shared/wechat/push/parse-event.ts';
import { readMessage } from '../shared/wechat/push/read-message.ts';
import type { CallbackAccount } from './account.ts';
import type { Notice } from './facts.ts';
import type { Forward } from './forward.ts';
import { inRounds, type Rounds } from './in-rounds.ts';
import type { Spool, SpooledEvent, SpoolFile } from './spool.ts';

export interface ForwardSpooledDependencies {
  readonly spool: Spool;
  readonly forward: Forward;
  readonly account: (name: string) => CallbackAccount | undefined;
  readonly notice: Notice;
  readonly now: () => number;
}

const PAUSE = SECOND / 4;
const LONGEST_PAUSE = 5 * SECOND;
const LONGEST_REST = 5 * MINUTE;
const FORWARD_WITHIN = 4 * SECOND;
/** WeChat gives up after 15 seconds; the other system has had its chance by then. */
const FORWARD_FOR = DAY;

export function forwardSpooled(deps: ForwardSpooledDependencies): Rounds {
  const { spool, forward, notice, now } = deps;
  /** By address: when it may be asked again, on a clock that only runs on. */
  const resting = new Map<string, { readonly until: number; readonly pause: number }>();
  let stopped = false;

  async function round(): Promise<boolean> {
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
    const done = await Promise.all([...byAddress].map(([url, some]) => passOnAll(url, some)));
    return done.includes(false);
  }

  /** @returns false while the address takes nothing. */
  async function passOnAll(
    forwardUrl: string,
    some: readonly { file: SpoolFile; event: SpooledEvent }[],
  ): Promise<boolean> {
    if ((resting.get(forwardUrl)?.until ?? 0) > performance.now()) return false;
    for (const { file, event } of some) {
      if (stopped) return false;
      const isTaken = await passOn(forwardUrl, file, event);
      if (isTaken) {
        resting.delete(forwardUrl);
        continue;
      }
      const pause = Math.min(2 * (resting.get(forwardUrl)?.pause ?? PAUSE / 2), LONGEST_REST);
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
    notice({ type: 'spool-drained', account, msgId: msgIdOf(event), outcome });
    await spool.remove(claimed);
    return answer !== null;
  }

  const rounds = inRounds({ round, firstPause: PAUSE, longestPause: LONGEST_PAUSE });
  return {
    wake: rounds.wake,
    stop(): Promise<void> {
      stopped = true;
      return rounds.stop();
    },
  };
}

function msgIdOf({ raw, at }: SpooledEvent): string {
  const message = readMessage(raw);
  const event = message && parseEvent(message, at);
  return event?.type === 'mass-finished' ? event.msgId : '';
}
