/**
 * OpenIDs from one JSON value of any size: an array of strings or of objects, or what WeChat's
 * user/get answers (`{"data": {"openid": […]}}`). Read byte by byte: the value is never whole in
 * memory.
 */

import { bare, type IdSink, isNamed, isPlain } from './id-sink.ts';
import { Refusal } from './list-flaw.ts';

const NEWLINE = 10;
const QUOTE = 34;
const COMMA = 44;
const COLON = 58;
const BACKSLASH = 92;

const MOST_LEVELS = 100;
/** A string that is longer is no OpenID and no name of a field. */
const MOST_KEPT = 1024;

interface Level {
  readonly isArray: boolean;
  /** Whether its elements are OpenIDs, or objects that have one each. */
  readonly counts: boolean;
  key: string;
  atKey: boolean;
  found: boolean;
}

export async function readJson(
  source: AsyncIterable<Uint8Array>,
  column: string,
  sink: IdSink,
): Promise<void> {
  const open: Level[] = [];
  let line = 1;
  let kept: Buffer | null = null; // the beginning of a string that is not complete
  let isEscaped = false;
  let isLiteral = false; // inside a number, true, false or null

  for await (const piece of source) {
    for (let at = 0; at < piece.length; ) {
      if (kept) {
        const end = endOfString(piece, at);
        kept = Buffer.concat([kept, piece.subarray(at, end)]).subarray(0, MOST_KEPT + 1);
        if (end < piece.length) {
          takeString(kept.toString());
          kept = null;
        }
        at = end + 1;
        continue;
      }
      const byte = piece[at++] as number;
      const wasLiteral = isLiteral;
      isLiteral = byte > 32 && !STRUCTURE.includes(byte);
      if (isLiteral) {
        if (!wasLiteral && placeOfId()) takeNone();
      } else if (byte === QUOTE) {
        const end = shortStringEnd(piece, at);
        if (end === -1) kept = Buffer.alloc(0);
        else {
          takeShort(piece, at, end);
          at = end + 1;
        }
      } else if (byte === NEWLINE) line++;
      else takeMark(String.fromCharCode(byte));
    }
    await sink.ready();
  }
  if (kept || open.length > 0) throw new Refusal({ code: 'json-cut-short', line });

  /** Most strings are OpenIDs as they are, and are handed on without a copy. */
  function takeShort(piece: Uint8Array, from: number, to: number): void {
    const level = open.at(-1);
    if (level?.isArray && level.counts && isPlain(piece[from]) && isPlain(piece[to - 1])) {
      sink.line = line;
      sink.take(piece, from, to);
    } else takeString(Buffer.from(piece.subarray(from, to)).toString());
  }

  /** Where the string ends, or the piece. */
  function endOfString(piece: Uint8Array, start: number): number {
    let at = start;
    for (; at < piece.length; at++) {
      if (isEscaped) isEscaped = false;
      else if (piece[at] === BACKSLASH) isEscaped = true;
      else if (piece[at] === QUOTE) break;
    }
    return at;
  }

  function placeOfId(): boolean {
    const level = open.at(-1);
    if (!level) return true;
    return level.isArray ? level.counts : !level.atKey && isNamed(level.key, column);
  }

  function takeString(raw: string): void {
    const text = raw.includes('\\') ? unescaped(raw) : raw;
    const level = open.at(-1);
    if (level && !level.isArray && level.atKey) level.key = text;
    else if (placeOfId()) {
      sink.line = line;
      sink.takeString(bare(text));
      for (const outer of open) outer.found = true;
    }
  }

  function takeNone(): void {
    sink.line = line;
    sink.takeInvalid();
    for (const outer of open) outer.found = true;
  }

  function takeMark(mark: string): void {
    const level = open.at(-1);
    if (mark === '[' || mark === '{') {
      if (open.length === MOST_LEVELS) throw new Refusal({ code: 'json-too-deep' });
      const isArray = mark === '[';
      const counts = placeOfId();
      if (isArray && counts) for (const outer of open) outer.found = true;
      open.push({ isArray, counts, key: '', atKey: !isArray, found: false });
    } else if (mark === ']' || mark === '}') {
      if (level?.isArray !== (mark === ']')) throw new Refusal({ code: 'json-malformed', line });
      open.pop();
      if (level && !level.isArray && level.counts && !level.found) takeNone();
    } else if (level && !level.isArray && (mark === ',' || mark === ':')) {
      level.atKey = mark === ',';
    }
  }
}

/** The end of a string of at most 64 bytes that is whole in this piece, without escapes; or -1. */
function shortStringEnd(piece: Uint8Array, start: number): number {
  const last = Math.min(piece.length, start + 65);
  for (let at = start; at < last; at++) {
    if (piece[at] === QUOTE) return at;
    if (piece[at] === BACKSLASH) return -1;
  }
  return -1;
}

const STRUCTURE = [QUOTE, COMMA, COLON, ...Buffer.from('[]{}')];

function unescaped(raw: string): string {
  try {
    return String(JSON.parse(`"${raw}"`));
  } catch {
    return raw;
  }
}
