/** Queries, parameters and small bodies, checked by their schema: every mistake at once. */
import type { Request } from 'express';
import type { z } from 'zod';
import { inWords } from '../../shared/actions/in-words.ts';
import { mistakesOf } from '../../shared/actions/mistakes-of.ts';
import { type Refused, refuse } from '../../shared/contract/problem.ts';

export type Parsed<T> = { readonly value: T } | Refused;

export const parseQuery = <T>(req: Request, schema: z.ZodType<T>): Parsed<T> =>
  parse(req.query, schema, { code: 'invalid-query', inWords: inQueryWords });

export const parseBody = <T>(body: unknown, schema: z.ZodType<T>): Parsed<T> =>
  parse(body, schema, { code: 'invalid-body', inWords });

/** In a query everything is text; what is there twice makes a list. */
const inQueryWords: z.core.$ZodErrorMap = (issue) => {
  if (issue.code !== 'invalid_type') return inWords(issue);
  return issue.expected === 'string' ? 'must be given only once' : 'must be a whole number';
};

interface How {
  readonly code: 'invalid-query' | 'invalid-body';
  readonly inWords: z.core.$ZodErrorMap;
}

function parse<T>(input: unknown, schema: z.ZodType<T>, { code, inWords: error }: How): Parsed<T> {
  const parsed = schema.safeParse(input, { error });
  if (parsed.success) return { value: parsed.data };
  return refuse({ code, errors: mistakesOf(parsed.error) });
}
