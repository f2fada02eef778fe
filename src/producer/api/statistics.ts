/** What became of a campaign's articles, as WeChat counts it. */
import type { ArticleStatistics } from '../../shared/actions/article-statistics.ts';
import { CampaignStatistics } from '../../shared/contract/statistics.ts';
import { BOM, csvLine } from '../http/csv.ts';
import { type Route, route } from '../http/route.ts';
import { campaignId } from './campaigns.ts';

const COLUMNS = [
  ...(['position', 'title', 'day', 'readUsers', 'shareUsers', 'likeUsers'] as const),
  ...(['comments', 'favouriteUsers'] as const),
] as const;

const common = {
  method: 'get',
  permission: 'read',
  tag: 'Campaigns',
  params: { id: campaignId },
  problems: {
    409: 'WeChat refused, and why',
    502: 'WeChat answered, and nothing can be read from it',
    503: 'Redis is away, or WeChat gave no answer; Retry-After says when to come back',
  },
} as const;

export const makeStatisticsRoutes = ({
  articleStatistics,
}: {
  readonly articleStatistics: ArticleStatistics;
}): Route[] => [
  route(
    {
      ...common,
      path: '/v1/campaigns/:id/statistics',
      operationId: 'getStatistics',
      summary: 'See how its articles were read and shared',
      description:
        'WeChat is asked once a day for each day of a send, for a month. Figures of yesterday come from eight in the morning on, Beijing time, and late ones are corrected.',
      answers: { 200: CampaignStatistics },
    },
    ({ params: { id } }) => articleStatistics(id),
  ),

  route(
    {
      ...common,
      path: '/v1/campaigns/:id/statistics.csv',
      operationId: 'getStatisticsFile',
      summary: 'Download how its articles were read and shared: a line for each article and day',
      answers: { 200: { description: 'CSV with a header, UTF-8 with BOM', type: 'text/csv' } },
    },
    async ({ params: { id }, res }) => {
      const found = await articleStatistics(id);
      if ('refused' in found) return found;
      const rows = found.articles.flatMap(({ position, title, days }) =>
        days.map((day) => csvLine(COLUMNS.map((name) => ({ position, title, ...day })[name]))),
      );
      res.set({
        'content-type': 'text/csv; charset=utf-8; header=present',
        'content-disposition': `attachment; filename="${id}-statistics.csv"`,
      });
      res.end(BOM + csvLine(COLUMNS) + rows.join(''));
      return undefined;
    },
  ),
];
