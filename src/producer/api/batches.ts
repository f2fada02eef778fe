/** A campaign's batches: page by page, and as a table of results. */
import { once } from 'node:events';
import type { Response } from 'express';
import { batchView } from '../../shared/contract/batch-view.ts';
import { BatchListQuery, BatchPage } from '../../shared/contract/batches.ts';
import type { CampaignView } from '../../shared/contract/campaign-view.ts';
import type { Language } from '../../shared/platform/sentences.ts';
import type { BatchStore } from '../../shared/record/batch-store.ts';
import type { CampaignStore } from '../../shared/record/campaign-store.ts';
import { type Route, route } from '../http/route.ts';
import { campaignId, noCampaign } from './campaigns.ts';
import { RESULT_HEADER, resultRow } from './result-row.ts';

interface Dependencies {
  readonly campaigns: Pick<CampaignStore, 'view'>;
  readonly batches: Pick<BatchStore, 'page'>;
}

const tag = 'Campaigns';
const params = { id: campaignId } as const;
/** Batches read at once for the table. */
const PAGE = 500;

interface Results {
  readonly batches: Pick<BatchStore, 'page'>;
  readonly view: CampaignView;
  readonly language: Language;
  /** What stands before the header. */
  readonly mark?: string;
}

/** Some hundred batches at a time, and no faster than they are read. */
export async function writeResults(
  res: Response,
  { batches, view: { id, batches: counts }, language, mark = '' }: Results,
): Promise<void> {
  res.set({
    'content-type': 'text/csv; charset=utf-8; header=present',
    'content-disposition': `attachment; filename="${id}.csv"`,
  });
  res.write(mark + RESULT_HEADER);
  for (let from = 1; from <= counts.total && !res.destroyed; from += PAGE) {
    const page = await batches.page(id, from, PAGE);
    const rows = page.map((batch) => resultRow(batchView(id, batch, language)));
    if (!res.write(rows.join('')) && !res.destroyed) {
      await Promise.race([once(res, 'drain'), once(res, 'close')]);
    }
  }
  res.end();
}

export const makeBatchesRoutes = ({ campaigns, batches }: Dependencies): Route[] => [
  route(
    {
      method: 'get',
      path: '/v1/campaigns/:id/batches',
      operationId: 'listBatches',
      permission: 'read',
      tag,
      summary: 'See its batches: one mass send each',
      params,
      query: BatchListQuery,
      answers: { 200: BatchPage },
    },
    async ({ params: { id }, query: { from, limit }, language }) => {
      const view = await campaigns.view(id);
      if (!view) return noCampaign;
      const page = await batches.page(id, from, limit);
      const next = from + limit;
      return {
        batches: page.map((batch) => batchView(id, batch, language)),
        next: next <= view.batches.total ? next : null,
      };
    },
  ),

  route(
    {
      method: 'get',
      path: '/v1/campaigns/:id/results.csv',
      operationId: 'getResults',
      permission: 'read',
      tag,
      summary: 'Download results as CSV: a line for each batch',
      params,
      answers: { 200: { description: 'CSV with a header; unknown is empty', type: 'text/csv' } },
    },
    async ({ params: { id }, res, language }) => {
      const view = await campaigns.view(id);
      if (!view) return noCampaign;
      await writeResults(res, { batches, view, language });
      return undefined;
    },
  ),
];
