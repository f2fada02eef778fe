/** What a person may do to a campaign, over HTTP. Each may be repeated, and is written down. */
import express, { type Request, type Response, type Router } from 'express';
import { refuse } from '../../shared/actions/refusal.ts';
import type { RetryHow } from '../../shared/actions/retry-refused.ts';
import type { SteerCampaign, SteerResult } from '../../shared/actions/steer-campaign.ts';
import { inWords } from '../../shared/campaign/warnings.ts';
import { CAMPAIGN_ID, ResolveRequest, RetryRequest } from '../../shared/contract/campaign-query.ts';
import { callerOf } from '../http/caller.ts';
import { languageOf } from '../http/language.ts';
import { parseBody } from '../http/parse-input.ts';
import { sendRefusal } from '../http/problem.ts';
import { jsonOf, optionalJsonOf } from '../http/read-json.ts';
import { linksOf, noCampaign } from './campaigns.ts';

interface Dependencies {
  readonly steer: SteerCampaign;
}

/** Those that take no body. */
const PLAIN_STEPS = ['pause', 'resume', 'cancel', 'approve'] as const;
export const STEPS = [...PLAIN_STEPS, 'retry'] as const;

export function makeSteeringRoutes({ steer }: Dependencies): Router {
  const router = express.Router();

  for (const step of PLAIN_STEPS) {
    router.post(`/v1/campaigns/:id/${step}`, async (req, res) => {
      const { id } = req.params as { id: string };
      if (!CAMPAIGN_ID.test(id)) return sendRefusal(res, noCampaign);
      answer(req, res, await steer[step](id, callerOf(res)));
    });
  }

  router.post('/v1/campaigns/:id/retry', async (req, res) => {
    const { id } = req.params;
    if (!CAMPAIGN_ID.test(id)) return sendRefusal(res, noCampaign);
    const json = optionalJsonOf(req);
    if ('refused' in json) return sendRefusal(res, json.refused);
    const asked = parseBody(json.body, RetryRequest);
    if ('refused' in asked) return sendRefusal(res, asked.refused);
    answer(req, res, await steer.retry(id, callerOf(res), howOf(asked.value)));
  });

  router.post('/v1/campaigns/:id/batches/:no/resolve', async (req, res) => {
    const { id, no } = req.params;
    if (!CAMPAIGN_ID.test(id)) return sendRefusal(res, noCampaign);
    const which = no === 'all-held' ? no : batchNo(no);
    if (which === null) return sendRefusal(res, NO_BATCH);
    const json = jsonOf(req);
    if ('refused' in json) return sendRefusal(res, json.refused);
    const decision = parseBody(json.body, ResolveRequest);
    if ('refused' in decision) return sendRefusal(res, decision.refused);
    const { note, ...word } = decision.value;
    const noted = note === undefined ? word : { ...word, note };
    answer(req, res, await steer.resolve(id, which, noted, callerOf(res)));
  });

  return router;
}

function howOf({ split, without }: RetryRequest): RetryHow {
  if (without) return { as: 'without', openIds: without };
  return { as: split ? 'halves' : 'is' };
}

function answer(req: Request, res: Response, result: SteerResult): void {
  if ('refused' in result) sendRefusal(res, result.refused);
  else res.json({ ...inWords(result, languageOf(req)), links: linksOf(result.id) });
}

const batchNo = (text: string): number | null =>
  /^[1-9]\d{0,5}$/.test(text) ? Number(text) : null;

const NO_BATCH = refuse(
  404,
  'batch-not-found',
  'a batch is named by its number, from 1, or all of them by all-held',
).refused;
