/**
 * The one reader of lists of OpenIDs, for all formats and sizes. It passes on what it
 * finds where an OpenID should be; the sink decides whether it is one.
 */
import { isOpenId } from '../campaign/cut.ts';
import { bare, type IdSink, isNamed, isPlain } from './id-sink.ts';
import { wholeLines } from './lines.ts';
import { type Looks, Refusal } from './list-flaw.ts';
import { plainText } from './plain-bytes.ts';
import { readCsv } from './read-csv.ts';
import { readJson } from './read-json.ts';

export type AudienceFormat = 'text' | 'csv' | 'ndjson' | 'json';

export interface ReadOptions {
  readonly format: AudienceFormat;
  /** The CSV column or the JSON field, in letters of any case. */
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
 * @returns what the file looks like, for the case that too little of it is an OpenID.
 * @throws {Refusal} it is not a list in this format at all.
 */
export async function readIds(
  source: AsyncIterable<Uint8Array>,
  { format: named, column = DEFAULT_COLUMN }: ReadOptions,
  sink: IdSink,
): Promise<Looks> {
  const { head, text } = await plainText(source);
  const format = formatOf(head, named);
  switch (format) {
    case 'text':
      await readLines(text, MAX_TEXT_LINE, sink, (bytes, from, to) => {
        if (isPlain(bytes[from]) && isPlain(bytes[to - 1])) sink.take(bytes, from, to);
        else sink.takeString(bare(textOf(bytes, from, to)));
      });
      break;
    case 'ndjson':
      await readLines(text, MAX_JSON_LINE, sink, (bytes, from, to) =>
        takeJson(bytes, from, to, column, sink),
      );
      break;
    case 'json':
      await readJson(text, column, sink);
      break;
    case 'csv':
      await readCsv(
        text,
        { column, firstLine: head.trimStart().split(/[\r\n]/, 1)[0] ?? '' },
        sink,
      );
  }
  return looksLike(head, format);
}

/** A list that is one JSON value is recognised by its beginning, whatever format was named. */
function formatOf(head: string, named: AudienceFormat): AudienceFormat {
  const start = head.trimStart();
  if (start === '') throw new Refusal({ code: 'empty' });
  if (start.startsWith('{')) {
    const isAnswer = /"openid"\s*:\s*\[/i.test(start) || /^\{\s*[\r\n]/.test(start);
    return named === 'ndjson' && !isAnswer ? 'ndjson' : 'json';
  }
  if (/^\[\s*["[{\]]/.test(start)) return 'json';
  if (named === 'json') throw new Refusal({ code: 'not-json', looks: looksLike(head, named) });
  return named;
}

function looksLike(head: string, format: AudienceFormat): Looks {
  const lines = head.split(/[\r\n]+/).slice(0, 20);
  if (lines.some((line) => /^\s*[{"]/.test(line)) && format !== 'ndjson' && format !== 'csv') {
    return 'ndjson';
  }
  const parts = lines.map((line) => line.split(/[,;\t]/).map(bare));
  if (format !== 'csv' && parts.some((fields) => fields.length > 1 && fields.some(isOpenId))) {
    return 'csv';
  }
  if (format !== 'text' && parts.some((fields) => fields.length === 1 && fields.some(isOpenId))) {
    return 'text';
  }
  return format === 'csv' ? 'other-column' : 'no-list';
}

async function readLines(
  source: AsyncIterable<Uint8Array>,
  maxBytes: number,
  sink: IdSink,
  take: (bytes: Uint8Array, from: number, to: number) => void,
): Promise<void> {
  let line = 0;
  for await (const lines of wholeLines(source, maxBytes)) {
    if (lines === null) {
      sink.line = ++line;
      sink.takeInvalid();
      continue;
    }
    const length = lines.length;
    for (let start = 0; start < length; ) {
      let newline = start;
      while (newline < length && lines[newline] !== NEWLINE) newline++;
      let from = start;
      let to = newline;
      while (from < to && (lines[to - 1] as number) <= SPACE) to--;
      while (from < to && (lines[from] as number) <= SPACE) from++;
      sink.line = ++line;
      if (to - from > maxBytes) sink.takeInvalid();
      else if (to > from) take(lines, from, to);
      start = newline + 1;
    }
    await sink.ready();
  }
}

/** A string, or an object with the id in a field. */
function takeJson(bytes: Uint8Array, from: number, to: number, field: string, sink: IdSink): void {
  if (isPlainString(bytes, from, to) && isPlain(bytes[from + 1]) && isPlain(bytes[to - 2])) {
    sink.take(bytes, from + 1, to - 1);
  } else {
    const id = idIn(parsed(textOf(bytes, from, to)), field);
    if (id === undefined) sink.takeInvalid();
    else sink.takeString(bare(id));
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

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function idIn(value: unknown, field: string): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null) return undefined;
  const name = Object.hasOwn(value, field)
    ? field
    : Object.keys(value).find((key) => isNamed(key, field));
  const id = name === undefined ? undefined : (value as Record<string, unknown>)[name];
  return typeof id === 'string' ? id : undefined;
}

const textOf = (bytes: Uint8Array, from: number, to: number): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString();
