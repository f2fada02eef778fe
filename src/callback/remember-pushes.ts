/**
 * Signed addresses that were used. In plain mode the signature does not cover the body, so that
 * whoever has seen one address could post whatever they like to it for as long as it is fresh.
 */
import { createHash } from 'node:crypto';
import { MINUTE } from '../shared/platform/time.ts';

/** As long as a timestamp may be off in either direction. */
const REMEMBERED_FOR = 10 * MINUTE;
/** WeChat pushes up to three times. */
const USES = 4;
/** Only what is signed is remembered; this many in ten minutes is far beyond WeChat's pace. */
const MOST = 50_000;

interface Used {
  readonly body: string;
  readonly until: number;
  uses: number;
}

export interface SignedPush {
  readonly account: string;
  readonly query: URLSearchParams;
  readonly body: Buffer;
}

/** One for a process: behind several, an address may be used four times at each. */
export function rememberPushes(now: () => number) {
  const used = new Map<string, Used>();

  return {
    /** Whether these four may still be made of this address, and this is the same body again. */
    admits(push: SignedPush): boolean {
      const known = used.get(keyOf(push));
      if (!known || known.until < now()) return true;
      return known.uses < USES && known.body === digestOf(push.body);
    },

    /** It was WeChat's. */
    note(push: SignedPush): void {
      const key = keyOf(push);
      const known = used.get(key);
      if (known && known.until >= now()) {
        known.uses += 1;
        return;
      }
      forget();
      used.set(key, { body: digestOf(push.body), until: now() + REMEMBERED_FOR, uses: 1 });
    },
  };

  /** A Map keeps the order of its making: the oldest come first. */
  function forget(): void {
    for (const [key, { until }] of used) {
      if (until >= now() && used.size < MOST) return;
      used.delete(key);
    }
  }
}

/** Timestamp and nonce are signed in any order, so one for the other is the same address. */
function keyOf({ account, query }: SignedPush): string {
  const pair = [query.get('timestamp'), query.get('nonce')].sort();
  return [account, ...pair, query.get('msg_signature') ?? query.get('signature')].join(' ');
}

const digestOf = (body: Buffer): string => createHash('sha1').update(body).digest('base64');
