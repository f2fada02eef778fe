/**
 * What WeChat takes as which kind of media, in both eras of its protocol.
 *
 * Pure. Every mistake of a file at once, with the figure found and the limit. Source: docs/wechat.md (media).
 */
import type { MediaFacts, MediaFormat } from './media-facts.ts';
import type { Flaw } from './mistake.ts';

/** What one file is uploaded as; each has its own call or `type` at WeChat. */
export type MediaKind =
  | 'image'
  | 'voice'
  | 'video'
  | 'thumb'
  | 'article-picture'
  | 'permanent-image';

export type MediaEra = 'today' | '2014';

export interface MediaLimit {
  readonly formats: readonly MediaFormat[];
  /** The largest size that passes. */
  readonly maxBytes: number;
  readonly maxMs?: number;
}

const KB = 1024;
const MB = 1024 * KB;
const SECOND = 1_000;

const THUMB: MediaLimit = { formats: ['jpg'], maxBytes: 64 * KB };

/** uploadimg: "under 1 MB". It came after 2014, and its limits have not changed since. */
const ARTICLE_PICTURE: MediaLimit = {
  formats: ['jpg', 'png'],
  maxBytes: MB - 1,
};

/** Permanent material did not exist in 2014: an account that uses it lives under today's rule. */
const PERMANENT_IMAGE: MediaLimit = {
  formats: ['jpg', 'png', 'gif', 'bmp'],
  maxBytes: 10 * MB,
};

const LIMITS: Readonly<Record<MediaEra, Readonly<Record<MediaKind, MediaLimit>>>> = {
  today: {
    image: { formats: ['jpg', 'png', 'gif'], maxBytes: 10 * MB },
    voice: { formats: ['mp3', 'amr'], maxBytes: 2 * MB, maxMs: 60 * SECOND },
    video: { formats: ['mp4'], maxBytes: 10 * MB },
    thumb: THUMB,
    'article-picture': ARTICLE_PICTURE,
    'permanent-image': PERMANENT_IMAGE,
  },
  '2014': {
    image: { formats: ['jpg'], maxBytes: 128 * KB },
    voice: { formats: ['mp3', 'amr'], maxBytes: 256 * KB, maxMs: 60 * SECOND },
    video: { formats: ['mp4'], maxBytes: MB },
    thumb: THUMB,
    'article-picture': ARTICLE_PICTURE,
    'permanent-image': PERMANENT_IMAGE,
  },
};

export const mediaLimit = (kind: MediaKind, era: MediaEra): MediaLimit => LIMITS[era][kind];

/**
 * Every reason why WeChat would not take this file as this kind; none if it would.
 *
 * A sound whose length the file does not tell is let through: WeChat decides.
 */
export function mediaRefusals(kind: MediaKind, facts: MediaFacts, era: MediaEra): readonly Flaw[] {
  const limit = mediaLimit(kind, era);
  const { format, broken } = facts;
  return [
    formatRefusal(kind, facts, limit, era),
    broken && ({ code: 'media-broken', as: kind, format, broken } as const),
    facts.cmyk && ({ code: 'media-cmyk', as: kind } as const),
    sizeRefusal(kind, facts, limit),
    lengthRefusal(kind, facts, limit),
  ].filter((refusal) => refusal !== undefined);
}

function formatRefusal(
  as: MediaKind,
  { format, looksLike }: MediaFacts,
  { formats }: MediaLimit,
  era: MediaEra,
): Flaw | undefined {
  if (formats.includes(format)) return undefined;
  if (format === 'unknown') {
    if (looksLike === 'empty') return { code: 'media-empty', as };
    return { code: 'media-unknown', as, formats, ...(looksLike && { looksLike }) };
  }
  const isOldRule = era === '2014' && mediaLimit(as, 'today').formats.includes(format);
  return {
    code: 'media-format',
    ...{ as, format, formats },
    ...(isOldRule ? { era2014: true } : {}),
    ...(isFittable(as, format) ? { fittable: true } : {}),
  };
}

function sizeRefusal(
  as: MediaKind,
  { bytes, format }: MediaFacts,
  { maxBytes: limit, formats }: MediaLimit,
): Flaw | undefined {
  if (bytes <= limit) return undefined;
  // Where the format is wrong too, its refusal has already said so.
  const fittable = isFittable(as, format) && formats.includes(format);
  return { code: 'media-too-large', as, bytes, limit, ...(fittable ? { fittable } : {}) };
}

/**
 * Milliseconds. An encoder puts silence around the sound, and not every file says how much: a sound
 * of 60.0 s may have 60.06 s of frames.
 */
const ENCODER_SILENCE = 100;

function lengthRefusal(
  as: MediaKind,
  { durationMs: ms }: MediaFacts,
  { maxMs: limit }: MediaLimit,
): Flaw | undefined {
  if (limit === undefined || ms === undefined) return undefined;
  return ms <= limit + ENCODER_SILENCE ? undefined : { code: 'media-too-long', as, ms, limit };
}

/** A picture of which nothing but the picture is lost: a GIF would lose its movement. */
export const isFittable = (kind: MediaKind, format: MediaFormat): boolean =>
  kind !== 'voice' && kind !== 'video' && ['jpg', 'png', 'bmp', 'webp'].includes(format);
