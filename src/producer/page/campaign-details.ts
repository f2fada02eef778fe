/** A campaign's own page: held batches and what to decide, every batch, who did what. */
import { type AuditEntry, auditWords } from '../../shared/campaign/audit.ts';
import type { BatchDetails } from '../../shared/contract/batches.ts';
import type { CampaignView } from '../../shared/contract/campaign-view.ts';
import { act, noteField, seenField } from './acts.ts';
import { number, tongue } from './campaign-card.ts';
import { type Html, html } from './html.ts';
import { shown } from './times.ts';
import type { Decision, Words } from './words.ts';

const DECISIONS: Readonly<Partial<Record<BatchDetails['state'], readonly Decision[]>>> = {
  held: ['sent', 'not-sent', 'given-up'],
  abandoned: ['sent', 'send-again'],
};

/** What is held, and what was given up: both wait for what an operator finds out. */
export function unknownPart(
  view: CampaignView,
  unknown: readonly BatchDetails[],
  words: Words,
): Html {
  if (unknown.length === 0) return html`<section id="held"></section>`;
  const url = (which: string): string =>
    `/page/campaigns/${view.id}/batches/${which}/resolve?lang=${tongue(words)}`;
  return html`<section id="held">
  <h2>${words.held}</h2>
  ${unknown.map(
    (batch) => html`<article class="card${batch.state === 'held' && ' alarm'}">
    <header><h3>${words.columns[0]} ${batch.no} · ${words.batchStates[batch.state]}</h3><code>${batch.clientMsgId}</code></header>
    <p class="why">${batch.message}</p>
    <p class="facts">${heldFacts(batch, words)}</p>
    ${batch.takenMsgId !== undefined && html`<p class="facts">${words.msgId}: <code>${batch.takenMsgId}</code></p>`}
    <div class="acts">${DECISIONS[batch.state]?.map((as) => decide(as, url(String(batch.no)), batch.version, words))}</div>
  </article>`,
  )}
  ${
    view.batches.held > 1 &&
    html`<article class="card alarm"><header><h3>${words.decideAll} (${view.batches.held})</h3></header>
    <div class="acts">${(['not-sent', 'given-up'] as const).map((as) => decide(as, url('all-held'), view.version, words))}</div>
  </article>`
  }
</section>`;
}

/** What to look for in WeChat's console. */
function heldFacts({ size, attempts, firstAttemptAt = '' }: BatchDetails, words: Words): string {
  const asked = words.asked(attempts, shown(firstAttemptAt, words.lang));
  return size === null ? asked : `${words.audiences.list(number(size))} · ${asked}`;
}

const decide = (as: Decision, action: string, seen: number, words: Words): Html =>
  act(words.decisions[as], action, {
    danger: as !== 'sent',
    fields: html`<input type="hidden" name="as" value="${as === 'send-again' ? 'not-sent' : as}">
    ${seenField(seen)}
    ${as === 'send-again' && html`<label><input type="checkbox" name="mayBeReceivedTwice" value="true" required> ${words.mayBeReceivedTwice}</label>`}
    ${as === 'sent' && html`<label>${words.msgId} <input name="msgId" required inputmode="numeric" pattern="[1-9][0-9]{0,19}" autocomplete="off"></label>`}
    ${noteField(words)}`,
  });

export const batchesPart = (batches: readonly BatchDetails[], words: Words): Html =>
  html`<section id="batches">
  <h2>${words.batches}</h2>
  ${batches.length === 0 && html`<p class="facts">${words.notCut}</p>`}
  <div class="scroll"${batches.length === 0 && html` hidden`}><table>
    <thead><tr>${words.columns.map((column) => html`<th>${column}</th>`)}</tr></thead>
    <tbody>${batches.map((batch) => batchRow(batch, words))}</tbody>
  </table></div>
</section>`;

function batchRow(batch: BatchDetails, words: Words): Html {
  const { no, state, size, msgId, receipt, nextAttemptAt, errcode } = batch;
  const reason = receipt?.meaning ?? batch.error?.message ?? batch.message;
  return html`<tr>
    <td>${no}</td>
    <td>${words.batchStates[state] ?? state}</td>
    <td>${size === null ? '' : number(size)}</td>
    <td>${msgId !== undefined && html`<code>${msgId}</code>`}</td>
    <td>${receipt && (receipt.sent === null ? words.unknown : number(receipt.sent))}</td>
    <td>${reason} ${errcode !== undefined && html`<code>${errcode}</code>`}</td>
    <td>${nextAttemptAt && shown(nextAttemptAt, words.lang)}</td>
  </tr>`;
}

export const auditPart = (entries: readonly AuditEntry[], words: Words): Html =>
  html`<section id="audit">
  <h2>${words.audit}</h2>
  <ol class="audit">${[...entries]
    .reverse()
    .map(
      ({ at, by, note, batch, ...act }) =>
        html`<li><time>${shown(new Date(at).toISOString(), words.lang)}</time> <b>${by}</b> ${auditWords(act, tongue(words))}${
          batch !== undefined && ` · ${words.columns[0]} ${batch}`
        }${note !== undefined && html` <q>${note}</q>`}</li>`,
    )}</ol>
</section>`;
