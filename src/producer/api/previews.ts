import express, { type Router } from 'express';
import type { PreviewMessage } from '../../shared/actions/preview-message.ts';
import { sendRefusal } from '../http/problem.ts';
import { jsonOf } from '../http/read-json.ts';

interface Dependencies {
  readonly previewMessage: PreviewMessage;
}

/** message/mass/preview: for a look before anybody else gets it. */
export function makePreviewRoutes({ previewMessage }: Dependencies): Router {
  const router = express.Router();

  router.post('/v1/previews', async (req, res) => {
    const json = jsonOf(req);
    if ('refused' in json) return sendRefusal(res, json.refused);
    const report = await previewMessage(json.body);
    if ('refused' in report) return sendRefusal(res, report.refused);
    res.json(report);
  });

  return router;
}
