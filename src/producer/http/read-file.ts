/** One uploaded file, as the body itself or as the one file of a form. */
import type { Readable } from 'node:stream';
import { Busboy } from '@fastify/busboy';
import type { Request } from 'express';
import { type Refused, refuse } from '../../shared/contract/problem.ts';
import { MAX_MEDIA_BYTES } from '../../shared/record/media-store.ts';
import { roomFor } from './room-for-bodies.ts';

export interface UploadedFile {
  readonly bytes: Buffer;
  readonly filename?: string;
}

/** @throws the connection's error, if it breaks before the file is whole. */
export async function readFile(req: Request): Promise<UploadedFile | Refused> {
  const encoding = req.headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity') {
    return refuse({ code: 'content-encoding-unsupported', accepted: [] });
  }
  const isForm = Boolean(req.is('multipart'));
  const length = Number(req.headers['content-length'] ?? 0);
  if (!isForm && length > MAX_MEDIA_BYTES) return TOO_LARGE;
  const noRoom = await roomFor(req, MAX_MEDIA_BYTES);
  if (noRoom) return noRoom;
  if (isForm) return await fileOfForm(req);
  const bytes = await wholeOf(req);
  return bytes ? { bytes } : TOO_LARGE;
}

async function fileOfForm(req: Request): Promise<UploadedFile | Refused> {
  const form = req.is('multipart/form-data') ? formReader(req) : null;
  if (!form) return NO_FORM;
  let file: Promise<UploadedFile | Refused> | undefined;
  const ending = await new Promise<'whole' | 'malformed' | 'more'>((resolve, reject) => {
    form.on('file', (_field, stream, filename) => {
      if (file !== undefined) {
        stream.on('error', () => undefined).resume();
        return resolve('more');
      }
      file = wholeOf(stream).then((bytes) =>
        bytes ? { bytes, ...(filename ? { filename } : {}) } : TOO_LARGE,
      );
      // Looked at when the form has ended; that the form is broken is told first.
      file.catch(() => undefined);
    });
    form.once('finish', () => resolve('whole'));
    form.on('error', () => resolve('malformed'));
    for (const limit of ['partsLimit', 'fieldsLimit'] as const) {
      form.once(limit, () => resolve('malformed'));
    }
    req.once('error', reject);
    req.once('aborted', () => reject(new ConnectionBroken()));
    req.pipe(form);
  });
  if (ending !== 'whole') req.unpipe(form).resume();
  if (ending === 'malformed') return NO_FORM;
  if (ending === 'more') return refuse({ code: 'one-file-each' });
  return (await file) ?? refuse({ code: 'file-missing' });
}

interface OpenedFile {
  readonly stream: Readable;
  readonly filename?: string;
  /** Those that stand before it. */
  readonly fields: Readonly<Record<string, string>>;
}

/** The one file of a form, as it comes: for what is too large to be held. */
export async function openFile(req: Request): Promise<OpenedFile | Refused> {
  const form = req.is('multipart/form-data') ? formReader(req) : null;
  if (!form) return NO_FORM;
  const fields: Record<string, string> = {};
  return new Promise((resolve) => {
    form.on('field', (name, value) => {
      fields[name] = value;
    });
    form.once('file', (_field, stream, filename) => {
      req.once('aborted', () => stream.destroy(new ConnectionBroken()));
      form.once('error', (error: Error) => stream.destroy(error));
      resolve({ stream, fields, ...(filename ? { filename } : {}) });
    });
    form.once('finish', () => resolve(refuse({ code: 'file-missing' })));
    form.on('error', () => resolve(NO_FORM));
    req.pipe(form);
  });
}

/** Null where the form's parts cannot be told apart: no boundary, or one longer than any (RFC 2046: 70). */
function formReader({ headers }: Request) {
  const contentType = headers['content-type'] ?? '';
  const limits = { fields: 20, fieldSize: 1_024, parts: 22, headerPairs: 50 };
  try {
    return new Busboy({ headers: { ...headers, 'content-type': contentType }, limits });
  } catch {
    return null;
  }
}

/** All of it, or null beyond the limit; the rest is read and dropped, so that the answer arrives. */
async function wholeOf(stream: Readable): Promise<Buffer | null> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of stream as AsyncIterable<Buffer>) {
    size += piece.length;
    if (size <= MAX_MEDIA_BYTES) pieces.push(piece);
    else pieces.length = 0;
  }
  return size > MAX_MEDIA_BYTES ? null : Buffer.concat(pieces);
}

class ConnectionBroken extends Error {
  override name = 'ConnectionBroken';
  readonly type = 'request.aborted';
}

const NO_FORM = refuse({ code: 'form-malformed' });
const TOO_LARGE = refuse({ code: 'media-too-large', maxBytes: MAX_MEDIA_BYTES });
