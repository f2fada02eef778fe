/** What many shapes of the API are made of, and how its lists are read. */
import { z } from 'zod';

/** JSON as it is answered: what is read of it is not changed. */
export type Answered<Schema extends z.ZodType> = Immutable<z.output<Schema>>;

/** JSON as a caller sends it: what has a default may be left out. */
export type Asked<Schema extends z.ZodType> = Immutable<z.input<Schema>>;

type Immutable<T> = T extends readonly (infer Item)[]
  ? readonly Immutable<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: Immutable<T[Key]> }
    : T;

/** The facts of something shown with a sentence. */
export type Unsaid<Shown> = Shown extends unknown ? Omit<Shown, 'message'> : never;

export const Time = z.string().meta({ format: 'date-time' }).describe('RFC 3339, UTC');
export const Count = z.int().nonnegative();
export const UnknownCount = Count.nullable().describe('null: unknown');

export const Limit = z.coerce
  .number()
  .int()
  .min(1)
  .max(100)
  .default(20)
  .describe('How many at most');

/** Handed back as it came. */
export const Cursor = z
  .string()
  .min(1)
  .max(200)
  .describe('`next` of the page before')
  .exactOptional();

/** `next` of a list that is read by a cursor. */
export const Next = z.string().nullable().describe('The cursor of the next page; null on the last');

/** Of a list whose items are numbered from 1. */
export const numbered = (what: string, most = Number.MAX_SAFE_INTEGER) =>
  z.strictObject({
    from: z.coerce
      .number()
      .int()
      .min(1, `${what} count from 1`)
      .max(most)
      .default(1)
      .describe('Number of the first one on the page; `next` of the page before'),
    limit: z.coerce.number().int().min(1).max(1_000).default(100).describe('How many at most'),
  });

/** `next` of such a list. */
export const NextNumber = z.int().nullable().describe('`from` of the next page; null on the last');
