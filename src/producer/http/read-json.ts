/**
 * JSON bodies: UTF-8 to the letter, so that no name goes out garbled to every follower. A long one is
 * read in pieces and in steps, and others have their turn in between.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { TextDecoder } from 'node:util';
import express, { type Request, type RequestHandler } from 'express';
import { refuse } from '../../shared/contract/problem.ts';
import { readJsonText, readLongJsonText } from '../../shared/platform/json-text.ts';
import type { Parsed } from './parse-input.ts';
import { sendRefusal } from './problem.ts';
import { holdRoom } from './room-for-bodies.ts';

const MAX_JSON_BYTES = 16 * 1024 * 1024;
/** Decoded and parsed at once: some 5 ms. */
const PIECE = 1024 * 1024;
/** Of what is decoded at once. */
const UTF8 = new TextDecoder('utf-8', { fatal: true });

const readBytes = express.raw({
  limit: MAX_JSON_BYTES,
  type: ['application/json', 'application/*+json'],
});

const parseBytes: RequestHandler = async (req, res, next) => {
  if (!Buffer.isBuffer(req.body)) return next();
  const charset = /;\s*charset\s*=\s*"?([^\s;"]*)/i.exec(req.headers['content-type'] ?? '')?.[1];
  if (charset && charset.toLowerCase() !== 'utf-8') {
    return sendRefusal(res, { code: 'charset-unsupported' });
  }
  const text = await textOf(req.body);
  if (text === null) return sendRefusal(res, { code: 'body-not-utf8' });
  const isLong = text.length > PIECE;
  const read = isLong ? await readLongJsonText(text) : readJsonText(text === '' ? '{}' : text);
  if ('flaw' in read) return sendRefusal(res, read.flaw);
  if (typeof read.value !== 'object' || read.value === null) {
    return sendRefusal(res, { code: 'json-not-object' });
  }
  if (isLong) await nextTurn();
  req.body = read.value;
  next();
};

/** @returns null where it is no UTF-8. */
async function textOf(bytes: Buffer): Promise<string | null> {
  try {
    if (bytes.length <= PIECE) return UTF8.decode(bytes);
    const decoder = new TextDecoder('utf-8', { fatal: true });
    // Joined in the end: a text that was added to piece by piece is slow to walk through.
    const pieces: string[] = [];
    for (let at = 0; at < bytes.length; at += PIECE) {
      pieces.push(decoder.decode(bytes.subarray(at, at + PIECE), { stream: true }));
      await nextTurn();
    }
    return pieces.join('') + decoder.decode();
  } catch {
    return null;
  }
}

export const readJson: RequestHandler[] = [holdRoom(MAX_JSON_BYTES), readBytes, parseBytes];

/** A body as JSON; one of another type was not read, and is not taken for none. */
export function jsonOf(req: Request, mayBeAbsent: boolean): Parsed<unknown> {
  if (req.body !== undefined) return { value: req.body };
  const { 'transfer-encoding': inPieces, 'content-length': length } = req.headers;
  const isThere = inPieces !== undefined || Number(length ?? 0) > 0;
  if (mayBeAbsent && !isThere) return { value: {} };
  return refuse({ code: 'content-type-unsupported', accepted: ['application/json'] });
}
