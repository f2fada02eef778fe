/**
 * Makes a cover that WeChat takes out of a picture that is too large or a PNG.
 *
 * A cover is shown some 900 pixels wide at most, so little is lost. A small file can hold a picture of
 * gigabytes, so the picture's own figures are looked at first, and it is decoded in a thread that has
 * an end in time and memory.
 */
import { Worker } from 'node:worker_threads';
import type { MediaFacts } from '../campaign/media-facts.ts';
import { mediaLimit, mediaRefusals } from '../campaign/media-limits.ts';
import type { Flaw } from '../campaign/mistake.ts';
import { SECOND } from '../platform/time.ts';
import { inspectMedia } from './inspect-media.ts';

const { maxBytes: MAX_BYTES } = mediaLimit('thumb', 'today');

/** More than a phone's 12 million; a JPG of as many takes some 400 MB while it is decoded. */
const MAX_PIXELS = 16_000_000;
/** A picture of one line costs the decoder a step for each pixel of it. */
const MAX_SIDE = 16_384;
/** Some ten times what the largest picture takes, for a busy machine. */
const WITHIN = 30 * SECOND;
const MAX_HEAP_MIB = 512;

/** The picture cannot be made a cover; `flaws` say why. */
export class CoverUnfit extends Error {
  override name = 'CoverUnfit';
  readonly flaws: readonly Flaw[];

  constructor(flaws: readonly Flaw[], options?: ErrorOptions) {
    super(flaws.map(({ code }) => code).join(', '), options);
    this.flaws = flaws;
  }
}

/** Why a picture with these facts cannot be fitted; none if it can be tried. Pure. */
export function fitRefusals({
  format,
  broken,
  width = 0,
  height = 0,
}: MediaFacts): readonly Flaw[] {
  if (format !== 'jpg' && format !== 'png') {
    return [{ code: 'cover-not-fittable' }];
  }
  if (broken !== undefined) return [{ code: 'media-broken', as: 'thumb', format, broken }];
  if (width * height > MAX_PIXELS || Math.max(width, height) > MAX_SIDE) {
    return [{ code: 'cover-too-many-pixels', width, height }];
  }
  return [];
}

/**
 * A JPG of at most 64 KB; the very bytes where they already are one. Upright, in its own
 * proportions, on white where it is transparent. The same picture gives the same bytes.
 *
 * @throws {CoverUnfit} neither JPG nor PNG, broken, of too many pixels, or beyond the thread's limits.
 */
export async function fitCover(bytes: Uint8Array): Promise<Uint8Array> {
  const facts = inspectMedia(bytes);
  if (mediaRefusals('thumb', facts, 'today').length === 0) return bytes;
  const refused = fitRefusals(facts);
  if (refused.length > 0) throw new CoverUnfit(refused);

  const { width = 0, height = 0, format } = facts;
  const work: CoverWork = { bytes, isPng: format === 'png', width, height, maxBytes: MAX_BYTES };
  const done = await inTurn(() => inThread(work));
  if ('cover' in done) return done.cover;
  if (done.refused === 'too-large') {
    throw new CoverUnfit([{ code: 'cover-stays-large' }]);
  }
  const cause = { code: done.cause };
  throw new CoverUnfit([{ code: 'cover-not-decoded' }], { cause });
}

interface CoverWork {
  readonly bytes: Uint8Array;
  readonly isPng: boolean;
  readonly width: number;
  readonly height: number;
  readonly maxBytes: number;
}

/** No cover: it stays too large; or `undecodable`, with the decoder's own code. */
type CoverDone =
  | { readonly cover: Uint8Array }
  | { readonly refused: 'too-large' | 'undecodable'; readonly cause?: string };

/** One at a time: several would only take the processor from each other, and memory from all. */
let last: Promise<unknown> = Promise.resolve();
function inTurn<T>(work: () => Promise<T>): Promise<T> {
  const mine = last.then(work);
  last = mine.catch(() => undefined);
  return mine;
}

function inThread(workerData: CoverWork): Promise<CoverDone> {
  const thread = new Worker(new URL('./decode-cover.js', import.meta.url), {
    workerData,
    resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MIB },
  });
  return new Promise<CoverDone>((resolve) => {
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
