import express, { type Router } from 'express';
import { z } from 'zod';
import type { RecallCampaign } from '../../shared/actions/recall-campaign.ts';
import { CAMPAIGN_ID, Seen } from '../../shared/contract/campaign-query.ts';
import { callerOf } from '../http/caller.ts';
import { parseBody } from '../http/parse-input.ts';
import { sendRefusal } from '../http/problem.ts';
import { optionalJsonOf } from '../http/read-json.ts';
import { noCampaign } from './campaigns.ts';

interface Dependencies {
  readonly recallCampaign: RecallCampaign;
}

export const RecallBody = z
  .strictObject({
    articleIndex: z
      .int()
      .min(1)
      .max(10)
      .optional()
      .describe('Counted from 1; every article if absent'),
    batches: z
      .array(z.int().positive())
      .min(1)
      .max(1_000)
      .optional()
      .describe('Numbers; every batch that WeChat took if absent'),
    seen: Seen,
  })
  .meta({ id: 'RecallRequest' });

/** message/mass/delete: the page behind an article or a video goes, the cards stay. */
export function makeRecallRoutes({ recallCampaign }: Dependencies): Router {
  const router = express.Router();

  router.post('/v1/campaigns/:id/recall', async (req, res) => {
    const { id } = req.params;
    if (!CAMPAIGN_ID.test(id)) return sendRefusal(res, noCampaign);
    const json = optionalJsonOf(req);
    if ('refused' in json) return sendRefusal(res, json.refused);
    const body = parseBody(json.body, RecallBody);
    if ('refused' in body) return sendRefusal(res, body.refused);
    const report = await recallCampaign(id, body.value, callerOf(res));
    if ('refused' in report) return sendRefusal(res, report.refused);
    res.json(report);
  });

  return router;
}
