/**
 * A campaign whose files are named by their paths, as in `examples/`: each file is uploaded, and its
 * id replaces the path.
 *
 *   {"upload": "media/cover.jpg"}                  a file of the message
 *   <img src="upload:media/picture.png">           a picture inside an article
 */
import { readFile } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { withUploads } from '../shared/campaign/article-pictures.ts';
import { type ClientLanguage, failureText } from './failures.ts';
import { QunfaError } from './qunfa-error.ts';

/** Uploads one file and returns its id. */
export type UploadFile = (bytes: Uint8Array, filename: string) => Promise<string>;

interface FillOptions {
  /** Paths are relative to it. */
  readonly folder: string;
  readonly upload: UploadFile;
  /** Of errors; English if absent. */
  readonly language?: ClientLanguage;
}

const UPLOAD_ID = /^m_[A-Za-z0-9_-]{8,64}$/;

/**
 * The same body with ids for paths; each file is uploaded once. What is an id already stays.
 *
 * @throws {QunfaError} `file-unreadable`, naming every such file at once; nothing was uploaded then.
 */
export async function fillUploads<Body>(body: Body, options: FillOptions): Promise<Body> {
  const places = new Map<string, string>();
  walk(body, [], (path, at) => {
    if (!places.has(path)) places.set(path, at);
    return path;
  });
  const ids = new Map<string, string>();
  for (const [path, bytes] of await readAll(places, options)) {
    ids.set(path, await options.upload(bytes, basename(path)));
  }
  return walk(body, [], (path) => ids.get(path) ?? path) as Body;
}

async function readAll(places: ReadonlyMap<string, string>, { folder, language }: FillOptions) {
  const texts = failureText(language);
  const errors: { code: string; path: string; message: string }[] = [];
  const files: [path: string, bytes: Uint8Array][] = [];
  for (const [path, place] of places) {
    try {
      files.push([path, await readFile(resolve(folder, path))]);
    } catch (error) {
      const { code = 'unreadable' } = error as NodeJS.ErrnoException;
      const message =
        code === 'ENOENT'
          ? texts['file-missing'](path, resolve(folder))
          : texts['file-unreadable'](path, code);
      errors.push({ code: 'file-unreadable', path: place, message });
    }
  }
  if (errors.length === 0) return files;
  const detail = texts['files-unreadable'](errors.length);
  throw new QunfaError({ status: 0, code: 'file-unreadable', detail, errors });
}

type Replace = (path: string, at: string) => string;

/** Replaces only what names a file, not a text that contains "upload:". */
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
