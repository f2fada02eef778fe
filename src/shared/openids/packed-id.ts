/**
 * An OpenID as bytes: one byte with its length, then 6 bits a character.
 *
 * OpenIDs are written in exactly base64url's alphabet, so packing is base64url decoding with the
 * length kept beside it (16 to 64 characters need not be a multiple of 4). The usual 28 characters
 * make 22 bytes.
 */
const MIN_CHARS = 16;
export const MAX_CHARS = 64;
export const MAX_PACKED_BYTES = 1 + (MAX_CHARS * 6) / 8;

const NOT_IN_ALPHABET = 255;
const SIXBITS = new Uint8Array(256).fill(NOT_IN_ALPHABET);
const ALPHABET = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_');
for (const [value, char] of ALPHABET.entries()) SIXBITS[char] = value;

/** Bytes of a packed id, by the length that its first byte names. */
export const packedBytes = (chars: number): number => 1 + ((chars * 6 + 7) >>> 3);

/**
 * Packs the characters `text[from, to)` into `target` at `at`, which needs room for
 * `MAX_PACKED_BYTES`.
 *
 * @returns the bytes written, or 0 if this is not an OpenID; `target` may have been scribbled on.
 */
export function packId(
  text: Uint8Array,
  from: number,
  to: number,
  target: Uint8Array,
  at: number,
): number {
  const chars = to - from;
  if (chars < MIN_CHARS || chars > MAX_CHARS) return 0;
  target[at] = chars;
  let out = at + 1;
  let i = from;
  for (const whole = to - (chars & 3); i < whole; i += 4) {
    const a = SIXBITS[text[i] as number] as number;
    const b = SIXBITS[text[i + 1] as number] as number;
    const c = SIXBITS[text[i + 2] as number] as number;
    const d = SIXBITS[text[i + 3] as number] as number;
    if ((a | b | c | d) > 63) return 0;
    target[out] = (a << 2) | (b >>> 4);
    target[out + 1] = (b << 4) | (c >>> 2);
    target[out + 2] = (c << 6) | d;
    out += 3;
  }
  if (i < to) {
    const a = SIXBITS[text[i] as number] as number;
    const b = i + 1 < to ? (SIXBITS[text[i + 1] as number] as number) : 0;
    const c = i + 2 < to ? (SIXBITS[text[i + 2] as number] as number) : 0;
    if ((a | b | c) > 63) return 0;
    target[out] = (a << 2) | (b >>> 4);
    out += 1;
    if (i + 1 < to) {
      target[out] = (b << 4) | (c >>> 2);
      out += 1;
    }
    if (i + 2 < to) {
      target[out] = c << 6;
      out += 1;
    }
  }
  return out - at;
}

/** The OpenIDs among these as one run of packed ids, and how many they are. */
export function packIds(openIds: Iterable<string>): { packed: Buffer; count: number } {
  const text = Buffer.alloc(MAX_CHARS * 3); // a character of a JavaScript string is up to 3 bytes
  const pieces: Buffer[] = [];
  for (const openId of openIds) {
    const packed = Buffer.allocUnsafe(MAX_PACKED_BYTES);
    const chars = openId.length > MAX_CHARS ? 0 : text.write(openId);
    const size = packId(text, 0, chars, packed, 0);
    if (size > 0) pieces.push(packed.subarray(0, size));
  }
  return { packed: Buffer.concat(pieces), count: pieces.length };
}

/** The ids of a run of packed ids: `count` of them after the first `skip`. */
export function unpackIds(packed: Buffer, skip: number, count: number): string[] {
  let at = 0;
  for (let i = 0; i < skip; i++) at += packedBytes(packed[at] ?? 0);
  const ids: string[] = [];
  while (ids.length < count && at < packed.length) {
    const chars = packed[at] as number;
    const next = at + packedBytes(chars);
    const id = packed.toString('base64url', at + 1, next);
    // A length that is no multiple of 4 decodes to one more character of padding bits.
    ids.push(id.length === chars ? id : id.slice(0, chars));
    at = next;
  }
  return ids;
}

const QUOTE = 0x22;
const COMMA = 0x2c;
/** Two quotes and a comma around each. */
const MAX_JSON_BYTES = MAX_CHARS + 3;

/**
 * The same ids as JSON strings with a comma behind each, written into bytes at once: 10,000 strings
 * for every batch would keep the garbage collector busier than the rest of the work.
 *
 * @returns the bytes written to `target` at `at`, and how many ids they are.
 */
export function idsToJson(
  packed: Uint8Array,
  skip: number,
  count: number,
  target: Uint8Array,
  at: number,
): { readonly end: number; readonly ids: number } {
  let from = 0;
  for (let i = 0; i < skip; i++) from += packedBytes(packed[from] ?? 0);
  let out = at;
  let ids = 0;
  for (; ids < count && from < packed.length; ids++) {
    const chars = packed[from] as number;
    target[out++] = QUOTE;
    const end = out + chars;
    for (let i = from + 1; out < end; i += 3, out += 4) {
      const a = packed[i] as number;
      const b = packed[i + 1] as number;
      const c = packed[i + 2] as number;
      // What is written beyond the end of an id is written over by what follows it.
      target[out] = ALPHABET[a >>> 2] as number;
      target[out + 1] = ALPHABET[((a & 3) << 4) | (b >>> 4)] as number;
      target[out + 2] = ALPHABET[((b & 15) << 2) | (c >>> 6)] as number;
      target[out + 3] = ALPHABET[c & 63] as number;
    }
    target[end] = QUOTE;
    target[end + 1] = COMMA;
    out = end + 2;
    from += packedBytes(chars);
  }
  return { end: out, ids };
}

/** Room for so many ids as JSON. */
export const jsonBytes = (count: number): number => count * MAX_JSON_BYTES;
