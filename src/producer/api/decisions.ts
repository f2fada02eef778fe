/** What an operator may do to a campaign, over HTTP. Each is written down with who asked. */
import type { RecallCampaign } from '../../shared/actions/recall-campaign.ts';
import type { RetryHow } from '../../shared/actions/retry-refused.ts';
import type { SteerCampaign, SteerResult } from '../../shared/actions/steer-campaign.ts';
import { WhichBatch } from '../../shared/contract/batches.ts';
import { inWords } from '../../shared/contract/campaign-words.ts';
import { CampaignDetails, StoppedCampaign } from '../../shared/contract/campaigns.ts';
import {
  ApproveRequest,
  RecallReport,
  RecallRequest,
  RejectRequest,
  RescheduleRequest,
  ResolveRequest,
  RetryRequest,
  StepRequest,
} from '../../shared/contract/decisions.ts';
import type { Permission } from '../../shared/platform/people.ts';
import type { Language } from '../../shared/platform/sentences.ts';
import { parseBody } from '../http/parse-input.ts';
import { type Route, route } from '../http/route.ts';
import { campaignId, linksOf } from './campaigns.ts';

interface Dependencies {
  readonly steer: SteerCampaign;
  readonly recallCampaign: RecallCampaign;
}

const PLAIN_STEPS = {
  pause: StepRequest,
  resume: StepRequest,
  cancel: StepRequest,
  approve: ApproveRequest,
  reject: RejectRequest,
  acknowledge: StepRequest,
} as const;

/** Step → its body. */
const STEPS = { ...PLAIN_STEPS, retry: RetryRequest } as const;
type Step = keyof typeof STEPS;
export const STEP_NAMES = Object.keys(STEPS) as Step[];

const SUMMARIES: Readonly<Record<Step, string>> = {
  pause: 'Make no further call for it; what WeChat has goes on to its receipt',
  resume: 'Go on',
  cancel: 'Send no batch that was not called yet; the others go on to their receipt',
  approve: 'Release a campaign that waits for a second key',
  reject: 'Cancel a campaign that waits for a second key, with the reason',
  acknowledge:
    'Leave what failed or was refused as it is: it no longer stands in GET /v1/attention',
  retry: 'Submit the refused batches again, under new keys',
};

const PERMITTED: Readonly<Record<Step, Permission>> = {
  pause: 'steer',
  resume: 'steer',
  cancel: 'steer',
  approve: 'approve',
  reject: 'approve',
  acknowledge: 'steer',
  retry: 'decide',
};

/** Their answer names what could not be stopped. */
const STOPS: readonly Step[] = ['pause', 'cancel'];

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

export const makeDecisionsRoutes = ({ steer, recallCampaign }: Dependencies): Route[] => [
  ...STEP_NAMES.map((step) =>
    route(
      {
        method: 'post',
        path: `/v1/campaigns/:id/${step}`,
        operationId: `${step}Campaign`,
        permission: PERMITTED[step],
        tag: 'Campaigns',
        summary: SUMMARIES[step],
        description: 'May be repeated; who asked stands in the audit.',
        params: { id: campaignId },
        body: {
          schema: STEPS[step],
          unchecked: true,
          ...(step === 'reject' || step === 'approve' ? {} : { optional: true }),
        },
        answers: { 200: STOPS.includes(step) ? StoppedCampaign : CampaignDetails },
        problems: {
          ...(step === 'approve'
            ? {
                403: 'Approved by the key that enqueued it',
                502: 'WeChat’s answer about its draft cannot be read',
                503: 'WeChat did not answer about its draft',
              }
            : {}),
          409: 'It has ended, this does not apply to it, WeChat refused to show its draft (`refused-by-wechat`), or it is no longer at the version `seen` (`moved`, with `campaign` as it is now)',
        },
      },
      async ({ params: { id }, body, by, language }) =>
        shown(await takeStep(steer, step, { id, by, body }), language),
    ),
  ),

  route(
    {
      method: 'patch',
      path: '/v1/campaigns/:id',
      operationId: 'rescheduleCampaign',
      permission: 'steer',
      tag: 'Campaigns',
      summary: 'Move a campaign that has not begun to another time',
      description: 'An approval that it has is void, since it was given for the time before.',
      params: { id: campaignId },
      body: { schema: RescheduleRequest },
      answers: { 200: CampaignDetails },
      problems: {
        409: 'It has begun, has ended, or is no longer at the version `seen` (`moved`, with `campaign` as it is now)',
      },
    },
    async ({ params: { id }, body, by, language }) =>
      shown(await steer.reschedule(id, by, body), language),
  ),

  route(
    {
      method: 'post',
      path: '/v1/campaigns/:id/batches/:no/resolve',
      operationId: 'resolveBatch',
      permission: 'decide',
      tag: 'Campaigns',
      summary: 'Say what became of a batch whose outcome is unknown (held or abandoned)',
      params: {
        id: campaignId,
        no: {
          schema: WhichBatch,
          otherwise: { code: 'batch-not-found' },
        },
      },
      body: { schema: ResolveRequest },
      answers: { 200: CampaignDetails },
      problems: {
        409: 'The batch is not held, it is no longer at the version `seen` (`moved`, with `batch` as it is now), the message id is another’s, or an abandoned one lacks `mayBeReceivedTwice`',
      },
    },
    async ({ params: { id, no }, body, by, language }) =>
      shown(await steer.resolve(id, no, body, by), language),
  ),

  // message/mass/delete: the page behind an article or a video goes, the cards stay.
  route(
    {
      method: 'post',
      path: '/v1/campaigns/:id/recall',
      operationId: 'recallCampaign',
      permission: 'decide',
      tag: 'Campaigns',
      summary: 'Take a message back, as far as WeChat can',
      params: { id: campaignId },
      body: { schema: RecallRequest, optional: true },
      answers: { 200: RecallReport },
      problems: { 409: 'WeChat has nothing of it that can be taken back' },
    },
    ({ params: { id }, body, by, language }) => recallCampaign(id, body, by, language),
  ),
];

function howOf({ split, without, seen }: RetryRequest): RetryHow {
  if (without) return { as: 'without', openIds: without, seen };
  return { as: split ? 'halves' : 'is', seen };
}

const shown = (result: SteerResult, language: Language) =>
  'refused' in result ? result : { ...inWords(result, language), links: linksOf(result.id) };
