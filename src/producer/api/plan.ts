import express, { type Router } from 'express';
import { z } from 'zod';
import type { PlanCampaign } from '../../shared/actions/plan-campaign.ts';
import { parseQuery } from '../http/parse-input.ts';
import { sendRefusal } from '../http/problem.ts';
import { jsonOf } from '../http/read-json.ts';

interface Dependencies {
  readonly planCampaign: PlanCampaign;
}

export const PlanQuery = z.strictObject({
  ask: z
    .literal('wechat')
    .optional()
    .describe('Also asks WeChat what it has left of each quota, at a call each'),
});

/** What a campaign would cost, and when it would end: the body of POST /v1/campaigns. */
export function makePlanRoutes({ planCampaign }: Dependencies): Router {
  const router = express.Router();

  router.post('/v1/campaigns/plan', async (req, res) => {
    const query = parseQuery(req, PlanQuery);
    if ('refused' in query) return sendRefusal(res, query.refused);
    const json = jsonOf(req);
    if ('refused' in json) return sendRefusal(res, json.refused);
    const plan = await planCampaign(json.body, { askWechat: query.value.ask === 'wechat' });
    if ('refused' in plan) return sendRefusal(res, plan.refused);
    res.json(plan);
  });

  return router;
}
