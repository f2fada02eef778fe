/**
 * The shapes a setting can have, whether it comes as text (environment) or as JSON (accounts file).
 *
 * No message repeats the value it is about: it may be a secret.
 */
import { z } from 'zod';
import { parseRedisUrl } from './redis-url.ts';

/** Text that reads as a number is one; all else is left for the schema behind it to refuse. */
const asNumber = (value: unknown): unknown =>
  typeof value === 'string' && /^\d+(\.\d+)?$/.test(value.trim()) ? Number(value) : value;

export function wholeNumber(min: number, max: number) {
  const error = `a whole number from ${min} to ${max}`;
  return z.preprocess(asNumber, z.int(error).min(min, error).max(max, error));
}

/** More than nothing; parts of a second or a day are fine. */
export function amount(max: number) {
  const error = `a number above 0, at most ${max}`;
  return z.preprocess(asNumber, z.number(error).positive(error).max(max, error));
}

/** 0 is any free port. */
export const port = wholeNumber(0, 65_535);

export const host = z.string().regex(/^[A-Za-z0-9.:_-]+$/, 'a host name or address, no port');

export const httpUrl = z
  .url({ protocol: /^https?$/, error: 'an http:// or https:// address' })
  .transform((url) => url.replace(/\/+$/, ''));

/** Page, board, documents and links begin at the root of what is served. */
export const originUrl = httpUrl.refine(
  (url) => new URL(url).pathname === '/' && !/[?#]/.test(url),
  'an http:// or https:// address without a path: the producer is served at the root of a host of its own',
);

export const redisUrl = z.string().superRefine((text, { addIssue }) => {
  const read = parseRedisUrl(text);
  if (typeof read === 'string') addIssue({ code: 'custom', message: read });
});

export function oneOf<const Words extends readonly [string, ...string[]]>(words: Words) {
  return z.enum(words, `one of ${words.join(', ')}`);
}

export const yesOrNo = z.stringbool({ error: 'true or false' });

/** Comma separated words, none of them empty. */
export const words = z.string().transform((text) =>
  text
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== ''),
);

export interface SettingIssue {
  /** The variable, and for the accounts file the place in it. */
  readonly setting: string;
  readonly message: string;
}

/** Why a file that a setting names could not be read, from Node's error. */
export function unreadable(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return 'cannot be read: there is no such file';
  if (code === 'EISDIR') return 'cannot be read: it is a folder';
  if (code !== 'EACCES') return 'cannot be read';
  return `cannot be read: user ${process.getuid?.()} has no right to (chown it, or let that user read it)`;
}

/** What is wrong, one entry a place, named for the person who has to correct it. */
export function issuesOf(
  error: z.ZodError,
  nameOf: (path: readonly string[]) => string,
): SettingIssue[] {
  return error.issues.flatMap((issue) => {
    const path = issue.path.map(String);
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({
        setting: nameOf([...path, key]),
        message: 'there is no such setting',
      }));
    }
    const message = issue.code === 'invalid_key' ? issue.issues[0]?.message : issue.message;
    return [{ setting: nameOf(path), message: message ?? issue.message }];
  });
}
