/** The media library: a file is uploaded once and used in many campaigns. */
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { MediaDetails, MediaFile } from './answers.ts';
import { pages } from './pages.ts';
import type { Transport } from './transport.ts';

export type Media = ReturnType<typeof makeMedia>;

export function makeMedia(transport: Transport) {
  return {
    /**
     * Hands over one file (at most 10 MB) by its bytes or its path. The same content has the same
     * id, so twice is as good as once. Its content tells what it is, not its name.
     *
     * @throws {QunfaError} `media-unfit`: nothing that WeChat takes, or not whole.
     */
    async upload(
      file: Uint8Array | string,
      { filename }: { readonly filename?: string } = {},
    ): Promise<MediaFile> {
      const bytes = typeof file === 'string' ? await readFile(file) : file;
      const name = filename ?? (typeof file === 'string' ? basename(file) : undefined);
      const { body } = await transport.call<MediaFile>({
        method: 'POST',
        path: '/v1/media',
        query: { filename: name },
        headers: { 'content-type': 'application/octet-stream' },
        // A view of its own: a Buffer may be a window on a larger, shared block of memory.
        body: () => new Uint8Array(bytes),
        patient: true,
        repeatable: true,
      });
      return body;
    },

    async get(id: string): Promise<MediaDetails> {
      const path = `/v1/media/${encodeURIComponent(id)}`;
      return (await transport.call<MediaDetails>({ path, repeatable: true })).body;
    },

    list: (options: { readonly limit?: number } = {}): AsyncGenerator<MediaFile, void, undefined> =>
      pages<MediaFile, string>(async (cursor) => {
        const { body } = await transport.call<{ media: MediaFile[]; next: string | null }>({
          path: '/v1/media',
          query: { ...options, cursor },
          repeatable: true,
        });
        return { items: body.media, next: body.next };
      }),
  };
}
