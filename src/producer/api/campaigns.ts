/** Campaigns over HTTP: enqueue one, look at them. What may be done to them: decisions.ts. */
import { z } from 'zod';
import type { AcceptCampaign } from '../../shared/actions/accept-campaign.ts';
import type { NameAudience } from '../../shared/actions/name-audience.ts';
import { auditWords } from '../../shared/campaign/audit.ts';
import { rfc3339 } from '../../shared/campaign/campaign.ts';
import { startOfBeijingDay } from '../../shared/campaign/quota-window.ts';
import { CampaignRequest } from '../../shared/contract/campaign-request.ts';
import type { CampaignView } from '../../shared/contract/campaign-view.ts';
import { inWords } from '../../shared/contract/campaign-words.ts';
import {
  AcceptedCampaign,
  Audit,
  AuditQuery,
  CAMPAIGN_ID,
  CampaignDetails,
  CampaignListQuery,
  CampaignPage,
  IdempotencyKey,
} from '../../shared/contract/campaigns.ts';
import { refuse } from '../../shared/contract/problem.ts';
import type { AccountConfig } from '../../shared/platform/accounts.ts';
import type { Rights } from '../../shared/platform/people.ts';
import { DAY } from '../../shared/platform/time.ts';
import type { CampaignStore } from '../../shared/record/campaign-store.ts';
import { allowedTo, refusalOf, sendRefusalOf } from '../http/caller.ts';
import { type Route, route } from '../http/route.ts';
import { NO_ACCOUNT } from './audiences.ts';

interface Dependencies {
  readonly accept: AcceptCampaign['accept'];
  readonly campaigns: Pick<CampaignStore, 'view' | 'message' | 'list' | 'audit'>;
  readonly nameAudience: NameAudience;
  readonly accounts: () => readonly Pick<AccountConfig, 'name'>[];
}

const tag = 'Campaigns';

export const noCampaign = refuse({ code: 'campaign-not-found' });

/** The parameter of every path below a campaign. */
export const campaignId = {
  schema: z.string().regex(CAMPAIGN_ID),
  otherwise: noCampaign.refused,
} as const;
const params = { id: campaignId } as const;

export const makeCampaignsRoutes = (deps: Dependencies): Route[] => [
  route(
    {
      method: 'post',
      path: '/v1/campaigns',
      operationId: 'createCampaign',
      permission: 'send',
      tag,
      summary: 'Enqueue a campaign',
      description:
        'Everything wrong with it is told at once. The same content to the same audience within 24 hours is refused, unless the request has an Idempotency-Key of its own or says `"repeat": true`.',
      headers: {
        'Idempotency-Key': {
          schema: IdempotencyKey,
          otherwise: { code: 'idempotency-key-invalid' },
        },
      },
      body: { schema: CampaignRequest, unchecked: true },
      answers: { 202: AcceptedCampaign },
      problems: {
        403: 'Its account, or a send to everyone, is not among the caller’s rights',
        409: 'Another body under this Idempotency-Key, or the same content again',
        413: 'Over 16 MiB or 100,000 OpenIDs: stream them to POST /v1/audiences',
      },
    },
    async ({ headers, body, by, rights, res }) => {
      const notAllowed = sendRefusalOf(rights, body, deps.accounts());
      if (notAllowed) return refuse(notAllowed);
      const idempotencyKey = headers['Idempotency-Key'];
      const key = idempotencyKey === undefined ? {} : { idempotencyKey };
      const result = await deps.accept(body, { by, ...key });
      if ('refused' in result) return result;
      if (!result.created) res.set('Idempotent-Replayed', 'true');
      res.location(linksOf(result.view.id).self);
      return acceptedView(result.view);
    },
  ),

  route(
    {
      method: 'get',
      path: '/v1/campaigns',
      operationId: 'listCampaigns',
      permission: 'read',
      tag,
      summary: 'List campaigns, newest first',
      description:
        'A call looks at a limited number of campaigns: where few of them fit, a page is short, or empty, and has a `next` all the same.',
      query: CampaignListQuery,
      answers: { 200: CampaignPage },
    },
    async ({ query, rights, language }) => {
      const { account } = query;
      const notAllowed = refusalOf(rights, 'read', account);
      if (notAllowed) return refuse(notAllowed);
      const { from, until, ...where } = query;
      const { looks: _, ...page } = await deps.campaigns.list({
        ...onlyAccount(rights),
        ...where,
        isAllowed: allowedTo(rights),
        ...(from === undefined ? {} : { from: startOfBeijingDay(from) }),
        ...(until === undefined ? {} : { until: startOfBeijingDay(until) + DAY }),
      });
      const isKnown = account === undefined || deps.accounts().some(({ name }) => name === account);
      // A removed account keeps its campaigns for a while, and they may still be asked for.
      if (!isKnown && page.campaigns.length === 0) return NO_ACCOUNT;
      const named = await Promise.all(page.campaigns.map((view) => deps.nameAudience(view)));
      return { ...page, campaigns: named.map((view) => inWords(view, language)) };
    },
  ),

  route(
    {
      method: 'get',
      path: '/v1/campaigns/:id',
      operationId: 'getCampaign',
      permission: 'read',
      tag,
      summary: 'See how a campaign stands',
      params,
      answers: { 200: CampaignDetails },
    },
    async ({ params: { id }, language }) => {
      const [view, message] = await Promise.all([
        deps.campaigns.view(id),
        deps.campaigns.message(id),
      ]);
      if (!view) return noCampaign;
      const named = await deps.nameAudience(view, { mayAsk: !isOver(view) });
      return {
        ...inWords(named, language),
        ...(message ? { message } : {}),
        links: linksOf(id),
      };
    },
  ),

  route(
    {
      method: 'get',
      path: '/v1/campaigns/:id/audit',
      operationId: 'listAudit',
      permission: 'read',
      tag,
      summary: 'See who did what',
      params,
      query: AuditQuery,
      answers: { 200: Audit },
    },
    async ({ params: { id }, query: { from, limit }, language }) => {
      if (!(await deps.campaigns.view(id))) return noCampaign;
      // One more than asked for tells whether there is another page.
      const entries = await deps.campaigns.audit(id, from - 1, from - 1 + limit);
      const audit = entries.slice(0, limit).map((entry) => ({
        ...entry,
        at: rfc3339(entry.at),
        message: auditWords(entry, language),
      }));
      return { audit, next: entries.length > limit ? from + limit : null };
    },
  ),
];

/** Of a caller with one account, whose index has no other campaigns. */
function onlyAccount({ accounts }: Rights): { account?: string } {
  const [account, another] = accounts ?? [];
  return account !== undefined && another === undefined ? { account } : {};
}

const isOver = ({ completedAt }: CampaignView): boolean => completedAt !== undefined;

export const linksOf = (id: string) => {
  const self = `/v1/campaigns/${id}`;
  return {
    self,
    batches: `${self}/batches`,
    events: `${self}/events`,
    audit: `${self}/audit`,
    results: `${self}/results.csv`,
    statistics: `${self}/statistics`,
  };
};

function acceptedView(view: CampaignView): AcceptedCampaign {
  const { id, version, state, account, name, sandbox, audience, sendAt, notAfter } = view;
  return {
    ...{ id, version, state, account, name, audience, sendAt, notAfter },
    ...(sandbox ? { sandbox } : {}),
    ...(view.pausedFor ? { pausedFor: view.pausedFor } : {}),
    links: linksOf(id),
  };
}
