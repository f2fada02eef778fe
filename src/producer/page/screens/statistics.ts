/** What became of it: people by day, and why WeChat refused. */
import type { ArticleStatistics } from '../../../shared/actions/article-statistics.ts';
import { batchView } from '../../../shared/contract/batch-view.ts';
import type { CampaignView } from '../../../shared/contract/campaign-view.ts';
import type { CampaignStatistics } from '../../../shared/contract/statistics.ts';
import type { AccountConfig } from '../../../shared/platform/accounts.ts';
import { inTime } from '../../../shared/platform/in-time.ts';
import { SECOND } from '../../../shared/platform/time.ts';
import type { BatchStore } from '../../../shared/record/batch-store.ts';
import type { CampaignStore } from '../../../shared/record/campaign-store.ts';
import { BOM, csvLine } from '../../http/csv.ts';
import { type Html, html } from '../html.ts';
import { barChart } from '../parts/chart.ts';
import { readsByDay, readsChart } from '../parts/reads.ts';
import { address, amount, figures, number, scrolled, select } from '../parts/table.ts';
import { readBatches } from '../read-batches.ts';
import type { Ask, Screen, Show } from '../screen.ts';
import { addDays, between, dayOf } from '../times.ts';
import type { Words } from '../words.ts';

interface Dependencies {
  readonly accounts: () => readonly Pick<AccountConfig, 'name'>[];
  readonly campaigns: Pick<CampaignStore, 'list'>;
  readonly batches: Pick<BatchStore, 'page'>;
  readonly articleStatistics: ArticleStatistics;
  readonly now: () => number;
}

const PATH = '/page/statistics';
const SPANS = [7, 30, 90] as const;
const CAMPAIGNS_READ = 5_000;
/** Looked into for the reasons of refusals. */
const REFUSED_READ = 200;
const REASONS_SHOWN = 10;
const ARTICLES_READ = 20;
const ANSWER_WITHIN = 5 * SECOND;

interface DayOfSends {
  readonly day: string;
  campaigns: number;
  sent: number;
  failed: number;
  filtered: number;
}

async function readDays({ campaigns, now }: Dependencies, { query, isAllowed }: Ask) {
  const span = SPANS.find((one) => String(one) === query.days) ?? 30;
  const until = dayOf(now());
  const days = Array.from({ length: span }, (_, at) => addDays(until, at - span + 1));
  const { campaigns: found } = await campaigns.list({
    ...{
      limit: CAMPAIGNS_READ,
      mostLooks: CAMPAIGNS_READ / 100,
      isAllowed,
      ...between(days[0] ?? until, until),
    },
    ...(query.account ? { account: query.account } : {}),
  });
  const byDay = new Map(
    days.map((day): [string, DayOfSends] => [
      day,
      { day, campaigns: 0, sent: 0, failed: 0, filtered: 0 },
    ]),
  );
  for (const { sendAt, receipt } of found) {
    const of = byDay.get(dayOf(sendAt));
    if (!of) continue;
    of.campaigns += 1;
    of.sent += receipt.sent ?? 0;
    of.failed += receipt.failed ?? 0;
    of.filtered += Math.max(0, (receipt.total ?? 0) - (receipt.eligible ?? receipt.total ?? 0));
  }
  return { span, found, days: [...byDay.values()] };
}

export const showStatistics =
  (deps: Dependencies): Show =>
  async (ask): Promise<Screen> => {
    const { words, query, isAllowed } = ask;
    const { statistics: say } = words.overviews;
    const { span, found, days } = await readDays(deps, ask);
    const [refusals, reads] = await Promise.all([
      refusalsOf(deps, found, words),
      readsOf(deps, found),
    ]);
    const names = deps
      .accounts()
      .filter(({ name }) => isAllowed(name))
      .map(({ name }) => [name, name] as const);
    const isCounted = found.every(
      ({ warnings }) => !warnings.some(({ code }) => code === 'no-counts'),
    );
    return {
      title: say.title,
      nav: 'statistics',
      live: false,
      head: html`<form method="get" action="${PATH}" class="filters" role="search">
${select('account', say.account, [['', words.frame.all], ...names], query.account)}
${select(
  'days',
  say.days,
  SPANS.map((one) => [String(one), String(one)] as const),
  String(span),
)}
<p class="buttons"><button class="strong">${words.frame.apply}</button></p></form>`,
      parts: new Map([
        ['days', daysPart(days, query, isCounted, words)],
        ['reads', readsPart(reads, days, words)],
        ['refusals', refusalsPart(refusals, words)],
      ]),
    };
  };

function daysPart(
  days: readonly DayOfSends[],
  query: Ask['query'],
  isCounted: boolean,
  words: Words,
): Html {
  const { statistics: say } = words.overviews;
  const sum = (of: (day: DayOfSends) => number): string =>
    number(days.reduce((all, day) => all + of(day), 0));
  const total = [say.total, sum((d) => d.campaigns), sum((d) => d.sent), sum((d) => d.failed)];
  const rows = days
    .toReversed()
    .filter(({ campaigns }) => campaigns > 0)
    .map((d) => [d.day, ...[d.campaigns, d.sent, d.failed, d.filtered].map(number)]);
  return html`<section id="days"><h2>${say.byDay}</h2>
${barChart(
  {
    ...{ id: 'days-chart', title: say.byDay, colours: [say.sent, say.failed, say.filtered] },
    bars: days.map((d) => ({ label: d.day, values: [d.sent, d.failed, d.filtered] })),
  },
  words,
)}
${!isCounted && html`<p class="facts">${say.unknown}</p>`}
${figures(
  words.frame.table,
  [say.day, say.campaigns, say.sent, say.failed, say.filtered],
  [[...total, sum((d) => d.filtered)], ...rows],
)}
<p class="facts"><a href="${address(`${PATH}.csv`, query)}" download>${say.csv}</a></p></section>`;
}

