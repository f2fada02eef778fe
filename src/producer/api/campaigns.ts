/** Campaigns over HTTP: enqueue one, look at them. What may be done to them: steering.ts. */
import express, { type Request, type Response, type Router } from 'express';
import type { AcceptCampaign } from '../../shared/actions/accept-campaign.ts';
import { type CampaignView, rfc3339 } from '../../shared/campaign/campaign.ts';
import { inWords } from '../../shared/campaign/warnings.ts';
import {
  AuditQuery,
  BatchListQuery,
  CAMPAIGN_ID,
  CampaignListQuery,
  IdempotencyKey,
} from '../../shared/contract/campaign-query.ts';
import { type Problem, type Refused, refuse } from '../../shared/contract/problem.ts';
import type { AccountConfig } from '../../shared/platform/accounts.ts';
import type { BatchStore } from '../../shared/record/batch-store.ts';
import type { CampaignStore } from '../../shared/record/campaign-store.ts';
import { callerOf } from '../http/caller.ts';
import { languageOf } from '../http/language.ts';
import { parseQuery } from '../http/parse-input.ts';
import { sendRefusal } from '../http/problem.ts';
import { jsonOf } from '../http/read-json.ts';
import { NO_ACCOUNT } from './audiences.ts';
import { batchView } from './batch-view.ts';

interface Dependencies {
  readonly accept: AcceptCampaign['accept'];
  readonly campaigns: Pick<CampaignStore, 'view' | 'list' | 'audit'>;
  readonly batches: Pick<BatchStore, 'page'>;
  readonly accounts: () => readonly Pick<AccountConfig, 'name'>[];
}

export function makeCampaignsRoutes(deps: Dependencies): Router {
  const { accept, campaigns, batches, accounts } = deps;
  const router = express.Router();

  router.post('/v1/campaigns', async (req, res) => {
    const key = idempotencyKeyOf(req);
    if ('refused' in key) return sendRefusal(res, key.refused);
    const json = jsonOf(req);
    if ('refused' in json) return sendRefusal(res, json.refused);
    const result = await accept(json.body, { by: callerOf(res), ...key });
    if ('refused' in result) return sendRefusal(res, result.refused);
    const { id } = result.view;
    if (!result.created) res.set('Idempotent-Replayed', 'true');
    res.status(202).location(linksOf(id).self).json(acceptedView(result.view));
  });

  router.get('/v1/campaigns', async (req, res) => {
    const query = parseQuery(req, CampaignListQuery);
    if ('refused' in query) return sendRefusal(res, query.refused);
    const { state, limit, account, cursor } = query.value;
    const page = await campaigns.list({
      state,
      limit,
      ...(account === undefined ? {} : { account }),
      ...(cursor === undefined ? {} : { cursor }),
    });
    const isKnown = account === undefined || accounts().some(({ name }) => name === account);
    // A removed account keeps its campaigns for a while, and they may still be asked for.
    if (!isKnown && page.campaigns.length === 0) return sendRefusal(res, NO_ACCOUNT.refused);
    const language = languageOf(req);
    res.json({ ...page, campaigns: page.campaigns.map((view) => inWords(view, language)) });
  });

  router.get('/v1/campaigns/:id', async (req, res) => {
    const view = await viewFor(req, res);
    if (view) res.json({ ...inWords(view, languageOf(req)), links: linksOf(view.id) });
  });

  router.get('/v1/campaigns/:id/batches', async (req, res) => {
    const query = parseQuery(req, BatchListQuery);
    if ('refused' in query) return sendRefusal(res, query.refused);
    const view = await viewFor(req, res);
    if (!view) return;
    const { from, limit } = query.value;
    const page = await batches.page(view.id, from, limit);
    const next = from + limit;
    res.json({
      batches: page.map((batch) => batchView(view.id, batch)),
      next: next <= view.batches.total ? next : null,
    });
  });

  router.get('/v1/campaigns/:id/audit', async (req, res) => {
    const query = parseQuery(req, AuditQuery);
    if ('refused' in query) return sendRefusal(res, query.refused);
    const view = await viewFor(req, res);
    if (!view) return;
    const { from, limit } = query.value;
    // One more than asked for tells whether there is another page.
    const entries = await campaigns.audit(view.id, from - 1, from - 1 + limit);
    const audit = entries.slice(0, limit).map((entry) => ({ ...entry, at: rfc3339(entry.at) }));
    res.json({ audit, next: entries.length > limit ? from + limit : null });
  });

  /** @returns nothing where there is no such campaign, and then that was the answer. */
  async function viewFor(
    req: Request<{ id: string }>,
    res: Response,
  ): Promise<CampaignView | null> {
    const { id } = req.params;
    const view = CAMPAIGN_ID.test(id) ? await campaigns.view(id) : null;
    if (!view) sendRefusal(res, noCampaign);
    return view;
  }

  return router;
}

export const noCampaign: Problem = { code: 'campaign-not-found' };

export const linksOf = (id: string) => {
  const self = `/v1/campaigns/${id}`;
  return {
    self,
    batches: `${self}/batches`,
    events: `${self}/events`,
    audit: `${self}/audit`,
    results: `${self}/results.csv`,
  };
};

function acceptedView({
  id,
  version,
  state,
  account,
  name,
  sandbox,
  audience,
  ...view
}: CampaignView) {
  return {
    id,
    version,
    state,
    account,
    name,
    ...(sandbox ? { sandbox } : {}),
    audience,
    sendAt: view.sendAt,
    notAfter: view.notAfter,
    ...(view.pausedFor ? { pausedFor: view.pausedFor } : {}),
    links: linksOf(id),
  };
}

function idempotencyKeyOf(req: Request): { readonly idempotencyKey?: string } | Refused {
  const given = req.headers['idempotency-key'];
  if (given === undefined) return {};
  const parsed = IdempotencyKey.safeParse(given);
  if (parsed.success) return { idempotencyKey: parsed.data };
  return refuse({ code: 'idempotency-key-invalid' });
}
