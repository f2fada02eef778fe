/** What can be wrong with JSON from outside, and how it is said. */
import type { Language } from './sentences.ts';

export interface JsonFlaw {
  readonly code: 'json-malformed' | 'json-key-twice' | 'json-too-deep' | 'json-too-many-values';
  /** The key that is there twice. */
  readonly key?: string;
  /** Where the flaw is; lines and columns count from 1. */
  readonly line: number;
  readonly column: number;
}

/** A name is worth repeating; a secret or an OpenID (28 characters) in its place is not. */
const shownKey = (key = ''): string =>
  /^(?:[A-Za-z_]{1,24}|[\w-]{1,15})$/.test(key) ? JSON.stringify(key) : '"…"';

const place = ({ line, column }: { line: number; column: number }): string =>
  `line ${line}, column ${column}`;
const placeZh = ({ line, column }: { line: number; column: number }): string =>
  `第 ${line} 行第 ${column} 列`;

type Say = (flaw: JsonFlaw) => string;

export const JSON_FLAWS: Readonly<Record<Language, Readonly<Record<JsonFlaw['code'], Say>>>> = {
  en: {
    'json-key-twice': (it) =>
      `the key ${shownKey(it.key)} is there twice in one object (${place(it)}); it must be given only once`,
    'json-malformed': (it) => `not JSON from ${place(it)} on`,
    'json-too-deep': (it) => `more than 100 objects and lists inside each other (${place(it)})`,
    'json-too-many-values': (it) =>
      `more than 150,000 values in one body (${place(it)}); upload a long list with POST /v1/audiences`,
  },
  zh: {
    'json-key-twice': (it) =>
      `同一个对象中键 ${shownKey(it.key)} 出现了两次（${placeZh(it)}），只能出现一次`,
    'json-malformed': (it) => `从${placeZh(it)}起不是合法的 JSON`,
    'json-too-deep': (it) => `对象和数组的嵌套超过 100 层（${placeZh(it)}）`,
    'json-too-many-values': (it) =>
      `一个请求体里超过 150,000 个值（${placeZh(it)}）；长名单请用 POST /v1/audiences 上传`,
  },
};
