/**
 * What a person may do, each behind a fold that says what comes of it: opening it is the first
 * step, the button inside the second. Plain forms, so that they work without any script.
 */
import type { CampaignView } from '../../shared/contract/campaign-view.ts';
import { type Html, html } from './html.ts';
import type { Step, Words } from './words.ts';

interface Act {
  readonly label: string;
  readonly consequence: string;
  readonly confirm: string;
}

export const act = (
  { label, consequence, confirm }: Act,
  action: string,
  { danger = false, fields }: { danger?: boolean; fields?: Html } = {},
): Html => html`<details class="act">
  <summary>${label}</summary>
  <form method="post" action="${action}">
    <p>${consequence}</p>
    ${fields}
    <button class="${danger ? 'danger' : 'strong'}">${confirm}</button>
  </form>
</details>`;

/** The version that the form was made from: where it has moved, the decision is not taken. */
export const seenField = (version: number): Html =>
  html`<input type="hidden" name="seen" value="${version}">`;

export const noteField = (words: Words, isRequired = false): Html =>
  html`<label>${words.note} <input name="note" maxlength="500" autocomplete="off"${isRequired && html` required`}></label>`;

export function campaignActs(view: CampaignView, words: Words): Html {
  const lang = words.lang === 'en' ? 'en' : 'zh';
  return html`<div class="acts">${stepsFor(view).map((step) =>
    act(words.acts[step], `/page/campaigns/${view.id}/${step}?lang=${lang}`, {
      danger: step === 'cancel' || step === 'reject',
      fields: html`${seenField(view.version)}${step === 'reject' && noteField(words, true)}`,
    }),
  )}</div>`;
}

function stepsFor({ state, pausedFor = [], batches }: CampaignView): Step[] {
  switch (state) {
    case 'scheduled':
    case 'preparing':
    case 'submitting':
      return ['pause', 'cancel'];
    case 'paused': {
      const resumable = pausedFor.some((reason) => reason !== 'approval');
      return [
        ...(pausedFor.includes('approval') ? (['approve', 'reject'] as const) : []),
        ...(resumable ? (['resume'] as const) : []),
        'cancel',
      ];
    }
    case 'completed':
    case 'awaiting-receipts':
    case 'held':
      return batches.refused > 0 ? ['retry'] : [];
    case 'cancelling':
    case 'failed':
    case 'cancelled':
      return [];
  }
}
