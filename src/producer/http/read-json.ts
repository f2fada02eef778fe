/** JSON bodies: UTF-8 to the letter, so that no name goes out garbled to every follower. */
import { isUtf8 } from 'node:buffer';
import express, { type Request, type RequestHandler } from 'express';
import { type Refused, refuse } from '../../shared/contract/problem.ts';
import { readJsonText } from '../../shared/platform/json-text.ts';
import { sendRefusal } from './problem.ts';

const MAX_JSON_BYTES = 16 * 1024 * 1024;

const readText = express.text({
  limit: MAX_JSON_BYTES,
  type: ['application/json', 'application/*+json'],
  verify(_req, _res, body, charset) {
    if (charset !== 'utf-8') throw unreadable('charset.unsupported');
    if (!isUtf8(body)) throw unreadable('entity.verify.failed');
  },
});

const parseText: RequestHandler = (req, res, next) => {
  if (typeof req.body !== 'string') return next();
  const read = req.body === '' ? { value: {} } : readJsonText(req.body);
  if ('flaw' in read) return sendRefusal(res, read.flaw);
  if (typeof read.value !== 'object' || read.value === null) {
    return sendRefusal(res, { code: 'json-not-object' });
  }
  req.body = read.value;
  next();
};

export const readJson: RequestHandler[] = [readText, parseText];

const unreadable = (type: string): Error => Object.assign(new Error(type), { type });

/** A body that may be left out; one that was not read as JSON is not taken for none. */
export function optionalJsonOf(req: Request): { body: unknown } | Refused {
  const { 'transfer-encoding': inPieces, 'content-length': length } = req.headers;
  const isThere = inPieces !== undefined || Number(length ?? 0) > 0;
  return isThere ? jsonOf(req) : { body: {} };
}

/** A body that must be there as JSON; any other type was not read. */
export function jsonOf(req: Request): { body: unknown } | Refused {
  if (req.body !== undefined) return { body: req.body };
  return refuse({ code: 'content-type-unsupported', accepted: ['application/json'] });
}
