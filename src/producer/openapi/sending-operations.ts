/** What surrounds a send: planning it, looking at it first, taking it back. */
import { CampaignRequest } from '../../shared/campaign/request.ts';
import { PreviewBody } from '../../shared/contract/preview-request.ts';
import { PlanAnswer, PreviewAnswer, RecallAnswer } from '../../shared/contract/report-answers.ts';
import { PlanQuery } from '../api/plan.ts';
import { RecallBody } from '../api/recall.ts';
import type { Operation } from './operation.ts';

const tag = 'Campaigns';
const MISTAKES = { 415: 'Not JSON', 422: 'Mistakes, all of them' } as const;

export const sendingOperations: readonly Operation[] = [
  {
    method: 'post',
    path: '/v1/campaigns/plan',
    tag,
    summary: 'Plan a campaign; nothing is sent and nothing kept',
    description:
      'Recipients, batches, calls against what is left of the quota, when it would end, and advice in words.',
    query: PlanQuery,
    body: { schema: CampaignRequest },
    answers: { 200: { description: 'The plan', schema: PlanAnswer } },
    problems: { ...MISTAKES, 400: 'A query that makes no sense' },
  },
  {
    method: 'post',
    path: '/v1/previews',
    tag,
    summary: 'Send a message to a few people for a look',
    body: { schema: PreviewBody },
    answers: { 200: { description: 'What became of each', schema: PreviewAnswer } },
    problems: MISTAKES,
  },
  {
    method: 'post',
    path: '/v1/campaigns/:id/recall',
    tag,
    summary: 'Take a message back, as far as WeChat can',
    body: { schema: RecallBody, optional: true },
    answers: { 200: { description: 'What became of each batch', schema: RecallAnswer } },
    problems: {
      ...MISTAKES,
      404: 'No such campaign',
      409: 'WeChat has nothing of it that can be taken back',
    },
  },
];
