/** Lists of OpenIDs are streamed: never whole in memory on either side. */
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import type { AudienceDetails } from '../shared/contract/audiences.ts';
import type { Transport } from './transport.ts';

export type AudienceFormat = 'text' | 'csv' | 'ndjson' | 'json';

/** Bytes in any of the formats, gzip or not; or OpenIDs; or the path of a file. */
export type AudienceSource =
  | string
  | readonly string[]
  | ReadableStream<Uint8Array>
  | AsyncIterable<Uint8Array | string>;

export interface AudienceOptions {
  /** `text` is one OpenID a line. By a file's extension if absent. */
  readonly format?: AudienceFormat;
  /** The CSV column or the JSON field that has the OpenID; `openid` if absent. */
  readonly column?: string;
  /** Only this account can use the list: OpenIDs are of one account. */
  readonly account?: string;
  readonly name?: string;
  /** Ids of audiences whose OpenIDs are left out. */
  readonly exclude?: readonly string[];
  /** Called with the bytes that have been sent so far. */
  readonly onProgress?: (bytes: number) => void;
  readonly signal?: AbortSignal | undefined;
}

const BLOCK = 64 * 1024;

export function makeAudiences({ call, get, pages }: Transport) {
  /**
   * Streams a list in; a broken upload leaves nothing behind. The client repeats an array or a file
   * while the producer is away; a stream can be read only once.
   *
   * @param source a string is the path of a file; an iterable of strings is one OpenID each (with
   *   `format`: pieces of text); bytes are in `format`.
   * @throws {QunfaError} `audience-unreadable`, `content-type-unsupported`, `unreachable` …
   */
  async function upload(
    source: AudienceSource,
    options: AudienceOptions = {},
  ): Promise<AudienceDetails> {
    const { account, column, name, exclude, onProgress, signal } = options;
    // A missing file fails at once, with its name.
    if (typeof source === 'string') await (await open(source)).close();
    const isPath = typeof source === 'string';
    const again = isPath || Array.isArray(source);
    let broken: { readonly error: unknown } | undefined;
    const pieces = async function* () {
      try {
        yield* piecesOf(source, options.format);
      } catch (error) {
        broken = { error };
        throw error;
      }
    };
    const { body } = await call<AudienceDetails>({
      method: 'POST',
      path: '/v1/audiences',
      query: {
        format: options.format ?? (isPath ? formatOf(source) : 'text'),
        account,
        column,
        name: name ?? (isPath ? basename(source) : undefined),
        exclude: exclude && exclude.length > 0 ? exclude.join(',') : undefined,
      },
      headers: { 'content-type': 'application/octet-stream' },
      body: (moved) =>
        streamOf(pieces(), (bytes) => {
          moved();
          onProgress?.(bytes);
        }),
      // The source failed, not the connection.
      broken: () => broken,
      once: !again,
      streams: true,
      patient: true,
      repeatable: again,
      signal,
    });
    return body;
  }

  return {
    upload,
    get: (id: string) => get<AudienceDetails>(`/v1/audiences/${encodeURIComponent(id)}`),
    list: (query: { readonly limit?: number } = {}) =>
      pages<AudienceDetails>('/v1/audiences', 'audiences', { query }),
  };
}

function formatOf(path: string): AudienceFormat {
  const name = path.toLowerCase().replace(/\.gz$/, '');
  if (extname(name) === '.csv') return 'csv';
  if (extname(name) === '.json') return 'json';
  return ['.ndjson', '.jsonl'].includes(extname(name)) ? 'ndjson' : 'text';
}

/** Without a format, each string is an OpenID on a line of its own; bytes are passed on. */
async function* piecesOf(
  source: AudienceSource,
  format: AudienceFormat | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  const encoder = new TextEncoder();
  if (typeof source === 'string') {
    yield* createReadStream(source, { highWaterMark: BLOCK });
    return;
  }
  let lines = '';
  for await (const piece of source as AsyncIterable<Uint8Array | string>) {
    if (typeof piece !== 'string') {
      yield piece;
      continue;
    }
    lines += format === undefined ? `${piece}\n` : piece;
    if (lines.length < BLOCK) continue;
    yield encoder.encode(lines);
    lines = '';
  }
  if (lines !== '') yield encoder.encode(lines);
}

function streamOf(
  pieces: AsyncGenerator<Uint8Array, void, undefined>,
  onProgress: ((bytes: number) => void) | undefined,
): ReadableStream<Uint8Array> {
  let bytes = 0;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await pieces.next();
        if (done) return controller.close();
        bytes += value.byteLength;
        onProgress?.(bytes);
        controller.enqueue(value);
      },
      async cancel() {
        await pieces.return();
      },
    },
    { highWaterMark: 1 },
  );
}
