/** Queries, parameters and small bodies, checked by their schema: every mistake at once. */
import type { Request } from 'express';
import type { z } from 'zod';
import { inWords } from '../../shared/actions/in-words.ts';
import { mistakesOf } from '../../shared/actions/mistakes-of.ts';
import type { Refusal } from '../../shared/actions/refusal.ts';

export type Parsed<T> = { readonly value: T } | { readonly refused: Refusal };

export function parseQuery<T>(req: Request, schema: z.ZodType<T>): Parsed<T> {
  const words = {
    status: 400,
    code: 'invalid-query',
    what: 'query',
    inWords: inQueryWords,
  } as const;
  return parse(req.query, schema, words);
}

export function parseBody<T>(body: unknown, schema: z.ZodType<T>): Parsed<T> {
  return parse(body, schema, { status: 422, code: 'invalid-body', what: 'body', inWords });
}

/** In a query everything is text; what is there twice makes a list. */
const inQueryWords: z.core.$ZodErrorMap = (issue) => {
  if (issue.code !== 'invalid_type') return inWords(issue);
  return issue.expected === 'string' ? 'say it once' : 'must be a whole number';
};

interface Words {
  readonly status: 400 | 422;
  readonly code: string;
  readonly what: string;
  readonly inWords: z.core.$ZodErrorMap;
}

function parse<T>(
  input: unknown,
  schema: z.ZodType<T>,
  { status, code, what, inWords: error }: Words,
): Parsed<T> {
  const parsed = schema.safeParse(input, { error });
  if (parsed.success) return { value: parsed.data };
  const errors = mistakesOf(parsed.error);
  const mistakes = `${errors.length} ${errors.length === 1 ? 'mistake' : 'mistakes'}`;
  return { refused: { status, code, detail: `${mistakes} in the ${what}`, errors } };
}
