/** A JSON body as WeChat reads it: raw UTF-8, an object, nothing escaped that need not be. */
import { isUtf8 } from 'node:buffer';
import { type Refusal, refusal } from './answer.ts';
import { isRecord } from './world.ts';

/** Control characters cannot be written otherwise; everything else can. */
const NEEDLESS_ESCAPE = /(?:^|[^\\])(?:\\\\)*\\u(?!00[01])[0-9a-f]{4}/i;

/** Where the page says 40033 ("include \uxxxx will create fail"); 47002 elsewhere. */
const ARTICLE_PATHS: readonly string[] = ['draft/add', 'media/uploadnews'];

export function readJson(body: Buffer, path: string): Readonly<Record<string, unknown>> | Refusal {
  if (body.length === 0) return refusal(44002);
  if (!isUtf8(body)) return refusal(40033);
  const text = body.toString();
  if (body.includes('\\u') && NEEDLESS_ESCAPE.test(text)) {
    return refusal(ARTICLE_PATHS.includes(path) ? 40033 : 47002);
  }
  try {
    const json: unknown = JSON.parse(text);
    return isRecord(json) ? json : refusal(47001);
  } catch {
    return refusal(47001);
  }
}
