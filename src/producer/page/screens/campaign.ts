import type { ArticleStatistics } from '../../../shared/actions/article-statistics.ts';
import { type AuditEntry, auditWords } from '../../../shared/campaign/audit.ts';
import type { BatchState } from '../../../shared/campaign/batch.ts';
import { rfc3339 } from '../../../shared/campaign/campaign.ts';
import { batchView } from '../../../shared/contract/batch-view.ts';
import type { BatchDetails } from '../../../shared/contract/batches.ts';
import type { CampaignView } from '../../../shared/contract/campaign-view.ts';
import { CAMPAIGN_ID } from '../../../shared/contract/campaigns.ts';
import { refuse } from '../../../shared/contract/problem.ts';
import { inTime } from '../../../shared/platform/in-time.ts';
import { MINUTE, SECOND } from '../../../shared/platform/time.ts';
import type { BatchStore } from '../../../shared/record/batch-store.ts';
import type { CampaignStore } from '../../../shared/record/campaign-store.ts';
import type { LaneStore } from '../../../shared/record/lane-store.ts';
import type { AudienceNames } from '../audience-names.ts';
import { campaignActs } from '../campaign-acts.ts';
import { type Html, html } from '../html.ts';
import { countedOver, stepChart } from '../parts/chart.ts';
import { messagePart } from '../parts/message.ts';
import { readsPart } from '../parts/reads.ts';
import { amount, figures, number, pageAsked, pager, scrolled } from '../parts/table.ts';
import { unknownPart } from '../parts/unknown-batches.ts';
import { readBatches } from '../read-batches.ts';
import type { ReadDrafts } from '../read-drafts.ts';
import type { Ask, Screen, Show } from '../screen.ts';
import { batchWhy, campaignChip, campaignWhy, warningLines } from '../standing.ts';
import { shown, shownToSecond, timeTag } from '../times.ts';
import type { Words } from '../words.ts';

interface Dependencies {
  readonly campaigns: Pick<CampaignStore, 'view' | 'spec' | 'message' | 'audit'>;
  readonly batches: Pick<BatchStore, 'page' | 'unowned'>;
  readonly lanes: Pick<LaneStore, 'read'>;
  readonly names: AudienceNames;
  readonly readDrafts: ReadDrafts;
  readonly articleStatistics: ArticleStatistics;
  readonly now: () => number;
}

const BATCHES_SHOWN = 50;
/** All are read, for those that are not fine come first; of more of them not every few seconds. */
const LIVE = 2_000;
const UNKNOWN_SHOWN = 20;
/** The newest; the API has them all. */
const AUDIT_SHOWN = 100;
/** WeChat may have to be asked. */
const READ_WITHIN = 5 * SECOND;

export const showCampaign =
  (deps: Dependencies): Show =>
  async (ask, { id = '' }) => {
    const { words, query } = ask;
    const { campaigns, batches, lanes, names } = deps;
    const view = CAMPAIGN_ID.test(id) ? await campaigns.view(id) : null;
    if (!view) return refuse({ code: 'campaign-not-found' });
    const [all, audit, lane, audience, spec] = await Promise.all([
      readBatches(batches, view),
      campaigns.audit(id, -AUDIT_SHOWN),
      lanes.read(view.account),
      names.withCount(view, words),
      campaigns.spec(id),
    ]);
    const rows = all.map((batch) => batchView(id, batch, words.lang)).sort(notFineFirst);
    const about = words.acts.about(
      view.name || words.screens.campaigns.unnamed,
      view.account,
      audience,
    );
    const { now } = deps;
    const acts = campaignActs({
      ...{ view, audit, about, ask, now: now() },
      hasWebhook: spec?.webhook !== undefined,
    });
    const unknown = rows.filter(({ state }) => state === 'held' || state === 'abandoned');
    const unowned =
      unknown.length === 0 ? [] : await batches.unowned(view.account, firstCall(unknown));
    const screen: Screen = {
      title: view.name || words.screens.campaigns.unnamed,
      nav: 'campaigns',
      parts: new Map([
        ['status', statusPart(view, campaignWhy(view, lane, words), acts, words)],
        [
          'unknown',
          unknownPart(
            { view, unknown: unknown.slice(0, UNKNOWN_SHOWN), unowned, about, now: now() },
            ask,
          ),
        ],
        ['timeline', timelinePart({ view, rows, audience, ask })],
        ['progress', progressPart(view, rows, words)],
        ['batches', batchesPart(rows, pageAsked(query.batches), id, words)],
        ['audit', auditPart(audit, words)],
      ]),
      campaigns: [id],
      ...(all.length > LIVE ? { live: false as const } : {}),
      aside: async () => {
        const message = await campaigns.message(id);
        if (!message) return html``;
        const named = message.type === 'news' && 'mediaId' in message ? message.mediaId : null;
        const draft = named === null ? null : await deps.readDrafts(view.account, named);
        const reads =
          message.type === 'news' &&
          readsPart(await inTime(deps.articleStatistics(id), READ_WITHIN).catch(() => null), words);
        return html`<h2>${words.screens.campaign.message}</h2>${messagePart({ message, draft }, words)}${reads}`;
      },
    };
    return screen;
  };

