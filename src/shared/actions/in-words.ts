/** What is wrong with a value, as its sender reads it: what should stand there, and never what does. */
import type { z } from 'zod';

const KINDS: Readonly<Record<string, string>> = {
  string: 'text in quotes',
  number: 'a number, without quotes',
  int: 'a whole number',
  boolean: 'true or false, without quotes',
  array: 'a list',
  object: 'an object',
};

/** For `safeParse(body, { error: inWords })`; a schema's own words stand over these. */
export const inWords: z.core.$ZodErrorMap = (issue) => {
  switch (issue.code) {
    case 'invalid_type': {
      if (issue.input === undefined) return 'is missing';
      const kind = KINDS[issue.expected];
      return kind && `must be ${kind}${mistaken(issue.input)}`;
    }
    case 'invalid_value':
      return `must be ${oneOf(issue.values)}`;
    case 'invalid_union':
      return Array.isArray(issue.options) ? `must be ${oneOf(issue.options)}` : undefined;
    case 'too_big':
      return `at most ${Number(issue.maximum).toLocaleString('en-US')}${unit(issue)}`;
    case 'too_small':
      if (issue.origin === 'string' && issue.minimum === 1) return 'must not be empty';
      return `at least ${Number(issue.minimum).toLocaleString('en-US')}${unit(issue)}`;
    default:
      return undefined;
  }
};

/** Its kind, where that is not plain to see. */
function mistaken(input: unknown): string {
  if (input === null) return ', not null; what is optional may be left out';
  return Array.isArray(input) ? ', not a list' : '';
}

const oneOf = (values: readonly unknown[]): string =>
  `${values.length === 1 ? '' : 'one of '}${values.map(String).join(', ')}`;

const unit = ({ origin }: { readonly origin: string }): string =>
  origin === 'string' ? ' characters' : origin === 'array' ? ' entries' : '';
