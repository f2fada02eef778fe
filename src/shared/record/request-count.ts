/**
 * How often each caller of the API has asked in this minute, over all processes. No request waits for it:
 * each process counts by itself and exchanges its count with Redis a few times a second, so that a caller may get a
 * little more than its limit, by what the others answered meanwhile. Without Redis each process counts alone.
 */
import type { Redis } from '../platform/redis.ts';
import { MINUTE, SECOND } from '../platform/time.ts';
import { makeKeys } from './keys.ts';

interface Dependencies {
  readonly redis: Redis;
  readonly record: string;
  readonly now: () => number;
}

interface Count {
  readonly minute: number;
  total: number;
  /** Of this process, and not in Redis yet. */
  untold: number;
  tellAt: number;
}

const TELL_EVERY = SECOND / 4;

/** @param what is counted: one store for each. */
export const makeRequestCount =
  ({ redis, record, now }: Dependencies) =>
  (what: 'reads' | 'changes' | 'pages') => {
    const keys = makeKeys(record);
    const counts = new Map<string, Count>();

    async function tell(caller: string, count: Count): Promise<void> {
      const by = count.untold;
      count.untold = 0;
      count.tellAt = performance.now() + TELL_EVERY;
      const key = keys.requests(what, caller, count.minute);
      try {
        const [total] = await Promise.all([redis.incrby(key, by), redis.pexpire(key, MINUTE)]);
        count.total = Math.max(count.total, total + count.untold);
      } catch {
        count.untold += by;
      }
    }

    /** One more. @returns how many there were in this minute, and when it ends. */
    return (caller: string): { readonly total: number; readonly endsInMs: number } => {
      const at = now();
      const minute = Math.floor(at / MINUTE);
      const known = counts.get(caller);
      const count = known?.minute === minute ? known : { minute, total: 0, untold: 0, tellAt: 0 };
      counts.set(caller, count);
      count.total += 1;
      count.untold += 1;
      if (performance.now() >= count.tellAt) void tell(caller, count);
      return { total: count.total, endsInMs: (minute + 1) * MINUTE - at };
    };
  };
