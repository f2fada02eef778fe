/** The media library over HTTP: a file is uploaded once and used in many campaigns. */
import { rfc3339 } from '../../shared/campaign/campaign.ts';
import {
  MediaDetails,
  MediaFile,
  MediaListQuery,
  MediaPage,
  MediaUploadQuery,
} from '../../shared/contract/media.ts';
import { refuse } from '../../shared/contract/problem.ts';
import type { AccountConfig } from '../../shared/platform/accounts.ts';
import type { Rights } from '../../shared/platform/people.ts';
import type { MaterialStore } from '../../shared/record/material-store.ts';
import type { MediaStore } from '../../shared/record/media-store.ts';
import { visibleTo } from '../http/caller.ts';
import { readFile } from '../http/read-file.ts';
import { type Route, route } from '../http/route.ts';

interface Dependencies {
  readonly media: Pick<MediaStore, 'put' | 'describe' | 'list'>;
  readonly materials: Pick<MaterialStore, 'atWechat'>;
  readonly accounts: () => readonly AccountConfig[];
}

const tag = 'Media';

export function makeMediaRoutes({ media, materials, accounts }: Dependencies): Route[] {
  async function whereAtWechat({ sha256 }: MediaFile, rights: Rights) {
    const names = visibleTo(rights, accounts()).map(({ name }) => name);
    const found = await materials.atWechat(sha256, names);
    return found.map(({ expiresAt, ...where }) => ({
      ...where,
      expiresAt: expiresAt === null ? null : rfc3339(expiresAt),
    }));
  }

  /** Nobody knows whose a file is, so that a caller for some accounts hears no name of another's. */
  const shownTo = ({ accounts }: Rights, file: MediaFile): MediaFile =>
    accounts === null ? file : { ...file, filename: `${file.id}.${file.format}` };

  return [
    route(
      {
        method: 'post',
        path: '/v1/media',
        operationId: 'uploadMedia',
        permission: 'send',
        tag,
        summary: 'Upload a file (at most 10 MB)',
        description:
          'JPG, PNG, GIF, BMP, MP3, AMR or MP4, told by its content. The same content has the same id.',
        query: MediaUploadQuery,
        body: {
          raw: { 'application/octet-stream': 'The file', 'multipart/form-data': 'One file' },
        },
        answers: { 201: MediaFile },
        problems: {
          413: 'Over 10 MB',
          415: 'Compressed body not accepted',
          422: 'Nothing that WeChat takes, or not whole',
        },
      },
      async ({ query, rights, req, res }) => {
        const file = await readFile(req);
        if ('refused' in file) return file;
        const { bytes, ...named } = file;
        const kept = await media.put(bytes, { ...named, ...query });
        if ('refused' in kept) return refuse({ code: 'media-unfit', flaws: kept.refused });
        res.location(`/v1/media/${kept.id}`);
        return shownTo(rights, kept);
      },
    ),

    route(
      {
        method: 'get',
        path: '/v1/media',
        operationId: 'listMedia',
        permission: 'read',
        tag,
        summary: 'List files',
        query: MediaListQuery,
        answers: { 200: MediaPage },
      },
      async ({ query, rights }) => {
        try {
          const page = await media.list(query);
          return {
            media: page.media.map((file) => shownTo(rights, file)),
            next: page.cursor ?? null,
          };
        } catch (error) {
          if (!(error instanceof RangeError)) throw error;
          return noCursor;
        }
      },
    ),

    route(
      {
        method: 'get',
        path: '/v1/media/:id',
        operationId: 'getMedia',
        permission: 'read',
        tag,
        summary: 'See a file, and where WeChat has it',
        answers: { 200: MediaDetails },
      },
      async ({ params, rights }) => {
        const stored = await media.describe(params.id);
        return stored
          ? { ...shownTo(rights, stored), atWechat: await whereAtWechat(stored, rights) }
          : NO_MEDIA;
      },
    ),
  ];
}

export const noCursor = refuse({
  code: 'invalid-query',
  errors: [{ code: 'cursor-unknown', path: 'cursor' }],
});

const NO_MEDIA = refuse({ code: 'media-not-found' });
