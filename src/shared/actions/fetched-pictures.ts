/**
 * Pictures of articles that are fetched from their addresses, where a request asks for it: each
 * address once, each picture kept as an upload of ours and made to fit. What was used stays with the
 * campaign, so nothing is fetched again for it.
 */
import { createHash } from 'node:crypto';
import type { Flaw } from '../campaign/mistake.ts';
import type { FetchPicture } from '../delivery/fetch-picture.ts';
import type { MediaStore } from '../record/media-store.ts';
import type { makeCheckMedia } from './check-media.ts';

/** Of one message: what is asked for must be there within a request. */
const MOST_FETCHED = 50;
const AT_ONCE = 4;

interface Dependencies {
  readonly media: Pick<MediaStore, 'put'>;
  /** Null: addresses are collected, and an id stands in the place of each. */
  readonly fetchPicture: FetchPicture | null;
  readonly use: ReturnType<typeof makeCheckMedia>['use'];
  readonly wrong: (path: string, flaw: Flaw) => void;
}

type Found = { readonly id: string } | { readonly flaw: Flaw };

export function makeFetchedPictures({ media, fetchPicture, use, wrong }: Dependencies) {
  const found = new Map<string, Found>();

  /** @returns ids of uploads by address; a picture that cannot be had is a mistake at `path`. */
  async function fetchAll(path: string, urls: readonly string[]): Promise<Map<string, string>> {
    const wanted = urls.filter((url) => !found.has(url));
    const room = MOST_FETCHED - found.size;
    if (wanted.length > room) {
      wrong(path, { code: 'too-large', limit: MOST_FETCHED, unit: 'pictures' });
      return new Map();
    }
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
    const fetched = await fetchPicture(url);
    if ('flaw' in fetched) return fetched;
    const unfit = { code: 'picture-not-fetched', url: url.slice(0, 80), why: 'unfit' } as const;
    const kept = await media.put(fetched.bytes);
    if ('refused' in kept) return { flaw: unfit };
    const { id, flaws } = await use(kept.id, 'article-picture', true);
    return flaws.length === 0 ? { id } : { flaw: unfit };
  }

  return { fetchAll, addresses: (): string[] => [...found.keys()] };
}

/** Of a file that is not there yet. */
const standIn = (url: string): string =>
  `m_${createHash('sha256').update(url).digest('hex').slice(0, 32)}`;