/** WeChat's clock may be a little behind. */
const firstCall = (unknown: readonly BatchDetails[]): number =>
  Math.min(...unknown.map(({ firstAttemptAt = '' }) => Date.parse(firstAttemptAt))) - MINUTE;

function statusPart(view: CampaignView, why: readonly string[], acts: Html, words: Words): Html {
  const { tone, text } = campaignChip(view, words);
  return html`<section id="status" class="card ${tone}">
<p><span class="chip ${tone}">${text}</span> <span class="facts">${words.facts.types[view.messageType]} · <a href="/page/accounts/${view.account}">${view.account}</a></span></p>
${why.map((line) => html`<p class="why">${line}</p>`)}
${warningLines(view, words).map((line) => html`<p class="warn">${line}</p>`)}
${bars(view, words)}
${received(view, words)}
${acts}
</section>`;
}

function bars({ batches }: CampaignView, words: Words): Html {
  const { total, submitted, settled } = batches;
  const { facts } = words;
  if (total === 0) return html`<p class="facts">${facts.notStarted}</p>`;
  return html`<div class="bars">
<label>${facts.submitted(submitted + settled, total)}<progress class="taken" max="${total}" value="${submitted + settled}"></progress></label>
<label>${facts.confirmed(settled, total)}<progress class="confirmed" max="${total}" value="${settled}"></progress></label>
</div>`;
}

function received({ receipt, batches }: CampaignView, words: Words): Html | null {
  if (batches.settled === 0) return null;
  const { facts } = words;
  const { sent, eligible, failed } = receipt;
  if (sent === null) return html`<p class="counts">${facts.noCounts}</p>`;
  return html`<dl class="counts">
<div><dt>${facts.sent}</dt><dd>${amount(sent, words)}</dd></div>
<div><dt>${facts.eligible}</dt><dd>${amount(eligible, words)}</dd></div>
<div><dt>${facts.failed}</dt><dd>${amount(failed, words)}</dd></div></dl>`;
}

interface Told {
  readonly view: CampaignView;
  readonly rows: readonly BatchDetails[];
  readonly audience: string;
  readonly ask: Ask;
}

function timelinePart({ view, rows, audience, ask }: Told): Html {
  const { words } = ask;
  const { campaign: say } = words.screens;
  const { timeline } = say;
  const { approved } = view;
  const taken = rows
    .flatMap(({ submittedAt }) => submittedAt ?? [])
    .sort()
    .at(-1);
  const { settled, total } = view.batches;
  const steps: readonly (readonly [string, Html | string | undefined])[] = [
    [timeline.submitted, html`${timeTag(view.createdAt)} · ${view.createdBy}`],
    [
      timeline.approved,
      approved &&
        html`${timeTag(approved.at)} · ${approved.by}${approved.draft && html` · ${timeline.draftRead}`}`,
    ],
    [timeline.begins, timeTag(view.sendAt)],
    [timeline.sent, taken && timeTag(taken)],
    [timeline.results, total > 0 ? `${settled} / ${total}` : undefined],
    [timeline.ended, view.completedAt && timeTag(view.completedAt)],
    [timeline.corrected, view.correctedAt && timeTag(view.correctedAt)],
    [timeline.expires, view.completedAt ? undefined : timeTag(view.notAfter)],
  ];
  const links = articleLinks(rows);
  return html`<section id="timeline">
<dl class="facts-list"><div><dt>${say.audience}</dt><dd>${audience}</dd></div>${steps.map(
    ([label, value]) => value && html`<div><dt>${label}</dt><dd>${value}</dd></div>`,
  )}<div><dt>${say.id}</dt><dd><code>${view.id}</code></dd></div></dl>
${
  links.length > 0 &&
  html`<h2>${say.links}</h2><ol>${links.map((url) => html`<li><a href="${url}" rel="noreferrer">${url}</a></li>`)}</ol>`
}
${
  ask.refusal('send', view.account) === null &&
  html`<form method="post" action="/page/campaigns/${view.id}/copy"><p class="buttons"><button>${say.copy}</button></p></form>`
}
<p class="facts"><a href="/page/campaigns/${view.id}/results.csv" download>${say.results}</a>${
    ask.hasAllRights && html` · <a href="/board/queue/campaigns/c-${view.id}">${say.tree}</a>`
  }</p>
</section>`;
}

