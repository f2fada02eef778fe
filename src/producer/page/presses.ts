/** What an operator does on the page to what there is: each form ends in the call of the API. */
import type { RecallCampaign } from '../../shared/actions/recall-campaign.ts';
import type { SteerAccount } from '../../shared/actions/steer-account.ts';
import type { SteerCampaign } from '../../shared/actions/steer-campaign.ts';
import { CAMPAIGN_ID } from '../../shared/contract/campaigns.ts';
import {
  RecallRequest,
  RescheduleRequest,
  ResolveRequest,
} from '../../shared/contract/decisions.ts';
import { type Refused, refuse } from '../../shared/contract/problem.ts';
import type { WechatFor } from '../../shared/delivery/wechat-accounts.ts';
import type { AccountConfig } from '../../shared/platform/accounts.ts';
import type { CampaignStore } from '../../shared/record/campaign-store.ts';
import { massStatus } from '../../shared/wechat/mass.ts';
import { noSuchAccount } from '../api/accounts.ts';
import { STEP_NAMES, takeStep } from '../api/decisions.ts';
import type { ReplayWebhook } from '../api/webhooks.ts';
import { parseBody } from '../http/parse-input.ts';
import type { Posted, Press, Presses } from './screen.ts';
import { fromLocalInput } from './times.ts';

interface Dependencies {
  readonly accounts: () => readonly AccountConfig[];
  readonly campaigns: Pick<CampaignStore, 'view'>;
  readonly steer: SteerCampaign;
  readonly steerAccount: SteerAccount;
  readonly recallCampaign: RecallCampaign;
  readonly replayWebhook: ReplayWebhook;
  readonly wechatFor: WechatFor;
}

export function makePresses(deps: Dependencies): Presses {
  const { accounts, campaigns, steer, steerAccount, recallCampaign, replayWebhook, wechatFor } =
    deps;

  const onCampaign =
    (act: (id: string, posted: Posted) => Promise<object>): Press =>
    async (posted, { id = '' }) => {
      if (!CAMPAIGN_ID.test(id)) return NO_CAMPAIGN;
      const result = await act(id, posted);
      return isRefused(result) ? result : `/page/campaigns/${id}`;
    };

  const onAccount =
    (act: (name: string, posted: Posted) => Promise<void>): Press =>
    async (posted, { name = '' }) => {
      const visible = accounts().filter((one) => posted.isAllowed(one.name));
      if (!visible.some((one) => one.name === name)) return refuse(noSuchAccount(visible));
      await act(name, posted);
      return `/page/accounts/${name}`;
    };

  async function resolve(id: string, no: string, { fields, by }: Posted): Promise<object> {
    const which = no === 'all-held' ? no : Number(no);
    if (which !== 'all-held' && !(Number.isSafeInteger(which) && which > 0)) return NO_CAMPAIGN;
    const view = await campaigns.view(id);
    if (!view) return NO_CAMPAIGN;
    const decision = parseBody(bodyOf(fields), ResolveRequest);
    if ('refused' in decision) return decision;
    const { value } = decision;
    const wrong =
      value.as === 'not-sent'
        ? confirmed(fields.typed, view.account)
        : value.as === 'sent' && !fields.anyway
          ? await knownAtWechat(view.account, value.msgId)
          : null;
    return wrong ?? steer.resolve(id, which, value, by);
  }

  /** Where WeChat does not answer, the operator's word must do. */
  async function knownAtWechat(account: string, msgId: string): Promise<Refused | null> {
    if (!accounts().some(({ name }) => name === account)) return null;
    const answer = await massStatus(wechatFor(account), msgId);
    const isUnknown = answer.kind === 'ok' && answer.value.status === 'unknown';
    return isUnknown ? refuse({ code: 'message-unknown', msgId }) : null;
  }

  return {
    ...Object.fromEntries(
      STEP_NAMES.map((step) => [
        `/page/campaigns/:id/${step}`,
        onCampaign((id, { fields, by }) => takeStep(steer, step, { id, by, body: bodyOf(fields) })),
      ]),
    ),
    '/page/campaigns/:id/recall': onCampaign(async (id, { fields, by, words }) => {
      const asked = parseBody(bodyOf(fields), RecallRequest);
      return 'refused' in asked ? asked : recallCampaign(id, asked.value, by, words.lang);
    }),
    '/page/campaigns/:id/reschedule': onCampaign(async (id, { fields, by }) => {
      const { sendAt = '', ...more } = bodyOf(fields) as { sendAt?: string };
      const asked = parseBody({ ...more, sendAt: fromLocalInput(sendAt) }, RescheduleRequest);
      return 'refused' in asked ? asked : steer.reschedule(id, by, asked.value);
    }),
    '/page/campaigns/:id/webhook-replay': onCampaign((id, { by }) => replayWebhook(id, by)),
    '/page/campaigns/:id/batches/:no/resolve': (posted, params) =>
      onCampaign((id) => resolve(id, params.no ?? '', posted))(posted, params),
    '/page/accounts/resume-restored': async ({ by, isAllowed }) => {
      const names = accounts().map(({ name }) => name);
      await steerAccount.resumeRestored(names.filter(isAllowed), by);
      return '/';
    },
    '/page/accounts/:name/pause': onAccount((name, { by }) => steerAccount.pause(name, by)),
    '/page/accounts/:name/resume': onAccount((name, { by }) => steerAccount.resume(name, by)),
  };
}

const isRefused = (result: object): result is Refused => 'refused' in result;

/** What the browser asked for by a pattern, which a form of another's making need not have. */
export const confirmed = (typed: string | undefined, type: string): Refused | null =>
  typed === type
    ? null
    : refuse({ code: 'invalid-body', errors: [{ code: 'not-confirmed', path: 'typed', type }] });

/** Fields that are about the form itself. */
const OF_THE_FORM = ['typed', 'anyway'];

/** A form sends its empty fields, too, and knows text only. */
const bodyOf = (fields: Readonly<Record<string, string>>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(fields)
      .filter(([name, value]) => value !== '' && !OF_THE_FORM.includes(name))
      .map(([name, value]) => [name, (PARSED[name] ?? String)(value)]),
  );

const PARSED: Readonly<Record<string, (text: string) => unknown>> = {
  seen: Number,
  articleIndex: Number,
  mayBeReceivedTwice: (text) => text === 'true',
  split: (text) => text === 'true',
  without: (text) => text.split(/[\s,;，；]+/).filter(Boolean),
};

const NO_CAMPAIGN = refuse({ code: 'campaign-not-found' });
