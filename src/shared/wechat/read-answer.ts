import { parse } from 'lossless-json';
import { z } from 'zod';
import type { Answer } from './client.ts';
import { cleanErrmsg } from './errmsg.ts';
import { isDeep } from './json-depth.ts';
import { MESSAGE_ID } from './message-id.ts';
import { remedyFor } from './remedies.ts';

interface Reading<T> {
  readonly path: string;
  readonly answer: z.ZodType<T>;
  readonly secrets: readonly string[];
}

/**
 * An id of WeChat's as text. Ids may pass 2^53, so they are read without rounding, and they come as
 * numbers or as strings.
 */
export const WechatId = z
  .union([z.string(), z.int()])
  .transform(String)
  .transform((digits) => digits.replace(/^0+/, ''))
  .pipe(z.string().regex(MESSAGE_ID));

/** For calls that answer `{"errcode":0,"errmsg":"ok"}` and nothing else. */
export const Nothing = z.object({ errcode: z.literal(0) }).transform(() => undefined);

const Envelope = z.looseObject({
  errcode: z
    .union([
      z.int(),
      z
        .string()
        .regex(/^-?\d{1,9}$/)
        .transform(Number),
    ])
    .optional(),
  errmsg: z.coerce.string().optional(),
  msg_id: z.unknown().optional(),
});

/**
 * What a body says. Success is errcode 0 or none at all, and the field that was asked for.
 *
 * A body that says neither yes nor no (HTML, half a JSON text, a success without its field) is an
 * unknown outcome.
 */
export function readAnswer<T>(text: string, { path, answer, secrets }: Reading<T>): Answer<T> {
  const envelope = Envelope.safeParse(parseJson(text));
  if (!envelope.success) return { kind: 'unknown', cause: 'the answer is not readable' };
  const { errcode = 0, errmsg = '', msg_id } = envelope.data;
  if (errcode !== 0) {
    const msgId = WechatId.safeParse(msg_id);
    return {
      kind: 'refused',
      errcode,
      errmsg: cleanErrmsg(errmsg, secrets),
      remedy: remedyFor(path, errcode),
      ...(msgId.success && { msgId: msgId.data }),
    };
  }
  const value = answer.safeParse(envelope.data);
  if (!value.success) return { kind: 'unknown', cause: 'the answer lacks what was asked for' };
  return { kind: 'ok', value: value.data };
}

/** WeChat's deepest answers, lists of drafts, have seven levels. */
const MAX_DEPTH = 32;

/** Undefined if the text is no JSON. Integers beyond 2^53 become strings, the rest numbers. */
function parseJson(text: string): unknown {
  if (isDeep(text, MAX_DEPTH)) return undefined;
  try {
    return parse(text, null, (digits) => {
      const number = Number(digits);
      return Number.isInteger(number) && !Number.isSafeInteger(number) ? digits : number;
    });
  } catch {
    return undefined;
  }
}
