/**
 * Room for the bodies that are read whole: as many connections as there are may each bring the
 * largest that is allowed, so what one process holds of them is limited, and what one caller does,
 * too. A body for which there is no room stays unread in its socket until there is.
 */
import type { Request, RequestHandler } from 'express';
import { type Refused, refuse } from '../../shared/contract/problem.ts';
import { MINUTE, SECOND } from '../../shared/platform/time.ts';
import { sendRefusal } from './problem.ts';

const MIB = 1024 * 1024;
/** Of all callers: while it is worked on, a body may be there as bytes, as text and as values. */
const HELD_BYTES = 128 * MIB;
/** Four of the largest, so that nobody takes the others' room. */
const HELD_OF_ONE_CALLER = 64 * MIB;
/** So many may be held in any number: each connection costs more. */
const SMALL = 16 * 1024;
const WAITS = 20 * SECOND;
/** From then on, until its last byte: 16 MiB at a megabit a second. */
const COMES_WITHIN = 2 * MINUTE;

interface Waiting {
  readonly by: string;
  readonly bytes: number;
  readonly enter: () => void;
}

export type Room = ReturnType<typeof makeRoom>;

/** First come, first served, but for callers who have their share. */
export function makeRoom({ all = HELD_BYTES, ofOne = HELD_OF_ONE_CALLER, waitMs = WAITS } = {}) {
  const held = new Map<string, number>();
  const waiting = new Set<Waiting>();
  let total = 0;

  const fits = ({ by, bytes }: Waiting): boolean =>
    total + bytes <= all && (held.get(by) ?? 0) + bytes <= ofOne;

  function add(by: string, bytes: number): void {
    total += bytes;
    const sum = (held.get(by) ?? 0) + bytes;
    if (sum > 0) held.set(by, sum);
    else held.delete(by);
  }

  function admit(): void {
    for (const one of waiting) if (fits(one)) one.enter();
  }

  /** @returns what gives it back; null where there was none in time, or `gone` said that nobody waits. */
  function take(by: string, bytes: number, gone: AbortSignal): Promise<(() => void) | null> {
    return new Promise((resolve) => {
      const settle = (release: (() => void) | null): void => {
        clearTimeout(timer);
        gone.removeEventListener('abort', giveUp);
        waiting.delete(one);
        resolve(release);
      };
      const giveUp = (): void => settle(null);
      const one: Waiting = {
        ...{ by, bytes: Math.min(bytes, ofOne) },
        enter() {
          add(by, one.bytes);
          settle(() => {
            add(by, -one.bytes);
            admit();
          });
        },
      };
      const timer = setTimeout(giveUp, waitMs);
      gone.addEventListener('abort', giveUp, { once: true });
      waiting.add(one);
      if (gone.aborted) giveUp();
      else if (fits(one)) one.enter();
    });
  }

  return { take, heldBytes: () => total };
}

/** Of this process. */
const room = makeRoom();

/**
 * Waits for room until the request is answered.
 *
 * @param most that is read of it.
 * @returns why it is not read.
 */
export async function roomFor(
  req: Request,
  most: number,
  of: Room = room,
): Promise<Refused | null> {
  const { res } = req;
  const bytes = bytesOf(req, most);
  if (!res || bytes <= SMALL) return null;
  const gone = new AbortController();
  res.once('close', () => gone.abort());
  const { by = '' } = res.locals as { by?: string };
  const release = await of.take(by, bytes, gone.signal);
  if (!release) {
    res.set('Retry-After', RETRY_SECONDS);
    return refuse({ code: 'rate-limited', of: 'bytes' });
  }
  const slow = setTimeout(() => {
    if (!req.complete) req.socket.destroy();
  }, COMES_WITHIN);
  const done = (): void => {
    clearTimeout(slow);
    release();
  };
  if (res.closed) done();
  else res.once('close', done);
  return null;
}

const RETRY_SECONDS = '5';

/** What the caller announces; else, and where it is packed, all that may come. */
function bytesOf({ headers }: Request, most: number): number {
  const { 'content-encoding': packing = 'identity', 'content-length': length } = headers;
  if (length === undefined) return headers['transfer-encoding'] === undefined ? 0 : most;
  return packing === 'identity' ? Math.min(Number(length), most) : most;
}

export const holdRoom =
  (most: number): RequestHandler =>
  async (req, res, next) => {
    const refused = await roomFor(req, most);
    if (refused) return sendRefusal(res, refused.refused);
    if (!res.closed) next();
  };
