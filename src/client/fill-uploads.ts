/**
 * A campaign whose files are named by their paths, as in `examples/`: each file is handed to the
 * producer, and the id that comes back takes the path's place.
 *
 *   {"upload": "media/cover.jpg"}                  a file of the message
 *   <img src="upload:media/picture.png">           a picture inside an article
 */
import { readFile } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { withUploads } from '../shared/campaign/article-pictures.ts';
import { QunfaError } from './qunfa-error.ts';

/** Hands one file to the producer and returns its upload id. */
export type UploadFile = (bytes: Uint8Array, filename: string) => Promise<string>;

interface FillOptions {
  /** Paths are relative to it. */
  readonly folder: string;
  readonly upload: UploadFile;
}

const UPLOAD_ID = /^m_[A-Za-z0-9_-]{8,64}$/;

/**
 * The same body with ids for paths; each file is uploaded once. What is an id already stays.
 *
 * @throws {QunfaError} `file-unreadable`, naming every such file at once; nothing was uploaded then.
 */
export async function fillUploads<Body>(body: Body, options: FillOptions): Promise<Body> {
  const { folder, upload } = options;
  const places = new Map<string, string>();
  walk(body, [], (path, at) => {
    if (!places.has(path)) places.set(path, at);
    return path;
  });
  const files = await readAll(folder, places);
  const ids = new Map<string, string>();
  for (const [path, bytes] of files) ids.set(path, await upload(bytes, basename(path)));
  return walk(body, [], (path) => ids.get(path) ?? path) as Body;
}

async function readAll(
  folder: string,
  places: ReadonlyMap<string, string>,
): Promise<[path: string, bytes: Uint8Array][]> {
  const errors: { code: string; path: string; message: string }[] = [];
  const files: [string, Uint8Array][] = [];
  for (const [path, place] of places) {
    try {
      files.push([path, await readFile(resolve(folder, path))]);
    } catch (error) {
      const { code = 'unreadable' } = error as NodeJS.ErrnoException;
      const why = code === 'ENOENT' ? `no such file in ${resolve(folder)}` : code;
      errors.push({ code: 'file-unreadable', path: place, message: `${path}: ${why}` });
    }
  }
  if (errors.length === 0) return files;
  const detail = `${errors.length} of the campaign’s files cannot be read; nothing was sent`;
  throw new QunfaError({ status: 0, code: 'file-unreadable', detail, errors });
}

type Replace = (path: string, at: string) => string;

/** Only what names a file is touched: a text that speaks of "upload:" is not a file. */
function walk(value: unknown, at: readonly string[], replace: Replace): unknown {
  if (Array.isArray(value)) {
    return value.map((item, index) => walk(item, [...at, String(index)], replace));
  }
  if (typeof value !== 'object' || value === null) {
    const isArticle = at.at(-1) === 'content' && at.includes('articles');
    return isArticle && typeof value === 'string' ? pictures(value, at, replace) : value;
  }
  return Object.fromEntries(
    Object.entries(value).map(([field, inner]: [string, unknown]) => {
      const here = [...at, field];
      const isFile = field === 'upload' && typeof inner === 'string' && !UPLOAD_ID.test(inner);
      return [field, isFile ? replace(inner, here.join('.')) : walk(inner, here, replace)];
    }),
  );
}

const pictures = (html: string, at: readonly string[], replace: Replace): string =>
  withUploads(html, (named) => {
    const path = named.trim();
    if (path === '' || UPLOAD_ID.test(path)) return undefined;
    return `upload:${replace(path, at.join('.'))}`;
  });
