/**
 * How WeChat answers: JSON with HTTP 200 whatever happened, an `errmsg` whose end changes every
 * time, and integers too long for a double as bare digits.
 */
import { randomBytes } from 'node:crypto';

export type Reply = { readonly errcode?: number; readonly [field: string]: unknown };

export interface Refusal {
  readonly errcode: number;
  readonly errmsg: string;
  readonly [field: string]: unknown;
}

/** The stems of the recorded or listed texts. */
const STEMS: Readonly<Record<number, string>> = {
  [-1]: 'system error',
  40001: 'invalid credential, access_token is invalid or not latest',
  40002: 'invalid grant_type',
  40003: 'invalid openid',
  40004: 'invalid media type',
  40005: 'invalid file type',
  40006: 'invalid meida size',
  40007: 'invalid media_id',
  40008: 'invalid message type',
  40009: 'invalid image size',
  40010: 'invalid voice size',
  40011: 'invalid video size',
  40012: 'invalid thumb size',
  40013: 'invalid appid',
  40014: 'invalid access_token',
  40031: 'invalid openid list',
  40032: 'invalid openid list size',
  40033: 'invalid charset. please check your request, if include \\uxxxx will create fail!',
  40059: 'invalid msg id',
  40060: 'invalid article idx',
  40065: 'invalid msg status',
  40066: 'invalid url',
  40097: 'invalid args',
  40114: 'invalid index value',
  40125: 'invalid appsecret',
  40130: 'invalid openid list size, at least two openid',
  40132: 'invalid username',
  40152: 'invalid group id',
  40164: 'invalid ip 203.0.113.9 ipv6 ::ffff:203.0.113.9, not in whitelist',
  40215: 'invalid image count',
  40243: 'AppSecret is frozen',
  41001: 'access_token missing',
  41002: 'appid missing',
  41004: 'appsecret missing',
  41005: 'media data missing',
  41006: 'media_id missing',
  42001: 'access_token expired',
  42010: 'acting too fast, please try again later',
  43001: 'require GET method',
  43002: 'require POST method',
  44001: 'empty media data',
  44002: 'empty post data',
  44003: 'empty news data',
  44004: 'empty text data',
  45001: 'media size out of limit',
  45002: 'content size out of limit',
  45003: 'title size out of limit',
  45004: 'description size out of limit',
  45005: 'url size out of limit',
  45007: 'voice playtime out of limit',
  45008: 'article size out of limit',
  45009: 'reach max api daily quota limit',
  45011: 'api minute-quota reach limit, must slower, retry next minute',
  45028: 'has no masssend quota',
  45065: 'clientmsgid exist',
  45066: 'same clientmsgid retry too fast',
  45067: 'clientmsgid size out of limit',
  45083: 'speed out of range',
  45084: 'speed missing',
  45103: 'This API has been unsupported',
  45106: 'This API has been unsupported',
  45110: 'author size out of limit',
  45113: 'cards can no longer be published',
  45159: 'invalid tag id',
  45161: 'video id was not made by the upload call',
  45166: 'invalid content',
  46007: 'media file is being transcoded, please try again later',
  47001: 'data format error',
  47002:
    'data format error, do NOT use json unicode encode (\\uxxxx\\uxxxx), please use utf8 encoded text!',
  47003: 'argument invalid',
  48001: 'api unauthorized',
  48003: 'user not agree mass-send protocol',
  48006: 'forbid to clear quota because of reaching the limit',
  49003: 'not match openid with appid',
  50002: 'user limited',
  76003: 'cgi_path not found',
  76021: 'cgi_path not found, please check',
  89504: 'approval of this send is still pending',
  9500002: 'masssend task too much, system busy, please try later',
};

export function refusal(errcode: number, extra: Readonly<Record<string, unknown>> = {}): Refusal {
  return { errcode, errmsg: STEMS[errcode] ?? 'unknown error', ...extra };
}

export function isRefusal(value: unknown): value is Refusal {
  return (
    typeof value === 'object' &&
    value !== null &&
    'errcode' in value &&
    typeof value.errcode === 'number' &&
    value.errcode !== 0
  );
}

/** Three forms are recorded: a hint (2016 to 2020), a rid (since), both. */
export function withSuffix(reply: Refusal, nowMs: number): Refusal {
  const form = randomBytes(1).readUInt8() % 3;
  const hint = ` hint: [${randomBytes(5).toString('base64url').slice(0, 6)}${randomBytes(4).toString('hex')}]`;
  // The first block of a rid is the time, in seconds.
  const rid = ` rid: ${Math.floor(nowMs / 1_000).toString(16)}-${randomBytes(4).toString('hex')}-${randomBytes(4).toString('hex')}`;
  const suffix = form === 0 ? hint : form === 1 ? rid : hint + rid;
  return { ...reply, errmsg: `${reply.errmsg}${suffix}` };
}

/** JSON in which a bigint is written as its digits. */
export function toJson(value: unknown): string {
  return JSON.stringify(value, (_key, field: unknown) =>
    typeof field === 'bigint' ? `@digits:${field}@` : field,
  ).replace(/"@digits:(\d+)@"/g, '$1');
}
