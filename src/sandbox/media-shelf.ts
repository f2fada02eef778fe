/** Everything of one account that has a media_id. */
import { randomBytes } from 'node:crypto';
import type { Rules } from './options.ts';

export type MediaKind = 'image' | 'voice' | 'video' | 'thumb' | 'mpvideo' | 'news' | 'draft';

export interface Article {
  readonly title: string;
  readonly content: string;
  readonly [field: string]: unknown;
}

export interface Media {
  readonly id: string;
  readonly kind: MediaKind;
  readonly permanent: boolean;
  readonly createdAt: number;
  /** Of what followers would see: the same for the same file uploaded twice. */
  readonly digest: string;
  readonly filename?: string;
  readonly bytes?: number;
  /** Of a draft they may be changed. */
  articles?: readonly Article[];
  updatedAt?: number;
  timesSent: number;
  expired: boolean;
}

export type NewMedia = Omit<Media, 'id' | 'createdAt' | 'timesSent' | 'expired'>;

export interface MediaShelf {
  put(media: NewMedia): Media;
  /** undefined for what is unknown, expired or another account's: WeChat does not tell which. */
  find(id: string): Media | undefined;
  remove(id: string): boolean;
  /** Ends the life of temporary media and of drafts: all, or one. */
  expire(id?: string): number;
  all(kind?: MediaKind): readonly Media[];
}

export function makeMediaShelf({ rules, now }: { rules: Rules; now: () => number }): MediaShelf {
  const shelf = new Map<string, Media>();
  return {
    put(media) {
      const id = randomBytes(48).toString('base64url');
      const kept = { ...media, id, createdAt: now(), timesSent: 0, expired: false };
      shelf.set(id, kept);
      return kept;
    },
    find(id) {
      const media = shelf.get(id);
      if (!media || media.expired) return undefined;
      return media.permanent || now() - media.createdAt < rules.pace.mediaLifeMs
        ? media
        : undefined;
    },
    remove: (id) => shelf.delete(id),
    expire(id) {
      const temporary = [...shelf.values()].filter(
        (media) =>
          (!media.permanent || media.kind === 'draft') &&
          !media.expired &&
          (id === undefined || media.id === id),
      );
      for (const media of temporary) media.expired = true;
      return temporary.length;
    },
    all: (kind) => [...shelf.values()].filter((media) => !kind || media.kind === kind),
  };
}
