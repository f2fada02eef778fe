/** The shapes a setting can have, whether it comes as text (environment) or as JSON (a file). */
import { z } from 'zod';
import { readJsonText } from './json-text.ts';
import { parseRedisUrl } from './redis-url.ts';
import type { SettingFlaw } from './setting-words.ts';

export type SettingIssue = SettingFlaw & {
  /** The variable, and for a file the place in it. */
  readonly setting: string;
};

/** Whatever is wrong with a value, the flaw says what it must be. */
export function expects<Output>(schema: z.ZodType<Output>, flaw: SettingFlaw) {
  return z.unknown().transform((value, context): Output => {
    const parsed = schema.safeParse(value);
    if (parsed.success) return parsed.data;
    context.addIssue(issueFor(value === undefined ? { code: 'missing' } : flaw));
    return z.NEVER;
  });
}

/** For zod, which keeps the flaw with the issue. */
export const issueFor = (flaw: SettingFlaw, ...path: readonly string[]) => ({
  code: 'custom' as const,
  params: flaw,
  path: [...path],
});

export const matching = (pattern: RegExp, flaw: SettingFlaw) =>
  expects(z.string().regex(pattern), flaw);

/** Text that reads as a number is one; all else is left for the schema behind it to refuse. */
const asNumber = (value: unknown): unknown =>
  typeof value === 'string' && /^\d+(\.\d+)?$/.test(value.trim()) ? Number(value) : value;

export const wholeNumber = (min: number, max: number) =>
  expects(z.preprocess(asNumber, z.int().min(min).max(max)), { code: 'whole-number', min, max });

/** More than nothing; parts of a second or a day are fine. */
export const amount = (max: number) =>
  expects(z.preprocess(asNumber, z.number().positive().max(max)), { code: 'amount', max });

/** 0 is any free port. */
export const port = wholeNumber(0, 65_535);

export const host = matching(/^[A-Za-z0-9.:_-]+$/, { code: 'host' });

export const httpUrl = expects(
  z.url({ protocol: /^https?$/ }).transform((url) => url.replace(/\/+$/, '')),
  { code: 'http-url' },
);

/** Page, board, documents and links begin at the root of what is served. */
export const originUrl = httpUrl.refine(
  (url) => new URL(url).pathname === '/' && !/[?#]/.test(url),
  issueFor({ code: 'origin-url' }),
);

export const redisUrl = z.string().superRefine((text, { addIssue }) => {
  const read = parseRedisUrl(text);
  if (typeof read === 'string') addIssue(issueFor({ code: read }));
});

export const oneOf = <const Words extends readonly [string, ...string[]]>(values: Words) =>
  expects(z.enum(values), { code: 'one-of', values });

export const yesOrNo = expects(z.stringbool(), { code: 'yes-or-no' });

/** Comma separated words, none of them empty. */
export const words = z.string().transform((text) =>
  text
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== ''),
);

const RANGE = /^\d{1,2}(?:-\d{1,2})?$/;

/** Numbers and ranges, comma separated: `0,2-5`. Each once, in their order. */
export const numbers = words
  .refine(
    (parts) => parts.length > 0 && parts.every((part) => RANGE.test(part)),
    issueFor({ code: 'numbers' }),
  )
  .transform((parts) => {
    const found = parts.flatMap((part) => {
      const [from = 0, to = from] = part.split('-').map(Number);
      return Array.from({ length: Math.max(0, to - from + 1) }, (_, at) => from + at);
    });
    return [...new Set(found)].sort((one, other) => one - other);
  })
  .refine((found) => found.length > 0, issueFor({ code: 'numbers' }));

/** Why a file that a setting names could not be read, from Node's error. */
export function unreadable(error: unknown): SettingFlaw {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return { code: 'file-absent' };
  if (code === 'EISDIR') return { code: 'file-is-folder' };
  if (code !== 'EACCES') return { code: 'file-unreadable' };
  return { code: 'file-forbidden', user: process.getuid?.() };
}

/** The content of the JSON file that a setting names, or all that is wrong with it. */
export function readJsonFile<Content>(
  { setting, path }: { readonly setting: string; readonly path: string },
  schema: z.ZodType<Content>,
  readFile: (path: string) => string,
): { readonly content: Content } | { readonly issues: readonly SettingIssue[] } {
  const unusable = (flaw: SettingFlaw) => ({ issues: [{ setting, ...flaw }] });
  let text: string;
  try {
    text = readFile(path).replace(/^\uFEFF/, '');
  } catch (error) {
    return unusable(unreadable(error));
  }
  const read = readJsonText(text);
  if ('flaw' in read) return unusable({ code: 'file-no-json', flaw: read.flaw });
  const parsed = schema.safeParse(read.value);
  if (parsed.success) return { content: parsed.data };
  const nameOf = (at: readonly string[]): string => [setting, at.join('.')].join(' ').trim();
  return { issues: issuesOf(parsed.error, nameOf) };
}

/** What is wrong, one entry a place, named for the operator who has to correct it. */
export function issuesOf(
  error: z.ZodError,
  nameOf: (path: readonly string[]) => string,
): SettingIssue[] {
  return error.issues.flatMap((issue) => {
    const path = issue.path.map(String);
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map(
        (key): SettingIssue => ({ setting: nameOf([...path, key]), code: 'unknown-setting' }),
      );
    }
    return [{ setting: nameOf(path), ...flawOf(issue) }];
  });
}

function flawOf(issue: z.core.$ZodIssue): SettingFlaw {
  if (issue.code === 'custom' && issue.params) return issue.params as SettingFlaw;
  if (issue.code === 'invalid_key' && issue.issues[0]) return flawOf(issue.issues[0]);
  if (issue.code !== 'invalid_type') return { code: 'invalid' };
  return { code: 'wrong-type', expected: issue.expected === 'array' ? 'array' : 'object' };
}
