/**
 * The formats that a list of OpenIDs may come in. Readers hand over what stands where an OpenID
 * should be; whether it is one, the sink decides.
 */
import type { IdSink } from './id-sink.ts';
import { plainBytes } from './plain-bytes.ts';
import { readCsv } from './read-csv.ts';
import { wholeLines } from './whole-lines.ts';

export type AudienceFormat = 'text' | 'csv' | 'ndjson';

export interface ReadOptions {
  readonly format: AudienceFormat;
  /** The CSV column or the NDJSON field. */
  readonly column?: string;
}

const DEFAULT_COLUMN = 'openid';

/** Longest line of text and of NDJSON that is looked at; longer ones are invalid. */
const MAX_TEXT_LINE = 1024;
const MAX_JSON_LINE = 64 * 1024;

const NEWLINE = 10;
const SPACE = 32;
const QUOTE = 34;
const BACKSLASH = 92;

/**
 * Reads a list to its end. Blank lines count for nothing; a line that makes no sense is invalid.
 *
 * @throws {Refusal} it is not a list in this format at all.
 */
export async function readIds(
  source: AsyncIterable<Uint8Array>,
  { format, column = DEFAULT_COLUMN }: ReadOptions,
  sink: IdSink,
): Promise<void> {
  const plain = plainBytes(source);
  switch (format) {
    case 'text':
      return await readLines(plain, MAX_TEXT_LINE, sink, (bytes, from, to) =>
        sink.take(bytes, from, to),
      );
    case 'ndjson':
      return await readLines(plain, MAX_JSON_LINE, sink, (bytes, from, to) =>
        takeJson(bytes, from, to, column, sink),
      );
    case 'csv':
      return await readCsv(plain, column, sink);
  }
}

async function readLines(
  source: AsyncIterable<Uint8Array>,
  maxBytes: number,
  sink: IdSink,
  take: (bytes: Uint8Array, from: number, to: number) => void,
): Promise<void> {
  const onDropped = () => sink.takeInvalid();
  for await (const lines of wholeLines(source, { maxBytes, onDropped })) {
    const length = lines.length;
    for (let start = 0; start < length; ) {
      let newline = start;
      while (newline < length && lines[newline] !== NEWLINE) newline++;
      let from = start;
      let to = newline;
      while (from < to && (lines[to - 1] as number) <= SPACE) to--;
      while (from < to && (lines[from] as number) <= SPACE) from++;
      if (to - from > maxBytes) sink.takeInvalid();
      else if (to > from) take(lines, from, to);
      start = newline + 1;
    }
    await sink.ready();
  }
}

/** A string, or an object with the id in a field. */
function takeJson(bytes: Uint8Array, from: number, to: number, field: string, sink: IdSink): void {
  if (isPlainString(bytes, from, to)) sink.take(bytes, from + 1, to - 1);
  else {
    const id = idIn(parsed(bytes, from, to), field);
    if (id === undefined) sink.takeInvalid();
    else sink.takeString(id);
  }
}

/** Most lines are: they need no parser. */
function isPlainString(bytes: Uint8Array, from: number, to: number): boolean {
  if (to - from < 2 || bytes[from] !== QUOTE || bytes[to - 1] !== QUOTE) return false;
  for (let i = from + 1; i < to - 1; i++) {
    if (bytes[i] === QUOTE || bytes[i] === BACKSLASH) return false;
  }
  return true;
}

function parsed(bytes: Uint8Array, from: number, to: number): unknown {
  try {
    return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString());
  } catch {
    return undefined;
  }
}

function idIn(value: unknown, field: string): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, field)) return undefined;
  const id: unknown = (value as Record<string, unknown>)[field];
  return typeof id === 'string' ? id : undefined;
}
