/** What is held, and what was given up: both wait for what an operator finds out. */

import { rfc3339 } from '../../../shared/campaign/campaign.ts';
import type { BatchDetails } from '../../../shared/contract/batches.ts';
import type { CampaignView } from '../../../shared/contract/campaign-view.ts';
import type { BatchStore } from '../../../shared/record/batch-store.ts';
import { type Html, html } from '../html.ts';
import type { Ask } from '../screen.ts';
import { batchWhy } from '../standing.ts';
import { shown, timeTag } from '../times.ts';
import type { Words } from '../words.ts';
import { type Act, actsPart, noteField, seenField, typedField } from './act.ts';
import { amount, number, scrolled } from './table.ts';

type Decision = keyof Words['acts']['decisions'];

const DECISIONS: Readonly<Partial<Record<BatchDetails['state'], readonly Decision[]>>> = {
  held: ['sent', 'not-sent', 'given-up'],
  abandoned: ['sent', 'send-again'],
};

/** Only while the campaign may still send. */
const SENDS: readonly Decision[] = ['not-sent', 'send-again'];

/** WeChat's event of a message that no batch has. */
type Unowned = Awaited<ReturnType<BatchStore['unowned']>>[number];

interface Unknown {
  readonly view: CampaignView;
  readonly unknown: readonly BatchDetails[];
  /** Campaign, account, head-count. */
  readonly about: string;
  readonly now: number;
  /** Since the first of them was called. */
  readonly unowned: readonly Unowned[];
}

export function unknownPart(
  { view, unknown, about, now, unowned }: Unknown,
  { words, refusal }: Pick<Ask, 'words' | 'refusal'>,
): Html {
  const { acts, screens, facts } = words;
  if (unknown.length === 0) return html`<section id="unknown"></section>`;
  const refused = refusal('decide', view.account);
  const isLate = now >= Date.parse(view.notAfter);
  const offered = (decisions: readonly Decision[]): Decision[] =>
    decisions.filter((as) => !isLate || !SENDS.includes(as));
  const one = (
    batch: BatchDetails,
  ): Html => html`<article class="card${batch.state === 'held' && ' alarm'}">
<h3>${screens.campaign.batch(batch.no)} · ${words.batchStates[batch.state]}</h3>
<p class="why">${batchWhy(batch)}</p>
<p class="facts">${batch.size !== null && `${facts.people(number(batch.size))} · `}${screens.campaign.asked(batch.attempts, shown(batch.firstAttemptAt ?? view.sendAt))} · <code>${batch.clientMsgId}</code></p>
${batch.takenMsgId !== undefined && html`<p class="facts">${acts.msgId}: <code>${batch.takenMsgId}</code></p>`}
${actsPart(
  offered(DECISIONS[batch.state] ?? []).map((as) =>
    decide(
      {
        ...{ as, view, refused },
        which: String(batch.no),
        seen: batch.version,
        about: `${about} · ${screens.campaign.batch(batch.no)}`,
      },
      words,
    ),
  ),
  words,
)}</article>`;
  return html`<section id="unknown"><h2>${screens.campaign.unknown}</h2>
${unownedPart(unowned, unknown, words)}
${isLate && html`<p class="warn">${acts.tooLate(shown(view.notAfter))}</p>`}
${unknown.map(one)}
${
  view.batches.held > 1 &&
  html`<article class="card alarm"><h3>${acts.allHeld(view.batches.held)}</h3>
${actsPart(
  offered(['not-sent', 'given-up']).map((as) =>
    decide({ as, which: 'all-held', seen: view.version, view, about, refused }, words),
  ),
  words,
)}</article>`
}
</section>`;
}

/** What an operator compares with WeChat's console: a message that may be one of these batches. */
function unownedPart(
  events: readonly Unowned[],
  unknown: readonly BatchDetails[],
  words: Words,
): Html {
  const { unowned: say } = words.screens.campaign;
  if (events.length === 0) return html`<p class="facts">${say.none}</p>`;
  const isAsLarge = ({ receipt }: Unowned): boolean =>
    unknown.some(({ size }) => size !== null && size === receipt.total);
  const heads = [say.time, say.msgId, words.screens.campaign.columns.people, words.facts.sent];
  return html`<p class="facts">${say.some}</p>${scrolled(
    say.title,
    html`<table><thead><tr>${heads.map((head) => html`<th scope="col">${head}</th>`)}<th scope="col">${say.links}</th></tr></thead><tbody>${events.map(
      (event) =>
        html`<tr><td>${timeTag(rfc3339(event.createdAt))}</td><th scope="row"><code>${event.msgId}</code></th><td>${amount(event.receipt.total, words)}${isAsLarge(event) && html` <span class="chip care">${say.asLarge}</span>`}</td><td>${amount(event.receipt.sent, words)}</td><td>${event.receipt.articleUrls?.map(({ url }) => safeLink(url))}</td></tr>`,
    )}</tbody></table>`,
  )}`;
}

const safeLink = (url: string): Html | false =>
  /^https?:\/\//.test(url) && html`<a href="${url}" rel="noreferrer">${url}</a><br>`;

interface Deciding {
  readonly as: Decision;
  readonly which: string;
  readonly seen: number;
  readonly view: CampaignView;
  readonly about: string;
  readonly refused: Act['refused'];
}

function decide({ as, which, seen, view, about, refused }: Deciding, words: Words): Act {
  const { label, consequence, confirm } = words.acts.decisions[as];
  return {
    ...{ label, consequence, confirm, about, refused },
    id: `${as}-${which}`,
    action: `/page/campaigns/${view.id}/batches/${which}/resolve`,
    danger: SENDS.includes(as),
    fields: html`<input type="hidden" name="as" value="${as === 'send-again' ? 'not-sent' : as}">
${seenField(seen)}
${as === 'send-again' && html`<label class="check"><input type="checkbox" name="mayBeReceivedTwice" value="true" required> ${words.acts.mayBeReceivedTwice}</label>`}
${SENDS.includes(as) && typedField(view.account, words)}
${as === 'sent' && html`<label>${words.acts.msgId} <input name="msgId" required inputmode="numeric" pattern="[1-9][0-9]{0,19}" autocomplete="off"></label>`}
${noteField(words)}`,
  };
}
