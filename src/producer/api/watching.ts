/** A campaign while it runs (server-sent events), and what became of it (CSV). */
import { once } from 'node:events';
import express, { type Request, type Response, type Router } from 'express';
import type { CampaignView } from '../../shared/campaign/campaign.ts';
import { CAMPAIGN_ID } from '../../shared/contract/campaign-query.ts';
import type { Problem } from '../../shared/contract/problem.ts';
import type { BatchStore } from '../../shared/record/batch-store.ts';
import type { CampaignStore } from '../../shared/record/campaign-store.ts';
import { streamCampaign } from '../http/event-stream.ts';
import { languageOf } from '../http/language.ts';
import { sendRefusal } from '../http/problem.ts';
import { batchView } from './batch-view.ts';
import type { CampaignFeed } from './campaign-feed.ts';
import { noCampaign } from './campaigns.ts';
import { RESULT_HEADER, resultRow } from './result-row.ts';

interface Dependencies {
  readonly campaigns: Pick<CampaignStore, 'view'>;
  readonly batches: Pick<BatchStore, 'page'>;
  readonly feed: Pick<CampaignFeed, 'watch'>;
  readonly stopping: AbortSignal;
}

const MOST_STREAMS = 1_000;
const PAGE = 500;

export function makeWatchingRoutes(deps: Dependencies): Router {
  const { campaigns, batches, feed, stopping } = deps;
  const router = express.Router();
  let streams = 0;

  router.get('/v1/campaigns/:id/events', async (req, res) => {
    const first = await viewFor(req, res);
    if (!first) return;
    if (streams >= MOST_STREAMS) return sendRefusal(res.set('Retry-After', '5'), TOO_MANY_STREAMS);
    streams += 1;
    res.once('close', () => {
      streams -= 1;
    });
    streamCampaign({
      res,
      first,
      language: languageOf(req),
      read: () => campaigns.view(first.id),
      watch: (changed) => feed.watch(first.id, changed),
      stopping,
    });
  });

  router.get('/v1/campaigns/:id/results.csv', async (req, res) => {
    const view = await viewFor(req, res);
    if (!view) return;
    res.set({
      'content-type': 'text/csv; charset=utf-8; header=present',
      'content-disposition': `attachment; filename="${view.id}.csv"`,
    });
    res.write(RESULT_HEADER);
    for (let from = 1; from <= view.batches.total && !res.destroyed; from += PAGE) {
      const page = await batches.page(view.id, from, PAGE);
      const rows = page.map((batch) => resultRow(batchView(view.id, batch)));
      if (!res.write(rows.join('')) && !res.destroyed) {
        await Promise.race([once(res, 'drain'), once(res, 'close')]);
      }
    }
    res.end();
  });

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

const TOO_MANY_STREAMS: Problem = { code: 'too-many-streams' };