interface Read {
  readonly view: CampaignView;
  readonly articles: CampaignStatistics['articles'];
}

interface Reads {
  readonly some: readonly Read[];
  /** False where WeChat has not answered in time for all. */
  readonly isWhole: boolean;
}

/** Of the newest alone: WeChat is asked once a day for each day of a send. */
async function readsOf(
  { articleStatistics }: Dependencies,
  found: readonly CampaignView[],
): Promise<Reads> {
  const sent = found
    .filter(
      ({ messageType, batches }) =>
        messageType === 'news' && batches.submitted + batches.settled > 0,
    )
    .slice(0, ARTICLES_READ);
  const some: Read[] = [];
  const ask = async (): Promise<true> => {
    // One after another: those of one day have one answer of WeChat's.
    for (const view of sent) {
      const answer = await articleStatistics(view.id);
      if (!('refused' in answer)) some.push({ view, articles: answer.articles });
    }
    return true;
  };
  const isWhole = await inTime(ask(), ANSWER_WITHIN).catch(() => false);
  return { some: [...some], isWhole };
}

function readsPart({ some, isWhole }: Reads, days: readonly DayOfSends[], words: Words): Html {
  const { statistics: say } = words.overviews;
  const { reads } = words.overviews;
  const byDay = readsByDay(some.flatMap(({ articles }) => articles));
  const rows = some.flatMap(({ view, articles }) =>
    articles.map((one) => [
      html`<a href="/page/campaigns/${view.id}">${one.title ?? view.name}</a> <span class="facts">${view.account} · ${dayOf(view.sendAt)}</span>`,
      amount(one.readUsers, words),
      amount(one.shareUsers, words),
      amount(one.likeUsers, words),
    ]),
  );
  const { columns } = reads;
  return html`<section id="reads"><h2>${say.articles(ARTICLES_READ)}</h2>
${rows.length === 0 && html`<p class="facts">${say.noArticles}</p>`}
${!isWhole && html`<p class="facts">${say.asking}</p>`}
${
  rows.length > 0 &&
  html`${readsChart(
    days.map(({ day }) => [day, byDay.get(day) ?? 0]),
    words,
  )}${figures(words.frame.table, [reads.title, columns.readUsers, columns.shareUsers, columns.likeUsers], rows)}`
}</section>`;
}

interface Refusal {
  readonly why: string;
  batches: number;
}

/** By code and errcode; the sentence is the first one's. */
async function refusalsOf(
  { batches }: Dependencies,
  found: readonly CampaignView[],
  { lang }: Words,
): Promise<Refusal[]> {
  const some = found
    .filter(
      (view) =>
        view.batches.refused > 0 || view.warnings.some(({ code }) => code === 'refused-later'),
    )
    .slice(0, REFUSED_READ);
  const refusals = new Map<string, Refusal>();
  for (const view of some) {
    const { id } = view;
    for (const batch of await readBatches(batches, view)) {
      const { state, errcode, error, receipt } = batchView(id, batch, lang);
      const isRefused = state === 'refused' || receipt?.status === 'refused';
      if (!isRefused) continue;
      const key = `${error?.code ?? receipt?.code ?? ''} ${errcode ?? ''}`;
      const known = refusals.get(key) ?? {
        why: error?.message ?? receipt?.meaning ?? '',
        batches: 0,
      };
      known.batches += 1;
      refusals.set(key, known);
    }
  }
  return [...refusals.values()]
    .sort((one, other) => other.batches - one.batches)
    .slice(0, REASONS_SHOWN);
}

function refusalsPart(refusals: readonly Refusal[], words: Words): Html {
  const { statistics: say } = words.overviews;
  return html`<section id="refusals"><h2>${say.refusals}</h2>${
    refusals.length === 0
      ? html`<p class="facts">${say.noRefusals}</p>`
      : scrolled(
          say.refusals,
          html`<table><thead><tr><th scope="col">${say.reason}</th><th scope="col" class="n">${say.batches}</th></tr></thead><tbody>${refusals.map(
            ({ why, batches }) =>
              html`<tr><th scope="row">${why}</th><td class="n">${number(batches)}</td></tr>`,
          )}</tbody></table>`,
        )
  }</section>`;
}

export async function statisticsCsv(deps: Dependencies, ask: Ask): Promise<string> {
  const { statistics: say } = ask.words.overviews;
  const { days } = await readDays(deps, ask);
  const head = csvLine([say.day, say.campaigns, say.sent, say.failed, say.filtered]);
  const lines = days.map((d) => csvLine([d.day, d.campaigns, d.sent, d.failed, d.filtered]));
  return `${BOM}${head}${lines.join('')}`;
}
