import { parse } from 'lossless-json';
import { z } from 'zod';
import { flawOfShape } from '../platform/json-text.ts';
import type { Answer } from './client.ts';
import { cleanErrmsg } from './errmsg.ts';
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

/** A text, which may come as a bare number. */
export const Text = z.union([z.string(), z.number()]).transform(String);

/** A count, which may come as text. */
export const Amount = z.union([
  z.int().nonnegative(),
  z
    .string()
    .regex(/^\d{1,15}$/)
    .transform(Number),
]);

/** What an upload or a draft is called; some 64 characters in every record. */
export const MediaId = Text.pipe(z.string().regex(/^[!-~]{1,256}$/));

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
  errmsg: z.unknown().optional(),
  msg_id: z.unknown().optional(),
});

/**
 * What a body says. Success is errcode 0 or none at all, and the field that was asked for.
 *
 * A body that says neither yes nor no (HTML, half a JSON text, a success without its field) is an
 * unknown outcome, and said to be unreadable.
 */
export function readAnswer<T>(text: string, { path, answer, secrets }: Reading<T>): Answer<T> {
  const envelope = Envelope.safeParse(parseJson(text));
  if (!envelope.success) return { kind: 'unknown', cause: 'answer-unreadable' };
  const { errcode = 0, errmsg, msg_id } = envelope.data;
  if (errcode !== 0) {
    const msgId = WechatId.safeParse(msg_id);
    return {
      kind: 'refused',
      errcode,
      path,
      errmsg: cleanErrmsg(String(errmsg ?? ''), secrets),
      remedy: remedyFor(path, errcode),
      ...(msgId.success && { msgId: msgId.data }),
    };
  }
  const value = answer.safeParse(envelope.data);
  if (!value.success) return { kind: 'unknown', cause: 'answer-incomplete' };
  return { kind: 'ok', value: value.data };
}

/** WeChat's deepest answers, lists of drafts, have seven levels; its longest 10,000 OpenIDs. */
const LIMITS = { levels: 32, values: 50_000, keysMayRepeat: true };

/** 2^53 has 16 digits: where there are fewer, nothing can be rounded. */
const LONG_NUMBER = /\d{16}/;

/**
 * Undefined if the text is no JSON. Integers beyond 2^53 become strings, the rest numbers. A mark
 * at the beginning and raw control bytes, as in names of tags and drafts, are left out.
 */
function parseJson(text: string): unknown {
  const clean = withoutControls(text.replace(/^\ufeff/, ''));
  if (flawOfShape(clean, LIMITS)) return undefined;
  try {
    // Some fifty times as fast.
    if (!LONG_NUMBER.test(clean)) return JSON.parse(clean);
    return parse(clean, null, {
      parseNumber(digits) {
        const number = Number(digits);
        return Number.isInteger(number) && !Number.isSafeInteger(number) ? digits : number;
      },
      onDuplicateKey: ({ newValue }) => newValue,
    });
  } catch {
    return undefined;
  }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL = /[\u0000-\u001f]/;
const SPACE = 32;

/** Byte by byte, for there may be millions: each tab and end of line is a blank, the rest is left out. */
function withoutControls(text: string): string {
  if (!CONTROL.test(text)) return text;
  const bytes = Buffer.from(text);
  let kept = 0;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] ?? SPACE;
    const isBlank = byte > 8 && byte < 14;
    if (byte >= SPACE || isBlank) bytes[kept++] = isBlank ? SPACE : byte;
  }
  return bytes.toString('utf8', 0, kept);
}
