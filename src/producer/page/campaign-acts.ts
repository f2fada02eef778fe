/** What may be done with a campaign just now. */
import { isSamePerson } from '../../shared/campaign/approval.ts';
import { usesSendAll } from '../../shared/campaign/audience.ts';
import type { AuditEntry } from '../../shared/campaign/audit.ts';
import { isPage } from '../../shared/campaign/message.ts';
import type { CampaignView } from '../../shared/contract/campaign-view.ts';
import type { Permission } from '../../shared/platform/people.ts';
import { type Html, html } from './html.ts';
import { type Act, actsPart, noteField, reasonField, seenField } from './parts/act.ts';
import type { Ask } from './screen.ts';
import { localInput, shown } from './times.ts';
import type { Words } from './words.ts';

interface Acting {
  readonly view: CampaignView;
  readonly audit: readonly AuditEntry[];
  /** Campaign, account, head-count. */
  readonly about: string;
  /** Who looks: the submitter does not approve. */
  readonly ask: Pick<Ask, 'by' | 'words' | 'refusal'>;
  readonly hasWebhook: boolean;
  /** Part of the dialogs' ids, where several campaigns are on the page. */
  readonly place?: string;
  readonly now: number;
}

type Step = keyof Words['acts']['campaign'];

export const campaignActs = (acting: Acting): Html =>
  actsPart(
    stepsFor(acting).map((step) => actFor(step, acting)),
    acting.ask.words,
  );

function actFor(step: Step, { view, about, now, ask, place = '' }: Acting): Act {
  const { words } = ask;
  const { acts } = words;
  const { label, consequence, confirm } = acts.campaign[step];
  const isLater = Date.parse(view.sendAt) > now;
  const when = isLater ? acts.at(shown(view.sendAt)) : acts.now;
  const refused = view.batches.refused;
  return {
    ...{ label, about, confirm },
    consequence: typeof consequence === 'string' ? consequence : sayOf(step, when, refused, words),
    id: `${step}${place}`,
    action: `/page/campaigns/${view.id}/${PATHS[step] ?? step}`,
    danger: step === 'cancel' || step === 'reject' || step === 'recall',
    strong: step === 'approve' || step === 'resume' || step === 'retry',
    fields: html`${seenField(view.version)}${fieldsOf(step, view, words)}`,
    refused: ask.refusal(PERMISSION_FOR[step], view.account),
  };
}

/** What the API's route of each step needs. */
const PERMISSION_FOR: Readonly<Record<Step, Permission>> = {
  ...{ pause: 'steer', resume: 'steer', cancel: 'steer', reschedule: 'steer' },
  ...{ acknowledge: 'steer', 'webhook-replay': 'steer' },
  ...{ approve: 'approve', reject: 'approve' },
  ...{ retry: 'decide', split: 'decide', without: 'decide', recall: 'decide' },
};

function sayOf(step: Step, when: string, refused: number, { acts }: Words): string {
  const { resume, approve, retry } = acts.campaign;
  if (step === 'retry') return retry.consequence(refused);
  return step === 'approve' ? approve.consequence(when) : resume.consequence(when);
}

/** Several ways to retry are one step of the API. */
const PATHS: Readonly<Partial<Record<Step, string>>> = { split: 'retry', without: 'retry' };

function fieldsOf(step: Step, view: CampaignView, words: Words): Html {
  const { without, recall, reschedule } = words.acts.campaign;
  switch (step) {
    case 'split':
      return html`<input type="hidden" name="split" value="true">`;
    case 'without':
      return html`<label>${without.field} <textarea name="without" required rows="4" spellcheck="false"></textarea></label>`;
    case 'recall':
      return html`<label>${recall.field} <input type="number" name="articleIndex" min="1" max="10"></label>`;
    case 'reject':
      return reasonField(words);
    case 'reschedule':
      return html`<label>${reschedule.field} <input type="datetime-local" name="sendAt" required value="${localInput(view.sendAt)}"></label>${noteField(words)}`;
    case 'retry':
      return html``;
    default:
      return noteField(words);
  }
}

function stepsFor({ view, audit, ask, now, hasWebhook }: Acting): Step[] {
  const { batches, createdBy, messageType, audience, notAfter, completedAt } = view;
  const isOpen =
    now < Date.parse(notAfter) && view.state !== 'cancelled' && view.state !== 'cancelling';
  const isRetriable = batches.refused > 0 && isOpen;
  const isRecallable =
    (isPage(messageType) || messageType === 'video') && batches.submitted + batches.settled > 0;
  const isGivenUp = audit.some(({ action }) => action === 'webhook-given-up');
  return [
    ...mainSteps(view, isSamePerson(ask.by, createdBy)),
    ...(isRetriable ? (['retry'] as const) : []),
    ...(isRetriable && !usesSendAll(audience) ? (['split', 'without'] as const) : []),
    ...(isRecallable ? (['recall'] as const) : []),
    ...(hasWebhook && completedAt && isGivenUp ? (['webhook-replay'] as const) : []),
    ...(isOpenQuestion(view, audit, isGivenUp) ? (['acknowledge'] as const) : []),
  ];
}

/** It ended otherwise than it was meant to, and nobody has said yet that this is so. */
const isOpenQuestion = (
  { state, batches, completedAt }: CampaignView,
  audit: readonly AuditEntry[],
  isGivenUp: boolean,
): boolean =>
  completedAt !== undefined &&
  (state === 'failed' || batches.refused > 0 || isGivenUp) &&
  !audit.some(({ action }) => action === 'acknowledge');

function mainSteps({ state, pausedFor = [] }: CampaignView, isOwn: boolean): Step[] {
  switch (state) {
    case 'scheduled':
      return ['reschedule', 'pause', 'cancel'];
    case 'preparing':
    case 'submitting':
      return ['pause', 'cancel'];
    case 'paused': {
      const isWaiting = pausedFor.includes('approval');
      return [
        ...(isWaiting && !isOwn ? (['approve'] as const) : []),
        ...(isWaiting ? (['reject'] as const) : []),
        ...(pausedFor.some((reason) => reason !== 'approval') ? (['resume'] as const) : []),
        ...(isWaiting && !isOwn ? [] : (['cancel'] as const)),
      ];
    }
    default:
      return [];
  }
}
