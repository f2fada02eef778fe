/** What a campaign would cost, and when it would end. */
import type { PlanCampaign } from '../../shared/actions/plan-campaign.ts';
import { CampaignRequest } from '../../shared/contract/campaign-request.ts';
import { PlannedCampaign, PlanQuery } from '../../shared/contract/plans.ts';
import { type Route, route } from '../http/route.ts';

interface Dependencies {
  readonly planCampaign: PlanCampaign;
}

export const makePlansRoutes = ({ planCampaign }: Dependencies): Route[] => [
  route(
    {
      method: 'post',
      path: '/v1/campaigns/plan',
      operationId: 'planCampaign',
      tag: 'Campaigns',
      summary: 'Plan a campaign; nothing is sent and nothing kept',
      description:
        'Recipients, batches, calls against what is left of the quota, when it would end, and advice in words.',
      query: PlanQuery,
      body: { schema: CampaignRequest, unchecked: true },
      answers: { 200: PlannedCampaign },
    },
    ({ query, body, language }) =>
      planCampaign(body, language, { askWechat: query.ask === 'wechat' }),
  ),
];
