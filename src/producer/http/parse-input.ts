/** Queries, parameters and small bodies, checked by their schema: every mistake at once. */
import type { Request } from 'express';
import type { z } from 'zod';
import { mistakesOf } from '../../shared/contract/mistakes-of.ts';
import { type Refused, refuse } from '../../shared/contract/problem.ts';

export type Parsed<T> = { readonly value: T } | Refused;

export const parseQuery = <T>(req: Request, schema: z.ZodType<T>): Parsed<T> =>
  parse(req.query, schema, 'invalid-query');

export const parseBody = <T>(body: unknown, schema: z.ZodType<T>): Parsed<T> =>
  parse(body, schema, 'invalid-body');

function parse<T>(
  input: unknown,
  schema: z.ZodType<T>,
  code: 'invalid-query' | 'invalid-body',
): Parsed<T> {
  const parsed = schema.safeParse(input, { reportInput: true });
  if (parsed.success) return { value: parsed.data };
  return refuse({ code, errors: mistakesOf(parsed.error, { isQuery: code === 'invalid-query' }) });
}
