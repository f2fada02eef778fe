/**
 * JSON that a person or another program wrote. JSON.parse keeps the last of two equal keys, without
 * a word, and takes any depth; its errors give a place only at times, and may quote the text.
 */
import { visit } from 'jsonc-parser';

export interface JsonFlaw {
  readonly code: 'json-malformed' | 'json-key-twice' | 'json-too-deep';
  /** The key that is there twice. */
  readonly key?: string;
  /** Where the flaw is; lines and columns count from 1. */
  readonly line: number;
  readonly column: number;
}

/** More than any body of ours has; each level costs memory. */
const MOST_LEVELS = 100;

const QUOTE = 34;
const COMMA = 44;
const BACKSLASH = 92;
const ARRAY = 91;
const ARRAY_END = 93;
const OBJECT = 123;
const OBJECT_END = 125;

/** @returns the value, or the first thing that is wrong with the text. */
export function readJsonText(
  text: string,
): { readonly value: unknown } | { readonly flaw: JsonFlaw } {
  const flaw = flawOfShape(text);
  if (flaw?.code === 'json-too-deep') return { flaw };
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

/** Only brackets, keys and commas are looked at: whether it is JSON at all, the parser says. */
function flawOfShape(text: string): JsonFlaw | undefined {
  const open: Level[] = [];
  for (let at = 0; at < text.length; at++) {
    const level = open.at(-1);
    switch (text.charCodeAt(at)) {
      case QUOTE: {
        const end = endOfString(text, at);
        if (level?.keys && level.expectsKey) {
          const key = textIn(text.slice(at, end + 1));
          if (level.keys.has(key)) return { code: 'json-key-twice', key, ...placeOf(text, at) };
          level.keys.add(key);
          level.expectsKey = false;
        }
        at = end;
        break;
      }
      case COMMA:
        if (level) level.expectsKey = true;
        break;
      case OBJECT:
      case ARRAY:
        if (open.length === MOST_LEVELS) return { code: 'json-too-deep', ...placeOf(text, at) };
        open.push({
          keys: text.charCodeAt(at) === OBJECT ? new Set() : null,
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

function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let backslashes = 0;
    while (text.charCodeAt(end - 1 - backslashes) === BACKSLASH) backslashes++;
    if (backslashes % 2 === 0) return end;
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

function malformed(text: string): JsonFlaw {
  let first = text.length;
  visit(
    text,
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
  for (let next = text.indexOf('\n'); next !== -1 && next < at; ) {
    line++;
    lineStart = next + 1;
    next = text.indexOf('\n', lineStart);
  }
  return { line, column: at - lineStart + 1 };
}
