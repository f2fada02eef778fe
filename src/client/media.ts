/** The media library: a file is uploaded once and used in many campaigns. */
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { MediaDetails, MediaFile } from '../shared/contract/media.ts';
import type { Transport } from './transport.ts';

export function makeMedia({ call, get, pages }: Transport) {
  return {
    /**
     * Uploads one file (at most 10 MB) by its bytes or its path. The same content has the same id.
     * Its content decides what it is, not its name.
     *
     * @throws {QunfaError} `media-unfit`: nothing that WeChat takes, or not whole.
     */
    async upload(
      file: Uint8Array | string,
      { filename }: { readonly filename?: string } = {},
    ): Promise<MediaFile> {
      const isPath = typeof file === 'string';
      const bytes = isPath ? await readFile(file) : file;
      const { body } = await call<MediaFile>({
        method: 'POST',
        path: '/v1/media',
        query: { filename: filename ?? (isPath ? basename(file) : undefined) },
        headers: { 'content-type': 'application/octet-stream' },
        // A view of its own: a Buffer may be a window on a larger, shared block of memory.
        body: () => new Uint8Array(bytes),
        patient: true,
        repeatable: true,
      });
      return body;
    },
    get: (id: string) => get<MediaDetails>(`/v1/media/${encodeURIComponent(id)}`),
    list: (query: { readonly limit?: number } = {}) =>
      pages<MediaFile>('/v1/media', 'media', { query }),
  };
}
