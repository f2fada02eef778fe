/** What a schema found wrong, as an answer may show it: all at once, and nothing of what was sent. */
import type { z } from 'zod';
import type { Mistake } from '../contract/problem.ts';

type Issue = z.core.$ZodIssue;

/** A list of a million wrong elements is one mistake too, not an answer of 100 MB. */
const MOST_SHOWN = 100;

/** A mistyped field is worth repeating; an OpenID (28 characters) or a secret in its place is not. */
const FIELD = /^([A-Za-z_]{1,24}|base64)$/;

export function mistakesOf({ issues }: Pick<z.ZodError, 'issues'>): Mistake[] {
  const all = sayingSomething(issues.flatMap(meant));
  const mistakes = all.slice(0, MOST_SHOWN).map((issue) => ({
    path: issue.path.map((step) => (isShown(step) ? String(step) : '…')).join('.'),
    message: issue.code === 'unrecognized_keys' ? unknownFields(issue.keys) : issue.message,
  }));
  const more = all.length - mistakes.length;
  return more > 0 ? [...mistakes, { path: '', message: `and ${more} more mistakes` }] : mistakes;
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

function unknownFields(keys: readonly string[]): string {
  const shown = keys.filter((key) => FIELD.test(key)).slice(0, 10);
  const names = shown.map((key) => JSON.stringify(key)).join(', ');
  const some = keys.length === 1 ? 'no such field' : 'no such fields';
  return shown.length === 0 ? some : `${some}: ${names}${shown.length < keys.length ? ' …' : ''}`;
}
