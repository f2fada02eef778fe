/** What became of it: people by day, and why WeChat refused. */
import { batchView } from '../../../shared/contract/batch-view.ts';
import type { CampaignView } from '../../../shared/contract/campaign-view.ts';
import type { AccountConfig } from '../../../shared/platform/accounts.ts';
import type { BatchStore } from '../../../shared/record/batch-store.ts';
import type { CampaignStore } from '../../../shared/record/campaign-store.ts';
import { BOM, csvLine } from '../../http/csv.ts';
import { type Html, html } from '../html.ts';
import { barChart } from '../parts/chart.ts';
import { address, number, scrolled, select } from '../parts/table.ts';
import type { Ask, Screen, Show } from '../screen.ts';
import { addDays, between, dayOf } from '../times.ts';
import type { Words } from '../words.ts';

interface Dependencies {
  readonly accounts: () => readonly Pick<AccountConfig, 'name'>[];
  readonly campaigns: Pick<CampaignStore, 'list'>;
  readonly batches: Pick<BatchStore, 'all'>;
  readonly now: () => number;
}

const PATH = '/page/statistics';
const SPANS = [7, 30, 90] as const;
const CAMPAIGNS_READ = 5_000;
/** Looked into for the reasons of refusals. */
const REFUSED_READ = 200;
const REASONS_SHOWN = 10;

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
    ...{ limit: CAMPAIGNS_READ, isAllowed, ...between(days[0] ?? until, until) },
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
    const refusals = await refusalsOf(deps, found, words);
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
  const row = (label: string, cells: readonly string[]): Html =>
    html`<tr><th scope="row">${label}</th>${cells.map((cell) => html`<td class="n">${cell}</td>`)}</tr>`;
  const heads = [say.campaigns, say.sent, say.failed, say.filtered];
  return html`<section id="days"><h2>${say.byDay}</h2>
<p class="legend"><span class="bar-0">${say.sent}</span> <span class="bar-1">${say.failed}</span> <span class="bar-2">${say.filtered}</span></p>
${barChart(
  say.byDay,
  days.map(({ day, sent, failed, filtered }) => ({ label: day, values: [sent, failed, filtered] })),
)}
${!isCounted && html`<p class="facts">${say.unknown}</p>`}
<details open><summary>${say.table}</summary>${scrolled(
    say.byDay,
    html`<table><thead><tr><th scope="col">${say.day}</th>${heads.map((head) => html`<th scope="col" class="n">${head}</th>`)}</tr></thead><tbody>
${row(say.total, [sum((d) => d.campaigns), sum((d) => d.sent), sum((d) => d.failed), sum((d) => d.filtered)])}
${days
  .toReversed()
  .filter(({ campaigns }) => campaigns > 0)
  .map((d) =>
    row(d.day, [d.campaigns, d.sent, d.failed, d.filtered].map(number)),
  )}</tbody></table>`,
  )}</details>
<p class="facts"><a href="${address(`${PATH}.csv`, query)}" download>${say.csv}</a></p></section>`;
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
  for (const { id } of some) {
    for (const batch of await batches.all(id)) {
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
