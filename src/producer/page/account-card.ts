/** One account as a card: what is left today, whether its lane moves, what is set up wrongly. */
import type { AccountDetails, LaneDetails } from '../../shared/contract/accounts.ts';
import { act } from './acts.ts';
import { number, tongue } from './campaign-card.ts';
import { type Html, html } from './html.ts';
import { shown } from './times.ts';
import type { Words } from './words.ts';

export function accountCard(account: AccountDetails, words: Words): Html {
  const { name, lane, lastEvent } = account;
  const stopped = lane.state !== 'open' || lane.sendBlocked !== undefined;
  const step = stopped ? 'resume' : 'pause';
  return html`<article class="card" id="a-${name}">
  <header>
    <h3>${name}</h3>
    <span class="chip ${TONES[lane.state]}">${laneWord(lane, words)}</span>
  </header>
  <p class="facts">${words.kinds[account.kind]} · ${words.pending(lane.pending)}</p>
  ${laneWhy(lane, words)}
  ${quotas(account, words)}
  <p class="facts">${
    lastEvent ? words.lastEvent(shown(lastEvent.at, words.lang), lastEvent.mode) : words.noEvent
  }</p>
  ${account.warnings.map(({ message }) => html`<p class="warn">${message}</p>`)}
  <footer><div class="acts">${[
    ...(lane.state === 'asleep' ? (['pause'] as const) : []),
    step as 'pause' | 'resume',
  ].map((one) =>
    act(words.accountActs[one], `/page/accounts/${name}/${one}?lang=${tongue(words)}`),
  )}</div></footer>
</article>`;
}

const TONES: Readonly<Record<LaneDetails['state'], string>> = {
  open: 'good',
  asleep: 'care',
  paused: 'bad',
};

function laneWord({ state }: LaneDetails, words: Words): string {
  if (state === 'open') return words.laneOpen;
  return state === 'asleep' ? words.laneAsleep : words.lanePaused;
}

function laneWhy(lane: LaneDetails, words: Words): Html[] {
  const { why, until, sendBlocked, oneByOneUntil } = lane;
  const lines: string[] = [];
  if (why) lines.push(until ? `${why} · ${words.goesOn(shown(until, words.lang))}` : why);
  if (sendBlocked) lines.push(`${words.sendBlocked}: ${sendBlocked.why}`);
  if (oneByOneUntil) lines.push(words.oneByOne(shown(oneByOneUntil, words.lang)));
  return lines.map((line) => html`<p class="why">${line}</p>`);
}

/** The few that an operator counts; the API has them all. */
function quotas({ quota }: AccountDetails, words: Words): Html {
  const rows = Object.entries(words.quotas).flatMap(([path, label]) => {
    const found = quota[path];
    return found ? [{ label, ...found }] : [];
  });
  return html`<dl class="quotas"><dt class="head">${words.left}</dt><dd class="head"></dd>${rows.map(
    ({ label, left, perDay }) =>
      html`<dt>${label}</dt><dd class="${left === 0 ? 'none' : ''}">${number(left)}<small> / ${number(perDay)}</small></dd>`,
  )}</dl>`;
}

/** For those that the workers stopped because Redis had been restored: all at once. */
export const restoredPart = (accounts: readonly string[], words: Words): Html =>
  html`<div id="restored">${
    accounts.length > 0 &&
    html`<div class="card alarm"><p>${words.restored(accounts.length)}</p><div class="acts">${act(
      words.accountActs.resumeRestored,
      `/page/accounts/resume-restored?lang=${tongue(words)}`,
    )}</div></div>`
  }</div>`;
