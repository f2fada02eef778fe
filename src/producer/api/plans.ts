/** What a campaign would cost, and when it would end. */
import type { PlanCampaign } from '../../shared/actions/plan-campaign.ts';
import { CampaignRequest } from '../../shared/contract/campaign-request.ts';
import { PlannedCampaign, PlanQuery } from '../../shared/contract/plans.ts';
import { refuse } from '../../shared/contract/problem.ts';
import type { AccountConfig } from '../../shared/platform/accounts.ts';
import { accountRefusalOf } from '../http/caller.ts';
import { type Route, route } from '../http/route.ts';

interface Dependencies {
  readonly planCampaign: PlanCampaign;
  readonly accounts: () => readonly Pick<AccountConfig, 'name'>[];
}

export const makePlansRoutes = ({ planCampaign, accounts }: Dependencies): Route[] => [
  route(
    {
      method: 'post',
      path: '/v1/campaigns/plan',
      operationId: 'planCampaign',
      permission: 'send',
      tag: 'Campaigns',
      summary: 'Plan a campaign; nothing is sent and nothing kept',
      description:
        'Recipients, batches, calls against what is left of the quota, when it would end, and advice in words.',
      query: PlanQuery,
      body: { schema: CampaignRequest, unchecked: true },
      answers: { 200: PlannedCampaign },
    },
    async ({ query, body, rights, language }) => {
      const notAllowed = accountRefusalOf(rights, body, accounts());
      if (notAllowed) return refuse(notAllowed);
      return planCampaign(body, language, { askWechat: query.ask === 'wechat' });
    },
  ),
];
