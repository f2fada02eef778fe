/** A JSON body as WeChat reads it: raw UTF-8, an object, nothing escaped that need not be. */
import { isUtf8 } from 'node:buffer';
import { type Refusal, refusal } from './answer.ts';
import type { Switches } from './option-table.ts';
import { isRecord } from './world.ts';

/** Control characters cannot be written otherwise; everything else can. */
const NEEDLESS_ESCAPE = /(?<=(?:^|[^\\])(?:\\\\)*)\\u(?!00[01])[0-9a-f]{4}/gi;
/** Nothing of WeChat's is nested deeper than six. */
const DEEPEST = 32;

/** Where the page says 40033 ("include \uxxxx will create fail"); 47002 elsewhere. */
const ARTICLE_PATHS: readonly string[] = ['draft/add', 'media/uploadnews'];

export function readJson(
  body: Buffer,
  path: string,
  { escapes }: Pick<Switches, 'escapes'>,
): Readonly<Record<string, unknown>> | Refusal {
  if (body.length === 0) return refusal(44002);
  if (!isUtf8(body)) return refusal(40033);
  let text = body.toString();
  if (isDeep(text)) return refusal(47001);
  if (body.includes('\\u')) {
    const literal = text.replace(NEEDLESS_ESCAPE, '\\$&');
    if (literal !== text && escapes === 'refused') {
      return refusal(ARTICLE_PATHS.includes(path) ? 40033 : 47002);
    }
    text = literal;
  }
  try {
    const json: unknown = JSON.parse(text);
    return isRecord(json) ? json : refusal(47001);
  } catch {
    return refusal(47001);
  }
}

/** Brackets, wherever they stand: JSON.parse takes seconds for millions of them. */
function isDeep(text: string): boolean {
  let depth = 0;
  let isQuoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (character === '"') isQuoted = !isQuoted;
    else if (isQuoted && character === '\\') at += 1;
    else if (!isQuoted && (character === '{' || character === '[')) depth += 1;
    else if (!isQuoted && (character === '}' || character === ']')) depth -= 1;
    if (depth > DEEPEST) return true;
  }
  return false;
}
