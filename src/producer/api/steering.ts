/** What a person may do to a campaign, over HTTP. Each may be repeated, and is written down. */
import express, { type Request, type Response, type Router } from 'express';
import type { RetryHow } from '../../shared/actions/retry-refused.ts';
import type { SteerCampaign, SteerResult } from '../../shared/actions/steer-campaign.ts';
import { inWords } from '../../shared/campaign/warnings.ts';
import {
  CAMPAIGN_ID,
  RejectRequest,
  ResolveRequest,
  RetryRequest,
  StepRequest,
} from '../../shared/contract/campaign-query.ts';
import { callerOf } from '../http/caller.ts';
import { languageOf } from '../http/language.ts';
import { parseBody } from '../http/parse-input.ts';
import { sendRefusal } from '../http/problem.ts';
import { jsonOf, optionalJsonOf } from '../http/read-json.ts';
import { linksOf, noCampaign } from './campaigns.ts';

interface Dependencies {
  readonly steer: SteerCampaign;
}

const PLAIN_STEPS = {
  pause: StepRequest,
  resume: StepRequest,
  cancel: StepRequest,
  approve: StepRequest,
  reject: RejectRequest,
} as const;

/** Step → its body. */
export const STEPS = { ...PLAIN_STEPS, retry: RetryRequest } as const;
export type Step = keyof typeof STEPS;
export const STEP_NAMES = Object.keys(STEPS) as Step[];

/** By the API, and by the page's forms. */
export async function takeStep(
  steer: SteerCampaign,
  step: Step,
  { id, by, body }: { readonly id: string; readonly by: string; readonly body: unknown },
): Promise<SteerResult> {
  if (step !== 'retry') {
    const asked = parseBody(body, PLAIN_STEPS[step]);
    return 'refused' in asked ? asked : steer[step](id, by, asked.value);
  }
  const asked = parseBody(body, RetryRequest);
  return 'refused' in asked ? asked : steer.retry(id, by, howOf(asked.value));
}

export function makeSteeringRoutes({ steer }: Dependencies): Router {
  const router = express.Router();

  for (const step of STEP_NAMES) {
    router.post(`/v1/campaigns/:id/${step}`, async (req, res) => {
      const { id } = req.params as { id: string };
      if (!CAMPAIGN_ID.test(id)) return sendRefusal(res, noCampaign);
      const json = optionalJsonOf(req);
      if ('refused' in json) return sendRefusal(res, json.refused);
      const asked = { id, by: callerOf(res), body: json.body };
      answer(req, res, await takeStep(steer, step, asked));
    });
  }

  router.post('/v1/campaigns/:id/batches/:no/resolve', async (req, res) => {
    const { id, no } = req.params;
    if (!CAMPAIGN_ID.test(id)) return sendRefusal(res, noCampaign);
    const which = no === 'all-held' ? no : batchNo(no);
    if (which === null) return sendRefusal(res, { code: 'batch-not-found' });
    const json = jsonOf(req);
    if ('refused' in json) return sendRefusal(res, json.refused);
    const decision = parseBody(json.body, ResolveRequest);
    if ('refused' in decision) return sendRefusal(res, decision.refused);
    answer(req, res, await steer.resolve(id, which, decision.value, callerOf(res)));
  });

  return router;
}

function howOf({ split, without, seen }: RetryRequest): RetryHow {
  if (without) return { as: 'without', openIds: without, seen };
  return { as: split ? 'halves' : 'is', seen };
}

function answer(req: Request, res: Response, result: SteerResult): void {
  if ('refused' in result) sendRefusal(res, result.refused);
  else res.json({ ...inWords(result, languageOf(req)), links: linksOf(result.id) });
}

const batchNo = (text: string): number | null =>
  /^[1-9]\d{0,5}$/.test(text) ? Number(text) : null;
