/**
 * How often one caller may ask. By key, so that one service's loop leaves the others in peace. Without
 * keys there is only this machine, and nobody to protect from it.
 */
import type { RequestHandler } from 'express';
import { MINUTE, SECOND } from '../../shared/platform/time.ts';
import { callerOf } from './caller.ts';
import { sendRefusal } from './problem.ts';

/** Counts one more. */
export type CountRequest = (caller: string) => {
  /** Of this minute, with the one at hand. */
  readonly total: number;
  readonly endsInMs: number;
};

export interface RateLimit {
  readonly perMinute: number;
  /** Where requests are counted, if not in this process alone. */
  readonly count?: CountRequest | undefined;
  /** Which methods it counts. */
  readonly counts: (method: string) => boolean;
}

/** What is left is told by the fields of draft-ietf-httpapi-ratelimit-headers-08. */
export function limitRate({ perMinute, count = countHere(), counts }: RateLimit): RequestHandler {
  const name = `"${perMinute}-in-1min"`;
  const policy = `${name}; q=${perMinute}; w=${MINUTE / SECOND}`;
  return (req, res, next) => {
    if (res.locals.hasNoKey === true || !counts(req.method)) return next();
    const { total, endsInMs } = count(callerOf(res));
    const seconds = Math.max(0, Math.ceil(endsInMs / SECOND));
    res.setHeader('RateLimit-Policy', policy);
    res.setHeader('RateLimit', `${name}; r=${Math.max(0, perMinute - total)}; t=${seconds}`);
    if (total <= perMinute) return next();
    res.setHeader('Retry-After', seconds);
    sendRefusal(res, { code: 'rate-limited', of: 'requests' });
  };
}

function countHere(): CountRequest {
  let endsAt = 0;
  const counts = new Map<string, number>();
  return (caller) => {
    const now = Date.now();
    if (now >= endsAt) {
      counts.clear();
      endsAt = now + MINUTE;
    }
    const total = (counts.get(caller) ?? 0) + 1;
    counts.set(caller, total);
    return { total, endsInMs: endsAt - now };
  };
}
