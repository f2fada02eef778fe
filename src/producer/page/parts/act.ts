/**
 * What an operator may do, behind a dialog that says what comes of it: opening it is the first
 * step, the button inside the second. A plain form in a popover, so that it works without a script.
 */
import type { Problem } from '../../../shared/contract/problem.ts';
import { problemWords } from '../../../shared/contract/problem-words.ts';
import { type Html, html } from '../html.ts';
import type { Words } from '../words.ts';

export interface Act {
  /** Of the dialog: one of its kind on the page. */
  readonly id: string;
  readonly label: string;
  /** Campaign, account and head-count. */
  readonly about: string;
  readonly consequence: string;
  readonly confirm: string;
  /** Where the form goes. */
  readonly action: string;
  readonly danger?: boolean;
  readonly strong?: boolean;
  readonly fields?: Html | null | false;
  /** Why the operator may not. */
  readonly refused: Problem | null;
}

/** Buttons side by side. One that the operator may not press is disabled, with the reason below. */
export function actsPart(acts: readonly Act[], words: Words): Html {
  const reasons = new Map(
    acts.flatMap(({ refused, id }) =>
      refused ? [[problemWords(refused, words.lang), `why-not-${id}`] as const] : [],
    ),
  );
  if (acts.length === 0) return html``;
  return html`<div class="acts">${acts.map((it) =>
    it.refused
      ? html`<button type="button" disabled aria-describedby="${reasons.get(problemWords(it.refused, words.lang))}">${it.label}</button>`
      : act(it, words),
  )}</div>${[...reasons].map(([why, id]) => html`<p class="facts" id="${id}">${why}</p>`)}`;
}

const act = (it: Act, words: Words): Html => html`<button type="button" class="${
  it.danger ? 'danger' : it.strong ? 'strong' : ''
}" popovertarget="act-${it.id}">${it.label} …</button>
<dialog popover id="act-${it.id}" aria-labelledby="act-${it.id}-t">
  <h2 id="act-${it.id}-t">${it.label}</h2>
  <p class="about">${it.about}</p>
  <form method="post" action="${it.action}">
    <p>${it.consequence}</p>
    ${it.fields}
    <p class="buttons"><button class="${it.danger ? 'danger' : 'strong'}">${it.confirm}</button>
    <button type="button" popovertarget="act-${it.id}" popovertargetaction="hide">${words.frame.cancelForm}</button></p>
  </form>
</dialog>`;

/** The version that the form was made from: where it has moved, the decision is not taken. */
export const seenField = (version: number): Html =>
  html`<input type="hidden" name="seen" value="${version}">`;

export const noteField = (words: Words): Html =>
  html`<label>${words.frame.note} <input name="note" maxlength="500" autocomplete="off"></label>`;

export const reasonField = (words: Words): Html =>
  html`<label>${words.frame.reason} <input name="note" maxlength="500" autocomplete="off" required></label>`;

/** Something that must be typed as it stands: the page asks the browser, and the server looks, too. */
export const typedField = (text: string, words: Words): Html =>
  html`<label>${words.frame.typeToConfirm(text)} <input name="typed" required autocomplete="off" autocapitalize="off" spellcheck="false" pattern="${patternOf(text)}"></label>`;

const patternOf = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
