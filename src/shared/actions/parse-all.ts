/**
 * Checks a body against its schema. Where it fails, what is wrong is replaced by something harmless
 * so that the checks behind the schema can still run, and one answer tells the mistakes of all.
 */
import type { z } from 'zod';
import type { Mistake } from '../campaign/mistake.ts';
import { mistakesOf } from '../contract/mistakes-of.ts';

export interface ParsedAll<T> {
  /** Missing where there is too little to go on with. Not to be used while there are mistakes. */
  readonly value: T | undefined;
  readonly mistakes: readonly Mistake[];
  readonly issues: readonly z.core.$ZodIssue[];
  /** Those of later mistakes that are about what the caller wrote. */
  readonly own: (later: readonly Mistake[]) => Mistake[];
}

export function parseAll<T>(schema: z.ZodType<T>, body: unknown): ParsedAll<T> {
  const parsed = schema.safeParse(body, { reportInput: true });
  if (parsed.success) {
    return { value: parsed.data, mistakes: [], issues: [], own: (later) => [...later] };
  }
  const { issues } = parsed.error;
  const copy: unknown = structuredClone(body);
  const replaced = isRecord(copy) ? issues.flatMap((issue) => replace(copy, issue)) : [];
  const again = schema.safeParse(copy);
  return {
    value: again.success ? again.data : undefined,
    mistakes: mistakesOf(parsed.error),
    issues,
    own: (later) => later.filter(({ path }) => !replaced.some((place) => isWithin(path, place))),
  };
}

const isWithin = (path: string, place: string): boolean =>
  path === place || path.startsWith(`${place}.`);

const TEXT = { type: 'text', content: 'x' };
const ARTICLE = { thumb: { mediaId: 'x' }, title: 'x', content: 'x' };
const REQUIRED_OF_MESSAGE = { media: { mediaId: 'x' }, title: 'x', content: 'x' };
const REQUIRED = { audience: { type: 'followers' }, message: TEXT, to: [{ wechatId: 'x' }] };

/** @returns the path of what was replaced, if anything was. */
function replace(body: Fields, issue: z.core.$ZodIssue): string[] {
  const [top, field, index, inside] = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') {
    const holder = issue.path.reduce<unknown>((at, step) => Object(at)[step], body);
    for (const key of issue.keys) delete Object(holder)[key];
    return [];
  }
  if (top === undefined) return [];
  const { message } = body;
  if (top !== 'message' || field === undefined || !isRecord(message)) {
    put(body, top, REQUIRED);
    return [top];
  }
  const { articles } = message;
  if (field !== 'articles' || !Array.isArray(articles)) {
    put(message, field, field === 'articles' ? { articles: [ARTICLE] } : REQUIRED_OF_MESSAGE);
    return [`message.${field}`];
  }
  if (index === undefined) {
    message.articles = articles.length === 0 ? [ARTICLE] : articles.slice(0, 10);
    return [];
  }
  const article: unknown = articles[Number(index)];
  if (inside === undefined || !isRecord(article)) {
    articles[Number(index)] = ARTICLE;
    return [`message.articles.${index}`];
  }
  put(article, inside, ARTICLE);
  return [`message.articles.${index}.${inside}`];
}

/** What must be there gets a value that passes; what may be left out is left out. */
function put(holder: Fields, field: string, required: Fields): void {
  if (field in required) holder[field] = structuredClone(required[field]);
  else delete holder[field];
}

type Fields = Record<string, unknown>;

const isRecord = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