/** Where several batches went out: how many had, and how many results had come. */
function progressPart(view: CampaignView, rows: readonly BatchDetails[], words: Words): Html {
  const { campaign: say } = words.screens;
  const times = (field: 'submittedAt' | 'settledAt'): number[] =>
    rows.flatMap((batch) => (batch[field] === undefined ? [] : Date.parse(batch[field])));
  const submitted = times('submittedAt');
  const settled = times('settledAt');
  if (submitted.length < 2) return html`<section id="progress"></section>`;
  const { edges, lines } = countedOver([submitted, settled]);
  const { total } = view.batches;
  const rowsOf = edges.map((edge, at) => ({ edge, counts: lines.map((line) => line[at] ?? 0) }));
  const changes = rowsOf.filter(
    ({ counts }, at) => String(counts) !== String(rowsOf[at - 1]?.counts),
  );
  return html`<section id="progress"><h2>${say.overTime}</h2>
${stepChart(
  {
    ...{ id: 'progress-chart', title: say.overTime, lines, total },
    says: `${words.facts.submitted(submitted.length, total)}; ${words.facts.confirmed(settled.length, total)}`,
    colours: [say.series.submitted, say.series.confirmed],
    from: shown(edges[0] ?? 0),
    until: shown(edges.at(-1) ?? 0),
  },
  words,
)}
${figures(
  words.frame.table,
  [say.time, say.series.submitted, say.series.confirmed],
  changes.map(({ edge, counts }) => [shownToSecond(edge), ...counts.map(number)]),
)}</section>`;
}

/** Of the first batch that has them: an article has a page of its own in each send. */
const articleLinks = (rows: readonly BatchDetails[]): string[] => {
  const first = rows.find(({ receipt }) => receipt?.articleUrls?.length);
  const urls = first?.receipt?.articleUrls?.map(({ url }) => url) ?? [];
  return urls.filter((url) => /^https?:\/\//.test(url));
};

const ORDER: readonly BatchState[] = [
  ...(['held', 'abandoned', 'refused', 'settled', 'submitting'] as const),
  ...(['submitted', 'pending', 'cancelled'] as const),
];

/** What is settled well comes last of all. */
function notFineFirst(a: BatchDetails, b: BatchDetails): number {
  return rank(a) - rank(b) || a.no - b.no;
}

function rank({ state, receipt }: BatchDetails): number {
  const isFine = receipt?.status === 'delivered' && receipt.sent !== 0;
  return isFine ? ORDER.length : ORDER.indexOf(state);
}

function batchesPart(rows: readonly BatchDetails[], page: number, id: string, words: Words): Html {
  const { campaign: say } = words.screens;
  const { columns } = say;
  const heads = [columns.people, columns.sent, columns.failed];
  const paged = { page, size: BATCHES_SHOWN, total: rows.length, name: 'batches' };
  const some = rows.slice((page - 1) * BATCHES_SHOWN, page * BATCHES_SHOWN);
  return html`<section id="batches">
<h2>${say.batches}${rows.length > 1 && html` <small>${say.notFine}</small>`}</h2>
${rows.length === 0 && html`<p class="facts">${words.facts.notStarted}</p>`}
${
  rows.length > 0 &&
  scrolled(
    say.batches,
    html`<table><thead><tr><th scope="col">${columns.no}</th><th scope="col">${columns.state}</th>
${heads.map((head) => html`<th scope="col" class="n">${head}</th>`)}
<th scope="col">${columns.next}</th><th scope="col">${columns.msgId}</th></tr></thead>
<tbody>${some.map((batch) => batchRow(batch, words))}</tbody></table>`,
  )
}
${pager({ path: `/page/campaigns/${id}`, query: {}, ...paged }, words)}
</section>`;
}

function batchRow(batch: BatchDetails, words: Words): Html {
  const { no, state, size, msgId, receipt, nextAttemptAt, twice } = batch;
  const why = [batchWhy(batch), ...(twice ? [words.screens.campaign.twice] : [])]
    .filter(Boolean)
    .join(' · ');
  return html`<tr id="b-${no}"><th scope="row">${no}</th>
<td class="state">${words.batchStates[state]}${why && html`<br><span class="facts">${why}</span>`}</td>
<td class="n">${size !== null && number(size)}</td>
<td class="n">${receipt && amount(receipt.sent, words)}</td>
<td class="n">${receipt && amount(receipt.failed, words)}</td>
<td>${nextAttemptAt && timeTag(nextAttemptAt)}</td>
<td>${msgId !== undefined && html`<code>${msgId}</code>`}</td></tr>`;
}

const auditPart = (entries: readonly AuditEntry[], words: Words): Html =>
  html`<section id="audit"><h2>${words.screens.campaign.audit}</h2>
<ol class="audit">${entries
    .toReversed()
    .map(
      ({ at, by, note, batch, ...entry }) =>
        html`<li>${timeTag(rfc3339(at))} <b>${by}</b> ${auditWords(entry, words.lang)}${
          batch !== undefined && ` · ${words.screens.campaign.batch(batch)}`
        }${note !== undefined && html` <q>${note}</q>`}</li>`,
    )}</ol></section>`;
