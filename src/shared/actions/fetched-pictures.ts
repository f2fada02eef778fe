/**
 * Pictures of articles that are fetched from their addresses, where a request asks for it: each
 * address once, each picture kept as an upload of ours and made to fit. What was used stays with the
 * campaign, so nothing is fetched again for it.
 */
import { createHash } from 'node:crypto';
import type { Flaw, FlawOf } from '../campaign/mistake.ts';
import type { FetchPicture } from '../delivery/fetch-picture.ts';
import { fewAtOnce } from '../platform/few-at-once.ts';
import { MINUTE } from '../platform/time.ts';
import type { makeCheckMedia } from './check-media.ts';

/** Of one message: what is asked for must be there within a request. */
const MOST_FETCHED = 50;
const AT_ONCE = 4;
/** No picture is begun later. */
const ALL_WITHIN = MINUTE;
/** As they go up: they are in memory until the campaign is accepted. */
const MOST_BYTES = 32 * 1024 * 1024;
/** Messages whose pictures are fetched by one process, each of another account. */
const MESSAGES_AT_ONCE = 4;
/** Of one account, behind the one whose turn it is. */
const MOST_WAITING = 16;

const overall = fewAtOnce(MESSAGES_AT_ONCE, <T>(work: () => Promise<T>) => work());
const ofAccounts = new Map<string, { waiting: number; inTurn: typeof overall }>();

/** @returns null where too many of the account wait. */
export async function fetchInTurn<T>(account: string, work: () => Promise<T>): Promise<T | null> {
  const one = ofAccounts.get(account) ?? { waiting: 0, inTurn: fewAtOnce(1, overall) };
  if (one.waiting > MOST_WAITING) return null;
  ofAccounts.set(account, one);
  one.waiting += 1;
  try {
    return (await one.inTurn(work)) as T;
  } finally {
    one.waiting -= 1;
    if (one.waiting === 0) ofAccounts.delete(account);
  }
}

interface Dependencies {
  /** Null: addresses are collected, and an id stands in the place of each. */
  readonly fetchPicture: FetchPicture | null;
  readonly keepFitted: ReturnType<typeof makeCheckMedia>['keepFitted'];
  readonly wrong: (path: string, flaw: Flaw) => void;
}

type Found = { readonly id: string } | { readonly flaw: Flaw };

export function makeFetchedPictures({ fetchPicture, keepFitted, wrong }: Dependencies) {
  const found = new Map<string, Found>();
  let keptBytes = 0;
  let until = Number.POSITIVE_INFINITY;

  /** @returns ids of uploads by address; a picture that cannot be had is a mistake at `path`. */
  async function fetchAll(path: string, urls: readonly string[]): Promise<Map<string, string>> {
    const wanted = urls.filter((url) => !found.has(url));
    const room = MOST_FETCHED - found.size;
    if (wanted.length > room) {
      wrong(path, { code: 'too-large', limit: MOST_FETCHED, unit: 'pictures' });
      return new Map();
    }
    if (wanted.length > 0) until = Math.min(until, performance.now() + ALL_WITHIN);
    for (let at = 0; at < wanted.length; at += AT_ONCE) {
      const some = wanted.slice(at, at + AT_ONCE);
      const all = await Promise.all(some.map(fetchOne));
      all.forEach((one, index) => {
        found.set(some[index] ?? '', one);
      });
    }
    const ids = new Map<string, string>();
    for (const url of urls) {
      const one = found.get(url);
      if (!one) continue;
      if ('id' in one) ids.set(url, one.id);
      else wrong(path, one.flaw);
    }
    return ids;
  }

  async function fetchOne(url: string): Promise<Found> {
    if (!fetchPicture) return { id: standIn(url) };
    const no = (why: FlawOf<'picture-not-fetched'>['why']): Found => ({
      flaw: { code: 'picture-not-fetched', url: url.slice(0, 80), why },
    });
    if (performance.now() > until) return no('timeout');
    if (keptBytes > MOST_BYTES) return no('too-much');
    const fetched = await fetchPicture(url);
    if ('flaw' in fetched) return fetched;
    const kept = await keepFitted(fetched.bytes, 'article-picture');
    keptBytes += kept?.bytes ?? 0;
    return kept ?? no('unfit');
  }

  return { fetchAll, addresses: (): string[] => [...found.keys()] };
}

/** Of a file that is not there yet. */
const standIn = (url: string): string =>
  `m_${createHash('sha256').update(url).digest('hex').slice(0, 32)}`;
