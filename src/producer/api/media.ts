/** The media library over HTTP: a file is uploaded once and used in many campaigns. */
import express, { type Router } from 'express';
import { rfc3339 } from '../../shared/campaign/campaign.ts';
import { MediaListQuery, MediaUploadQuery } from '../../shared/contract/media-query.ts';
import type { Problem } from '../../shared/contract/problem.ts';
import type { AccountConfig } from '../../shared/platform/accounts.ts';
import type { MaterialStore } from '../../shared/record/material-store.ts';
import type { MediaStore, StoredMedia } from '../../shared/record/media-store.ts';
import { parseQuery } from '../http/parse-input.ts';
import { sendRefusal } from '../http/problem.ts';
import { readFile } from '../http/read-file.ts';

interface Dependencies {
  readonly media: Pick<MediaStore, 'put' | 'describe' | 'list'>;
  readonly materials: Pick<MaterialStore, 'atWechat'>;
  readonly accounts: () => readonly AccountConfig[];
}

export function makeMediaRoutes({ media, materials, accounts }: Dependencies): Router {
  const router = express.Router();

  router.post('/v1/media', async (req, res) => {
    const query = parseQuery(req, MediaUploadQuery);
    if ('refused' in query) return sendRefusal(res, query.refused);
    const file = await readFile(req);
    if ('refused' in file) return sendRefusal(res, file.refused);
    const filename = query.value.filename ?? file.filename;
    const kept = await media.put(file.bytes, filename === undefined ? {} : { filename });
    if ('refused' in kept) return sendRefusal(res, unfit(kept.refused));
    res.status(201).location(`/v1/media/${kept.id}`).json(kept);
  });

  router.get('/v1/media', async (req, res) => {
    const query = parseQuery(req, MediaListQuery);
    if ('refused' in query) return sendRefusal(res, query.refused);
    const { cursor, limit } = query.value;
    try {
      const page = await media.list({ limit, ...(cursor === undefined ? {} : { cursor }) });
      res.json({ media: page.media, next: page.cursor ?? null });
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      sendRefusal(res, noCursor);
    }
  });

  router.get('/v1/media/:id', async (req, res) => {
    const stored = await media.describe(req.params.id);
    if (!stored) return sendRefusal(res, NO_MEDIA);
    res.json({ ...stored, atWechat: await whereAtWechat(stored) });
  });

  async function whereAtWechat({ sha256 }: StoredMedia) {
    const names = accounts().map(({ name }) => name);
    const found = await materials.atWechat(sha256, names);
    return found.map(({ expiresAt, ...where }) => ({
      ...where,
      expiresAt: expiresAt === null ? null : rfc3339(expiresAt),
    }));
  }

  return router;
}

const unfit = (reasons: readonly string[]): Problem => ({
  code: 'media-unfit',
  errors: reasons.map((message) => ({ path: '', message })),
});

export const noCursor: Problem = {
  code: 'invalid-query',
  errors: [{ path: 'cursor', message: 'no cursor of this list' }],
};

const NO_MEDIA: Problem = { code: 'media-not-found' };
