/**
 * Makes a picture that WeChat takes out of one that is too large, or of a format or colours that it
 * does not take: as a cover, as an image, inside an article.
 *
 * A small file can hold a picture of gigabytes, so the picture's own figures are looked at first, and
 * it is decoded in a thread that has an end in time and memory.
 */
import { Worker } from 'node:worker_threads';
import type { MediaFacts } from '../campaign/media-facts.ts';
import {
  isFittable,
  type MediaEra,
  type MediaKind,
  mediaLimit,
  mediaRefusals,
} from '../campaign/media-limits.ts';
import type { Flaw } from '../campaign/mistake.ts';
import { SECOND } from '../platform/time.ts';
import { inspectMedia } from './inspect-media.ts';

/** More than a phone's 12 million; a JPG of as many takes some 400 MB while it is decoded. */
const MAX_PIXELS = 16_000_000;
/** A picture of one line costs the decoder a step for each pixel of it. */
const MAX_SIDE = 16_384;
/** Some ten times what the largest picture takes, for a busy machine. */
const WITHIN = 30 * SECOND;
const MAX_HEAP_MIB = 512;

/** A cover is shown some 900 pixels wide at most, other pictures as wide as a phone's screen. */
const SIDES = { cover: [900, 640, 360, 200], other: [2_048, 1_440, 1_080, 720, 480, 240] };

/** What it is to be used as. */
export interface PictureUse {
  readonly as: MediaKind;
  readonly era: MediaEra;
}

export type Fitted =
  | { readonly fitted: Uint8Array }
  /** `cause`: the decoder's own code. */
  | { readonly refused: readonly Flaw[]; readonly cause?: string };

/** Why a picture with these facts cannot be fitted; none if it can be tried. Pure. */
export function fitRefusals(
  { format, broken, width = 0, height = 0 }: MediaFacts,
  as: MediaKind,
): readonly Flaw[] {
  if (format === 'unknown' || !isFittable(as, format)) {
    return [{ code: 'picture-not-fittable', as }];
  }
  if (broken !== undefined) return [{ code: 'media-broken', as, format, broken }];
  if (width * height > MAX_PIXELS || Math.max(width, height) > MAX_SIDE) {
    return [{ code: 'picture-too-many-pixels', as, width, height }];
  }
  return [];
}

/**
 * A JPG that WeChat takes; the very bytes where it takes them already. Upright, in the picture's own
 * proportions, on white where it is transparent. The same picture gives the same bytes.
 *
 * @returns else why not: no picture that can be fitted, broken, of too many pixels, or beyond the
 *   thread's limits.
 */
export async function fitPicture(bytes: Uint8Array, { as, era }: PictureUse): Promise<Fitted> {
  const facts = inspectMedia(bytes);
  if (mediaRefusals(as, facts, era).length === 0) return { fitted: bytes };
  const refused = fitRefusals(facts, as);
  if (refused.length > 0) return { refused };

  const { width = 0, height = 0, format } = facts;
  const { maxBytes } = mediaLimit(as, era);
  const sides = as === 'thumb' ? SIDES.cover : SIDES.other;
  const done = await inTurn(() => inThread({ bytes, format, width, height, sides, maxBytes }));
  if ('picture' in done) return { fitted: done.picture };
  const code = done.refused === 'too-large' ? 'picture-stays-large' : 'picture-not-decoded';
  return { refused: [{ code, as }], ...(done.cause === undefined ? {} : { cause: done.cause }) };
}

interface PictureWork {
  readonly bytes: Uint8Array;
  readonly format: MediaFacts['format'];
  readonly width: number;
  readonly height: number;
  /** Pixels of the longer side, tried in this order. */
  readonly sides: readonly number[];
  readonly maxBytes: number;
}

/** No picture: it stays too large; or `undecodable`, with the decoder's own code. */
type PictureDone =
  | { readonly picture: Uint8Array }
  | { readonly refused: 'too-large' | 'undecodable'; readonly cause?: string };

/** One at a time: several would only take the processor from each other, and memory from all. */
let last: Promise<unknown> = Promise.resolve();
function inTurn<T>(work: () => Promise<T>): Promise<T> {
  const mine = last.then(work);
  last = mine.catch(() => undefined);
  return mine;
}

function inThread(workerData: PictureWork): Promise<PictureDone> {
  const thread = new Worker(new URL('./decode-picture.js', import.meta.url), {
    workerData,
    resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MIB },
  });
  return new Promise<PictureDone>((resolve) => {
    const undecodable = (cause: string) => resolve({ refused: 'undecodable', cause });
    const timer = setTimeout(() => undecodable('TIMEOUT'), WITHIN);
    thread.once('message', resolve);
    thread.once('error', (error: NodeJS.ErrnoException) => undecodable(error.code ?? error.name));
    thread.once('exit', () => {
      clearTimeout(timer);
      undecodable('EXIT');
    });
  }).finally(() => thread.terminate());
}
