/** JSON bodies: UTF-8 to the letter, so that no name goes out garbled to every follower. */
import { isUtf8 } from 'node:buffer';
import express, { type Request, type RequestHandler } from 'express';
import { refuse } from '../../shared/contract/problem.ts';
import { readJsonText } from '../../shared/platform/json-text.ts';
import type { Parsed } from './parse-input.ts';
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

/** A body as JSON; one of another type was not read, and is not taken for none. */
export function jsonOf(req: Request, mayBeAbsent: boolean): Parsed<unknown> {
  if (req.body !== undefined) return { value: req.body };
  const { 'transfer-encoding': inPieces, 'content-length': length } = req.headers;
  const isThere = inPieces !== undefined || Number(length ?? 0) > 0;
  if (mayBeAbsent && !isThere) return { value: {} };
  return refuse({ code: 'content-type-unsupported', accepted: ['application/json'] });
}
