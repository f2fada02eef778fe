import { CampaignRequest } from '../../shared/campaign/request.ts';
import {
  AuditAnswer,
  BatchPage,
  CampaignAccepted,
  CampaignAnswer,
  CampaignPage,
  StoppedAnswer,
} from '../../shared/contract/answers.ts';
import {
  AuditQuery,
  BatchListQuery,
  CampaignListQuery,
  IdempotencyKey,
  ResolveRequest,
} from '../../shared/contract/campaign-query.ts';
import { STEP_NAMES, STEPS, type Step } from '../api/steering.ts';
import type { Operation } from './operation.ts';

const tag = 'Campaigns';
const UNKNOWN = { 404: 'No such campaign' } as const;

const STEP_SUMMARIES: Readonly<Record<Step, string>> = {
  pause: 'Make no further call for it; what WeChat has goes on to its receipt',
  resume: 'Go on',
  cancel: 'Send no batch that was not called yet; the others go on to their receipt',
  approve: 'Release a campaign that waits for a second key',
  reject: 'Cancel a campaign that waits for a second key, with the reason',
  retry: 'Submit the refused batches again, under new keys',
};

/** Their answer names what could not be stopped. */
const STOPS = ['pause', 'cancel'];

const MOVED =
  'It has ended, this does not apply to it, or it is no longer at the version `seen` (`moved`, with `campaign` as it is now)';

export const campaignOperations: readonly Operation[] = [
  {
    method: 'post',
    path: '/v1/campaigns',
    tag,
    summary: 'Enqueue a campaign',
    description:
      'Everything wrong with it is told at once. The same content to the same audience within 24 hours is refused, unless the request has an Idempotency-Key of its own or says `"repeat": true`.',
    headers: { 'Idempotency-Key': IdempotencyKey },
    body: { schema: CampaignRequest },
    answers: { 202: { description: 'Accepted; it is on record', schema: CampaignAccepted } },
    problems: {
      400: 'The body is not JSON in UTF-8, or the Idempotency-Key is none',
      409: 'Another body under this Idempotency-Key, or the same content again',
      413: 'Over 16 MiB or 100,000 OpenIDs: stream them to POST /v1/audiences',
      415: 'Not JSON',
      422: 'Mistakes, all of them',
    },
  },
  {
    method: 'get',
    path: '/v1/campaigns',
    tag,
    summary: 'List campaigns, newest first',
    query: CampaignListQuery,
    answers: { 200: { description: 'A page of them', schema: CampaignPage } },
    problems: { 400: 'A query that makes no sense' },
  },
  {
    method: 'get',
    path: '/v1/campaigns/:id',
    tag,
    summary: 'See how a campaign stands',
    answers: { 200: { description: 'The campaign', schema: CampaignAnswer } },
    problems: UNKNOWN,
  },
  {
    method: 'get',
    path: '/v1/campaigns/:id/batches',
    tag,
    summary: 'See its batches: one mass send each',
    query: BatchListQuery,
    answers: { 200: { description: 'A page of them', schema: BatchPage } },
    problems: { ...UNKNOWN, 400: 'A query that makes no sense' },
  },
  {
    method: 'get',
    path: '/v1/campaigns/:id/events',
    tag,
    summary: 'Watch it (server-sent events)',
    description:
      '`event: campaign` with the whole campaign at once and at each change; `event: end` with the last one, and then the stream ends.',
    answers: { 200: { description: 'Events', type: 'text/event-stream' } },
    problems: UNKNOWN,
  },
  {
    method: 'get',
    path: '/v1/campaigns/:id/audit',
    tag,
    summary: 'See who did what',
    query: AuditQuery,
    answers: { 200: { description: 'Oldest first', schema: AuditAnswer } },
    problems: UNKNOWN,
  },
  {
    method: 'get',
    path: '/v1/campaigns/:id/results.csv',
    tag,
    summary: 'Take its results away: a line for each batch',
    answers: { 200: { description: 'CSV with a header; unknown is empty', type: 'text/csv' } },
    problems: UNKNOWN,
  },
  ...STEP_NAMES.map(
    (step): Operation => ({
      method: 'post',
      path: `/v1/campaigns/:id/${step}`,
      tag,
      summary: STEP_SUMMARIES[step],
      description: 'May be repeated; who asked stands in the audit.',
      body: step === 'reject' ? { schema: STEPS[step] } : { schema: STEPS[step], optional: true },
      answers: {
        200: {
          description: 'The campaign as it is now',
          schema: STOPS.includes(step) ? StoppedAnswer : CampaignAnswer,
        },
      },
      problems: {
        ...UNKNOWN,
        ...(step === 'approve' ? { 403: 'Approved by the key that enqueued it' } : {}),
        409: MOVED,
        415: 'Not JSON',
        422: 'Mistakes, all of them',
      },
    }),
  ),
  {
    method: 'post',
    path: '/v1/campaigns/:id/batches/:no/resolve',
    tag,
    summary: 'Say what became of a batch whose outcome is unknown (held or abandoned)',
    body: { schema: ResolveRequest },
    answers: { 200: { description: 'The campaign as it is now', schema: CampaignAnswer } },
    problems: {
      404: 'No such campaign or batch',
      409: 'The batch is not held, it is no longer at the version `seen` (`moved`, with `batch` as it is now), the message id is another’s, or an abandoned one lacks `mayBeReceivedTwice`',
      415: 'Not JSON',
      422: 'Mistakes, all of them',
    },
  },
];
