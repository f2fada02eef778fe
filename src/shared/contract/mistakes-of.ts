/** What a schema found wrong, as codes with facts: all at once, and nothing of what was sent. */
import type { z } from 'zod';
import type { Flaw, FlawCode, Kind, Limit, Mistake } from '../campaign/mistake.ts';
import { FLAW_CODES } from '../campaign/mistake-words.ts';

type Issue = z.core.$ZodIssue;

/** A list of a million wrong elements is one mistake too, not an answer of 100 MB. */
const MOST_SHOWN = 100;

/** A mistyped field is worth repeating; an OpenID (28 characters) or a secret in its place is not. */
const FIELD = /^([A-Za-z_]{1,24}|base64)$/;

interface Where {
  /** In a query everything is text, and what is there twice makes a list. */
  readonly isQuery?: boolean;
}

export function mistakesOf(
  { issues }: Pick<z.ZodError, 'issues'>,
  { isQuery = false }: Where = {},
): Mistake[] {
  const all = sayingSomething(issues.flatMap(meant));
  const mistakes = all.slice(0, MOST_SHOWN).map((issue): Mistake => {
    const path = issue.path.map((step) => (isShown(step) ? String(step) : '…')).join('.');
    return { ...flawOf(issue, isQuery), path };
  });
  const count = all.length - mistakes.length;
  return count > 0 ? [...mistakes, { code: 'more-mistakes', path: '', count }] : mistakes;
}

/** Where the fields that are there tell which of several shapes was meant: what is wrong with it. */
function meant(issue: Issue): Issue[] {
  if (issue.code !== 'invalid_union') return [issue];
  const [shape, another] = issue.errors.filter((errors) =>
    errors.every(({ code }) => code !== 'unrecognized_keys'),
  );
  if (!shape || another) return [issue];
  return shape.map((one) => ({ ...one, path: [...issue.path, ...one.path] }));
}

/** A value of the wrong kind has neither length nor content: what is said of those means nothing. */
function sayingSomething(issues: readonly Issue[]): Issue[] {
  const wrongKind = new Set(issues.filter(isWrongKind).map(({ path }) => path.join('.')));
  return issues.filter((issue) => isWrongKind(issue) || !wrongKind.has(issue.path.join('.')));
}

const isWrongKind = ({ code }: Issue): boolean => code === 'invalid_type';

const isShown = (step: PropertyKey): boolean =>
  typeof step === 'number' || FIELD.test(String(step));

/** A schema names its own code where its message stands; the others follow from zod's. */
function flawOf(issue: Issue, isQuery: boolean): Flaw {
  const own = FLAW_CODES.find((code) => code === issue.message);
  return own === undefined || own === 'too-large'
    ? flawOfKind(issue, isQuery)
    : ownFlaw(own, issue);
}

/** Those that need a fact have a limit, which zod names. */
function ownFlaw(code: FlawCode, issue: Issue): Flaw {
  const limit = issue.code === 'too_big' ? { limit: Number(issue.maximum) } : {};
  return { code, ...limit } as Flaw;
}

function flawOfKind(issue: Issue, isQuery: boolean): Flaw {
  switch (issue.code) {
    case 'invalid_type':
      return wrongKind(issue, isQuery);
    case 'invalid_value':
      return { code: 'not-one-of', allowed: issue.values.map(String) };
    case 'invalid_union': {
      const { options } = issue as { options?: unknown };
      if (!Array.isArray(options)) return { code: 'invalid' };
      return { code: 'not-one-of', allowed: options.map(String) };
    }
    case 'too_big':
      return { code: 'too-large', limit: Number(issue.maximum), ...unitOf(issue.origin) };
    case 'too_small':
      return isEmpty(issue)
        ? { code: 'empty' }
        : { code: 'too-small', limit: Number(issue.minimum), ...unitOf(issue.origin) };
    case 'unrecognized_keys': {
      const fields = issue.keys.filter((key) => FIELD.test(key)).slice(0, 10);
      return { code: 'unknown-fields', count: issue.keys.length, fields };
    }
    case 'custom': {
      const { limit, unit = 'bytes' } = (issue.params ?? {}) as Partial<Limit>;
      return limit === undefined ? { code: 'invalid' } : { code: 'too-large', limit, unit };
    }
    default:
      return { code: 'invalid' };
  }
}

const isEmpty = ({ origin, minimum }: z.core.$ZodIssueTooSmall): boolean =>
  (origin === 'string' || origin === 'array') && minimum === 1;

function unitOf(origin: string): { unit?: 'characters' | 'entries' } {
  if (origin === 'string') return { unit: 'characters' };
  return origin === 'array' ? { unit: 'entries' } : {};
}

const KINDS: Readonly<Record<string, Kind>> = {
  string: 'text',
  number: 'number',
  int: 'whole-number',
  boolean: 'flag',
  array: 'list',
  object: 'object',
};

function wrongKind(issue: z.core.$ZodIssueInvalidType, isQuery: boolean): Flaw {
  if (isQuery) {
    if (issue.expected === 'string') return { code: 'given-twice' };
    return { code: 'wrong-kind', expected: 'whole-number' };
  }
  if (issue.input === undefined) return { code: 'missing' };
  const expected = KINDS[issue.expected];
  if (!expected) return { code: 'invalid' };
  const got = issue.input === null ? 'null' : Array.isArray(issue.input) ? 'list' : undefined;
  return { code: 'wrong-kind', expected, ...(got ? { got } : {}) };
}
