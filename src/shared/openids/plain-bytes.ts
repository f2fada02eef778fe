/** The text of an upload: unpacked, as UTF-8 where it was UTF-16, in pieces of bounded size. */
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { withLineFeeds } from './lines.ts';
import { type OtherFile, Refusal } from './list-flaw.ts';

const MAX_PIECE_BYTES = 64 * 1024;
/** Enough to tell what a file is. */
const HEAD_BYTES = 4 * 1024;

interface PlainText {
  /** How it begins; empty if there is nothing. */
  readonly head: string;
  readonly text: AsyncIterable<Uint8Array>;
}

/**
 * Unpacks gzip, which is told by its first bytes, drops byte order marks, and ends lines with line
 * feeds. GBK and other supersets of ASCII pass as they are: OpenIDs, separators and quotes are never
 * a part of their other characters.
 *
 * @throws {Refusal} the gzip data is broken or cut short, or it is no text.
 */
export async function plainText(source: AsyncIterable<Uint8Array>): Promise<PlainText> {
  const packed = await splitHead(source, 2);
  const isGzip = startsWith(packed.head, 0x1f, 0x8b);
  const bytes = isGzip ? gunzipped(joined(packed)) : joined(packed);
  const { head, rest } = await splitHead(bytes, HEAD_BYTES);
  const file = kindOf(head);
  if (file !== undefined) {
    await rest.return?.();
    throw new Refusal({ code: 'other-file', file });
  }
  const utf16 = utf16Of(head);
  const whole = joined({ head: withoutMark(head), rest });
  const text = withLineFeeds(inPieces(utf16 ? decoded(whole, utf16) : whole));
  return { head: new TextDecoder(utf16 ?? 'utf-8').decode(head).slice(0, HEAD_BYTES), text };
}

const startsWith = (bytes: Uint8Array, ...magic: readonly number[]): boolean =>
  magic.every((byte, i) => bytes[i] === byte);

/** Files that are sent by mistake, recognised by their first bytes. */
function kindOf(head: Uint8Array): OtherFile | undefined {
  const ascii = Buffer.from(head.subarray(0, 16)).toString('latin1');
  if (startsWith(head, 0xff, 0xd8, 0xff)) return 'jpeg';
  if (ascii.startsWith('\x89PNG')) return 'png';
  if (ascii.startsWith('GIF8')) return 'gif';
  if (ascii.startsWith('%PDF')) return 'pdf';
  if (ascii.startsWith('PK\x03\x04')) return 'excel';
  if (startsWith(head, 0xd0, 0xcf, 0x11, 0xe0)) return 'excel-97';
  if (/^(RIFF|ID3|#!AMR|.{4}ftyp)/s.test(ascii)) return 'media';
  if (/^\s*<(!doctype|html|\?xml)/i.test(ascii)) return 'web';
  if (!utf16Of(head) && head.includes(0)) return 'binary';
  return undefined;
}

/** By its byte order mark, or by the zero bytes beside each letter. */
function utf16Of(head: Uint8Array): 'utf-16le' | 'utf-16be' | undefined {
  if (startsWith(head, 0xff, 0xfe)) return 'utf-16le';
  if (startsWith(head, 0xfe, 0xff)) return 'utf-16be';
  const [a = 1, b = 1, c = 1, d = 1] = head;
  if (a > 0 && b === 0 && c > 0 && d === 0) return 'utf-16le';
  return a === 0 && b > 0 && c === 0 && d > 0 ? 'utf-16be' : undefined;
}

const withoutMark = (head: Uint8Array): Uint8Array =>
  startsWith(head, 0xef, 0xbb, 0xbf) ? head.subarray(3) : head;

async function* decoded(
  source: AsyncIterable<Uint8Array>,
  encoding: string,
): AsyncGenerator<Uint8Array> {
  const decoder = new TextDecoder(encoding); // takes the mark off
  const encoder = new TextEncoder();
  for await (const piece of source) yield encoder.encode(decoder.decode(piece, { stream: true }));
  yield encoder.encode(decoder.decode());
}

/** Cuts what is too large to be worked through in one go. */
async function* inPieces(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const bytes of source) {
    for (let at = 0; at < bytes.length; at += MAX_PIECE_BYTES) {
      yield bytes.subarray(at, at + MAX_PIECE_BYTES);
    }
  }
}

async function* gunzipped(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const gunzip = createGunzip();
  const packed = Readable.from(source, { objectMode: false });
  packed.once('error', (error) => gunzip.destroy(error));
  try {
    yield* packed.pipe(gunzip);
  } catch (error) {
    if (error instanceof Error && 'code' in error && String(error.code).startsWith('Z_')) {
      throw new Refusal({ code: 'gzip-broken' });
    }
    throw error;
  } finally {
    packed.destroy();
    gunzip.destroy();
  }
}

interface Split {
  /** At least as long as asked for, unless the whole source is shorter. */
  readonly head: Uint8Array;
  readonly rest: AsyncIterator<Uint8Array>;
}

async function splitHead(source: AsyncIterable<Uint8Array>, bytes: number): Promise<Split> {
  const rest = source[Symbol.asyncIterator]();
  const pieces: Uint8Array[] = [];
  for (let length = 0; length < bytes; ) {
    const next = await rest.next();
    if (next.done) break;
    pieces.push(next.value);
    length += next.value.length;
  }
  return { head: pieces.length === 1 ? (pieces[0] as Uint8Array) : Buffer.concat(pieces), rest };
}

async function* joined({ head, rest }: Split): AsyncGenerator<Uint8Array> {
  try {
    if (head.length > 0) yield head;
    for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}

/** A source that ends with `signal`'s reason as soon as it is aborted, even while no data comes. */
export async function* until<T>(signal: AbortSignal, source: AsyncIterable<T>): AsyncGenerator<T> {
  const items = source[Symbol.asyncIterator]();
  let abort = () => {};
  const onAbort = () => abort();
  signal.addEventListener('abort', onAbort);
  try {
    for (;;) {
      signal.throwIfAborted();
      // No race against one promise for all items: that one would keep them all in memory.
      const next = await new Promise<IteratorResult<T>>((resolve, reject) => {
        abort = () => reject(signal.reason);
        items.next().then(resolve, reject);
      });
      if (next.done) return;
      yield next.value;
    }
  } finally {
    signal.removeEventListener('abort', onAbort);
    // Not awaited: it would not resolve while no data comes.
    Promise.resolve(items.return?.()).catch(() => {});
  }
}
