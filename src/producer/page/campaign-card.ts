/** One campaign as a card: what it is, how far it is, why it waits, what may be done. */

import { warningWords } from '../../shared/campaign/warnings.ts';
import type { CampaignView } from '../../shared/contract/campaign-view.ts';
import { failureWords } from '../../shared/contract/campaign-words.ts';
import { campaignActs } from './acts.ts';
import { type Html, html } from './html.ts';
import { shown } from './times.ts';
import type { Words } from './words.ts';

export const cardId = ({ id }: Pick<CampaignView, 'id'>): string => `c-${id}`;

export function campaignCard(view: CampaignView, words: Words): Html {
  const { batches } = view;
  return html`<article class="card" id="${cardId(view)}">
  <header>
    <h3><a href="/page/campaigns/${view.id}?lang=${tongue(words)}">${view.name}</a></h3>
    <span class="chip ${tone(view)}">${chip(view, words)}</span>
  </header>
  <p class="facts">${view.account} · ${words.types[view.messageType]} · ${audience(view, words)}</p>
  ${bars(view, words)}
  ${received(view, words)}
  ${why(view, words)}
  ${view.warnings.map((warning) => html`<p class="warn">${warningWords(warning, tongue(words))}</p>`)}
  ${
    batches.held > 0 &&
    html`<p><a class="button strong" href="/page/campaigns/${view.id}?lang=${tongue(words)}#held">${words.heldLink(batches.held)}</a></p>`
  }
  <footer>
    <span class="times">${times(view, words)}</span>
    ${campaignActs(view, words)}
  </footer>
</article>`;
}

/** Nothing goes on there until somebody has decided; the rest stays as it was. */
export const decisionsFirst = (views: readonly CampaignView[]): CampaignView[] =>
  [...views].sort((a, b) => Number(waitsForPerson(b)) - Number(waitsForPerson(a)));

const waitsForPerson = ({ batches, state, pausedFor = [] }: CampaignView): boolean =>
  batches.held > 0 || (state === 'paused' && pausedFor.some((reason) => reason !== 'operator'));

export const tongue = ({ lang }: Words): 'en' | 'zh' => (lang === 'en' ? 'en' : 'zh');

function chip({ state, outcome }: CampaignView, words: Words): string {
  if (!outcome) return words.states[state];
  return state === 'cancelled'
    ? `${words.states[state]} · ${words.outcomes[outcome]}`
    : words.outcomes[outcome];
}

function tone({ state, outcome, receipt }: CampaignView): string {
  if (state === 'cancelled') return outcome === 'unknown' ? 'care' : 'calm';
  if (outcome === 'delivered') return receipt.sent === 0 ? 'care' : 'good';
  if (outcome === 'partly' || outcome === 'unknown') return 'care';
  if (outcome === 'none' || state === 'failed' || state === 'held') return 'bad';
  if (state === 'paused') return 'care';
  return state === 'scheduled' ? 'calm' : 'busy';
}

function audience({ audience: to, recipients }: CampaignView, words: Words): string {
  const { audiences } = words;
  switch (to.type) {
    case 'group':
      return audiences.group(to.groupId);
    case 'tag':
      return audiences.tag(to.tagId);
    case 'everyone':
      return audiences.everyone;
    case 'followers':
      return recipients === null
        ? audiences.followers
        : `${audiences.followers} (${number(recipients)})`;
    case 'list':
      return audiences.list(number(recipients ?? 0));
  }
}

export const number = (count: number): string => count.toLocaleString('en-US');

function bars({ batches }: CampaignView, words: Words): Html {
  const { total, submitted, settled } = batches;
  if (total === 0) return html`<p class="facts">${words.notCut}</p>`;
  const taken = words.submitted(submitted + settled, total);
  const confirmed = words.confirmed(settled, total);
  return html`<div class="bars">
    <label>${taken}<progress class="taken" max="${total}" value="${submitted + settled}"></progress></label>
    <label>${confirmed}<progress class="confirmed" max="${total}" value="${settled}"></progress></label>
  </div>`;
}

function received({ receipt, batches }: CampaignView, words: Words): Html | null {
  if (batches.settled === 0) return null;
  const say = (count: number | null): string => (count === null ? words.unknown : number(count));
  const { sent, eligible, failed } = receipt;
  return html`<p class="counts">${words.receipt(say(sent), say(eligible), say(failed))}</p>`;
}

function why(view: CampaignView, words: Words): Html[] {
  const { waiting, pausedFor = [], error } = view;
  const lines: Html[] = [];
  for (const reason of pausedFor) {
    lines.push(html`<p class="why">${words.pausedFor[reason]}</p>`);
  }
  if (waiting) {
    const next = waiting.until ? ` · ${words.goesOn(shown(waiting.until, words.lang))}` : '';
    const late = waiting.missesNotAfter ? ` · ${words.missesNotAfter}` : '';
    lines.push(html`<p class="why">${words.waits[waiting.reason]}${next}${late}</p>`);
  }
  if (error) lines.push(html`<p class="warn">${failureWords(error, tongue(words))}</p>`);
  return lines;
}

function times(view: CampaignView, words: Words): string {
  const { completedAt, sendAt, notAfter, state } = view;
  if (completedAt) return words.ended(shown(completedAt, words.lang));
  const last = words.notAfter(shown(notAfter, words.lang));
  return state === 'scheduled' ? `${words.begins(shown(sendAt, words.lang))} · ${last}` : last;
}
