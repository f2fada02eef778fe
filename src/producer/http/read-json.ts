/** JSON bodies: UTF-8 to the letter, so that no name goes out garbled to every follower. */
import { isUtf8 } from 'node:buffer';
import express, { type Request, type RequestHandler } from 'express';
import type { Refusal } from '../../shared/actions/refusal.ts';

const MAX_JSON_BYTES = 16 * 1024 * 1024;

export const readJson: RequestHandler = express.json({
  limit: MAX_JSON_BYTES,
  type: ['application/json', 'application/*+json'],
  verify(_req, _res, body, charset) {
    if (charset !== 'utf-8') throw unreadable('charset.unsupported');
    if (!isUtf8(body)) throw unreadable('entity.verify.failed');
  },
});

const unreadable = (type: string): Error => Object.assign(new Error(type), { type });

/** A body that may be left out; one that was not read as JSON is not taken for none. */
export function optionalJsonOf(req: Request): { body: unknown } | { refused: Refusal } {
  const { 'transfer-encoding': inPieces, 'content-length': length } = req.headers;
  const isThere = inPieces !== undefined || Number(length ?? 0) > 0;
  return isThere ? jsonOf(req) : { body: {} };
}

/** A body that must be there as JSON; any other type was not read. */
export function jsonOf(req: Request): { body: unknown } | { refused: Refusal } {
  if (req.body !== undefined) return { body: req.body };
  return {
    refused: {
      status: 415,
      code: 'content-type-unsupported',
      detail: 'send the body as JSON with Content-Type: application/json',
    },
  };
}
