/** The bytes of an upload as they were before anybody compressed them, in pieces of bounded size. */
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { Refusal } from './refusal.ts';

const MAX_PIECE_BYTES = 64 * 1024;

const startsWith = (bytes: Uint8Array, ...magic: readonly number[]): boolean =>
  magic.every((byte, i) => bytes[i] === byte);

/**
 * Unpacks gzip, which is told by its first bytes, drops UTF-8's byte order mark and cuts pieces
 * that are too large to be worked through in one go.
 *
 * @throws {Refusal} the gzip data is broken or cut short, or the text is UTF-16.
 */
export async function* plainBytes(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const { head, rest } = await splitHead(source, 3);
  if (startsWith(head, 0x1f, 0x8b)) {
    yield* withoutMark(gunzipped(joined(head, rest)));
  } else {
    yield* withoutMark(joined(head, rest));
  }
}

async function* withoutMark(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const { head, rest } = await splitHead(source, 3);
  if (startsWith(head, 0xff, 0xfe) || startsWith(head, 0xfe, 0xff)) {
    throw new Refusal('the text is UTF-16; save it as UTF-8');
  }
  const start = startsWith(head, 0xef, 0xbb, 0xbf) ? head.subarray(3) : head;
  for await (const bytes of joined(start, rest)) {
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
      throw new Refusal('the gzip data is broken or cut short');
    }
    throw error;
  } finally {
    packed.destroy();
    gunzip.destroy();
  }
}

interface Split {
  /** At least `bytes` long, unless the whole source is shorter. */
  readonly head: Uint8Array;
  readonly rest: AsyncIterator<Uint8Array>;
}

async function splitHead(source: AsyncIterable<Uint8Array>, bytes: number): Promise<Split> {
  const rest = source[Symbol.asyncIterator]();
  let head: Uint8Array = new Uint8Array(0);
  while (head.length < bytes) {
    const next = await rest.next();
    if (next.done) break;
    head = head.length === 0 ? next.value : Buffer.concat([head, next.value]);
  }
  return { head, rest };
}

async function* joined(
  head: Uint8Array,
  rest: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  try {
    if (head.length > 0) yield head;
    for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}
