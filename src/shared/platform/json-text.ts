/**
 * JSON from outside. JSON.parse silently keeps the last of two equal keys, and takes any depth and any
 * number of values; its errors give the position only sometimes, and may quote the text. 16 MB of `{},` are five million objects, and stall a process for six seconds.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { visit } from 'jsonc-parser';
import type { JsonFlaw } from './json-flaw.ts';

interface JsonLimits {
  readonly levels: number;
  /** Counted by what opens and parts them: brackets and commas. */
  readonly values: number;
  /** Of one object. */
  readonly keys?: number;
  /** Of two equal keys the last one counts, as to JSON.parse. */
  readonly keysMayRepeat?: boolean;
}

/** More than any body of ours has, which are 100,000 OpenIDs at most, and some thirty keys. */
const LIMITS: JsonLimits = { levels: 100, values: 150_000, keys: 1_000 };
/** Where text is no JSON, the place is looked for in that much of it: it takes 50 ns a character. */
const SEARCHED_CHARACTERS = 250_000;

const NEWLINE = 10;
const QUOTE = 34;
const COMMA = 44;
const BACKSLASH = 92;
const ARRAY = 91;
const ARRAY_END = 93;
const OBJECT = 123;
const OBJECT_END = 125;
const MARKS = /["[\]{},]/g;

/** @returns the value, or the first thing that is wrong with the text. */
export function readJsonText(
  text: string,
): { readonly value: unknown } | { readonly flaw: JsonFlaw } {
  return valueIn(text, flawOfShape(text));
}

/** The same, of a text so long that others should have their turn in between. */
export async function readLongJsonText(text: string): Promise<ReturnType<typeof readJsonText>> {
  const flaw = flawOfShape(text);
  await nextTurn();
  return valueIn(text, flaw);
}

function valueIn(text: string, flaw: JsonFlaw | undefined): ReturnType<typeof readJsonText> {
  if (flaw?.code === 'json-too-deep' || flaw?.code === 'json-too-many-values') return { flaw };
  try {
    const value: unknown = JSON.parse(text);
    return flaw ? { flaw } : { value };
  } catch {
    return { flaw: malformed(text) };
  }
}

interface Level {
  /** Of an object, those that it had so far. */
  readonly keys: Set<string> | null;
  expectsKey: boolean;
}

/** Checks brackets, keys and commas only; the parser finds out whether it is JSON. */
export function flawOfShape(
  text: string,
  { levels, values, keys = values, keysMayRepeat = false }: JsonLimits = LIMITS,
): JsonFlaw | undefined {
  const open: Level[] = [];
  let parted = 0;
  for (let at = nextMark(text, 0); at !== -1; at = nextMark(text, at + 1)) {
    switch (text.charCodeAt(at)) {
      case QUOTE: {
        const level = open.at(-1);
        const end = endOfString(text, at);
        if (level?.keys && level.expectsKey) {
          const key = textIn(text.slice(at, end + 1));
          if (level.keys.has(key)) return { code: 'json-key-twice', key, ...placeOf(text, at) };
          level.keys.add(key);
          if (level.keys.size > keys) {
            return { code: 'json-too-many-values', ...placeOf(text, at) };
          }
          level.expectsKey = false;
        }
        at = end;
        break;
      }
      case COMMA: {
        if (++parted > values) return { code: 'json-too-many-values', ...placeOf(text, at) };
        const level = open.at(-1);
        if (level) level.expectsKey = true;
        break;
      }
      case OBJECT:
      case ARRAY:
        if (++parted > values) return { code: 'json-too-many-values', ...placeOf(text, at) };
        if (open.length === levels) return { code: 'json-too-deep', ...placeOf(text, at) };
        open.push({
          keys: text.charCodeAt(at) === OBJECT && !keysMayRepeat ? new Set() : null,
          expectsKey: true,
        });
        break;
      case OBJECT_END:
      case ARRAY_END:
        open.pop();
        break;
    }
  }
  return undefined;
}

/** What is between the marks, 16 MB of blanks or digits too, is passed over at once. */
function nextMark(text: string, from: number): number {
  MARKS.lastIndex = from;
  return MARKS.test(text) ? MARKS.lastIndex - 1 : -1;
}

function endOfString(text: string, start: number): number {
  const first = text.indexOf('"', start + 1);
  if (first === -1) return text.length;
  if (text.charCodeAt(first - 1) !== BACKSLASH) return first;
  for (let at = start + 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === BACKSLASH) at++;
    else if (code === QUOTE) return at;
  }
  return text.length;
}

/** `"a"` and `"\u0061"` are one key. */
function textIn(literal: string): string {
  if (!literal.includes('\\')) return literal.slice(1, -1);
  try {
    return String(JSON.parse(literal));
  } catch {
    return literal;
  }
}

/** In a long text the flaw may come after the place that is told, where the search ended. */
function malformed(text: string): JsonFlaw {
  const searched = text.slice(0, SEARCHED_CHARACTERS);
  let first = searched.length;
  visit(
    searched,
    {
      onError(_code, offset) {
        first = Math.min(first, offset);
      },
    },
    { disallowComments: true },
  );
  return { code: 'json-malformed', ...placeOf(text, first) };
}

function placeOf(text: string, at: number): { line: number; column: number } {
  let line = 1;
  let lineStart = 0;
  for (let passed = 0; passed < at; passed++) {
    if (text.charCodeAt(passed) !== NEWLINE) continue;
    line++;
    lineStart = passed + 1;
  }
  return { line, column: at - lineStart + 1 };
}
