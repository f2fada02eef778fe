/** Queries, parameters and small bodies, checked by their schema: every mistake at once. */
import type { Request } from 'express';
import type { z } from 'zod';
import { inWords } from '../shared/accept/in-words.ts';
import { mistakesOf } from '../shared/accept/mistakes-of.ts';
import type { Refusal } from '../shared/accept/refusal.ts';

export type Parsed<T> = { readonly value: T } | { readonly refused: Refusal };

export function parseQuery<T>(req: Request, schema: z.ZodType<T>): Parsed<T> {
  return parse(req.query, schema, { status: 400, code: 'invalid-query', what: 'query' });
}

export function parseBody<T>(body: unknown, schema: z.ZodType<T>): Parsed<T> {
  return parse(body, schema, { status: 422, code: 'invalid-body', what: 'body' });
}

function parse<T>(
  input: unknown,
  schema: z.ZodType<T>,
  { status, code, what }: { status: 400 | 422; code: string; what: string },
): Parsed<T> {
  const parsed = schema.safeParse(input, { error: inWords });
  if (parsed.success) return { value: parsed.data };
  const errors = mistakesOf(parsed.error);
  const mistakes = `${errors.length} ${errors.length === 1 ? 'mistake' : 'mistakes'}`;
  return { refused: { status, code, detail: `${mistakes} in the ${what}`, errors } };
}
