/**
 * What WeChat takes as which kind of media, in both eras of its protocol.
 *
 * Pure. Every mistake of a file at once, with the figure found and the limit, in the words of
 * whoever has to mend it. Source: docs/wechat.md (media).
 */
import type { MediaFacts, MediaFormat } from './media-facts.ts';

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
  /** How an operator calls it, with its article. */
  readonly noun: string;
  readonly formats: readonly MediaFormat[];
  /** The largest size that passes. */
  readonly maxBytes: number;
  readonly maxMs?: number;
}

const KB = 1024;
const MB = 1024 * KB;
const SECOND = 1_000;

const THUMB: MediaLimit = { noun: 'a cover', formats: ['jpg'], maxBytes: 64 * KB };

/** uploadimg: "under 1 MB". It came after 2014, and its limits have not changed since. */
const ARTICLE_PICTURE: MediaLimit = {
  noun: 'a picture inside an article',
  formats: ['jpg', 'png'],
  maxBytes: MB - 1,
};

/** Permanent material did not exist in 2014: an account that uses it lives under today's rule. */
const PERMANENT_IMAGE: MediaLimit = {
  noun: 'a permanent picture',
  formats: ['jpg', 'png', 'gif', 'bmp'],
  maxBytes: 10 * MB,
};

const LIMITS: Readonly<Record<MediaEra, Readonly<Record<MediaKind, MediaLimit>>>> = {
  today: {
    image: { noun: 'an image', formats: ['jpg', 'png', 'gif'], maxBytes: 10 * MB },
    voice: { noun: 'a voice', formats: ['mp3', 'amr'], maxBytes: 2 * MB, maxMs: 60 * SECOND },
    video: { noun: 'a video', formats: ['mp4'], maxBytes: 10 * MB },
    thumb: THUMB,
    'article-picture': ARTICLE_PICTURE,
    'permanent-image': PERMANENT_IMAGE,
  },
  '2014': {
    image: { noun: 'an image', formats: ['jpg'], maxBytes: 128 * KB },
    voice: { noun: 'a voice', formats: ['mp3', 'amr'], maxBytes: 256 * KB, maxMs: 60 * SECOND },
    video: { noun: 'a video', formats: ['mp4'], maxBytes: MB },
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
export function mediaRefusals(
  kind: MediaKind,
  facts: MediaFacts,
  era: MediaEra,
): readonly string[] {
  const limit = mediaLimit(kind, era);
  return [
    formatRefusal(kind, facts, limit, era),
    facts.broken === undefined ? undefined : `${kind}: ${facts.broken}`,
    sizeRefusal(kind, facts, limit),
    lengthRefusal(kind, facts, limit),
  ].filter((refusal) => refusal !== undefined);
}

function formatRefusal(
  kind: MediaKind,
  { format, looksLike }: MediaFacts,
  { noun, formats }: MediaLimit,
  era: MediaEra,
): string | undefined {
  if (formats.includes(format)) return undefined;
  const wanted = `${noun} must be ${formats.map(nameOf).join(' or ')}`;
  const ruledBy = era === '2014' && mediaLimit(kind, 'today').formats.includes(format);
  const advice = canBeFitted(kind, format)
    ? 'convert it, or ask for it to be fitted (fit: true)'
    : 'convert it';
  if (format !== 'unknown') {
    return `${nameOf(format)}, but ${wanted}${ruledBy ? ' (protocol 2014)' : ''}: ${advice}`;
  }
  if (looksLike === 'empty') return `${kind}: the file is empty`;
  return looksLike === undefined
    ? `${kind}: the content is of no known format, but ${wanted}`
    : `${kind}: the content is ${looksLike}, but ${wanted}`;
}

function sizeRefusal(
  kind: MediaKind,
  { bytes, format }: MediaFacts,
  { maxBytes, formats }: MediaLimit,
): string | undefined {
  if (bytes <= maxBytes) return undefined;
  const found = `${kind}: ${figures(bytes)} bytes, at most ${figures(maxBytes)} (${size(maxBytes)})`;
  // Where the format is wrong too, its refusal has already said so.
  const saidAlready = !formats.includes(format);
  return canBeFitted(kind, format) && !saidAlready
    ? `${found}: ask for it to be fitted (fit: true)`
    : found;
}

/**
 * Milliseconds. An encoder puts silence around the sound, and not every file says how much: a sound
 * of 60.0 s may have 60.06 s of frames.
 */
const ENCODER_SILENCE = 100;

function lengthRefusal(
  kind: MediaKind,
  { durationMs }: MediaFacts,
  { maxMs }: MediaLimit,
): string | undefined {
  if (maxMs === undefined || durationMs === undefined) return undefined;
  if (durationMs <= maxMs + ENCODER_SILENCE) return undefined;
  return `${kind} lasts ${seconds(durationMs)} s, at most ${maxMs / SECOND} s`;
}

/** Covers alone are fitted: they are shown small, and nothing but the picture is lost. */
const canBeFitted = (kind: MediaKind, format: MediaFormat): boolean =>
  kind === 'thumb' && (format === 'jpg' || format === 'png');

const nameOf = (format: MediaFormat): string => format.toUpperCase();

const figures = (count: number): string => count.toLocaleString('en-US');

function size(bytes: number): string {
  if (bytes === MB - 1) return 'under 1 MB';
  return bytes >= MB ? `${bytes / MB} MB` : `${bytes / KB} KB`;
}

/** Rounded up to a tenth, so that 60.04 s never reads "60 s, at most 60 s". */
const seconds = (ms: number): number => Math.ceil(ms / 100) / 10;
