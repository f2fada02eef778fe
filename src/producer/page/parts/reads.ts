/** How articles were read, as WeChat counts it. */
import type { Problem } from '../../../shared/contract/problem.ts';
import { problemWords } from '../../../shared/contract/problem-words.ts';
import type { CampaignStatistics } from '../../../shared/contract/statistics.ts';
import { type Html, html } from '../html.ts';
import type { Words } from '../words.ts';
import { barChart } from './chart.ts';
import { amount, figures, number } from './table.ts';

type Article = CampaignStatistics['articles'][number];

/** Of each day alone: WeChat tells totals from the send on. */
export function readsByDay(articles: readonly Article[]): ReadonlyMap<string, number> {
  const byDay = new Map<string, number>();
  for (const { days } of articles) {
    let before = 0;
    for (const { day, readUsers } of days) {
      // A late correction may take some away again.
      byDay.set(day, (byDay.get(day) ?? 0) + Math.max(0, readUsers - before));
      before = readUsers;
    }
  }
  return byDay;
}

export function readsChart(days: readonly (readonly [string, number])[], words: Words): Html {
  const { reads: say } = words.overviews;
  return barChart(
    {
      ...{ id: 'reads-chart', title: say.byDay, colours: [say.columns.readers] },
      bars: days.map(([day, count]) => ({ label: day, values: [count] })),
    },
    words,
  );
}

/** @param found null: WeChat took too long to answer. */
export function readsPart(
  found: CampaignStatistics | { readonly refused: Problem } | null,
  words: Words,
): Html {
  const { reads: say } = words.overviews;
  const around = (content: Html): Html =>
    html`<section id="reads"><h2>${say.title}</h2>${content}</section>`;
  if (found === null) return around(html`<p class="facts">${say.late}</p>`);
  if ('refused' in found) {
    return around(html`<p class="facts">${problemWords(found.refused, words.lang)}</p>`);
  }
  const { articles, missing, unmatched, isDelayed, asOf } = found;
  if (missing === 'no-articles' || missing === 'not-sent') return html``;
  if (missing) return around(html`<p class="facts">${say.notYet}</p>`);
  const { columns } = say;
  const days = [...readsByDay(articles)].sort(([a], [b]) => (a < b ? -1 : 1));
  return around(html`${readsChart(days, words)}
<ol class="reads">${articles.map(
    (one) =>
      html`<li value="${one.position}">${one.title ?? say.untitled}<br><span class="facts">${COUNTS.map(
        (field) => `${columns[field]} ${amount(one[field], words)}`,
      ).join(' · ')}</span></li>`,
  )}</ol>
${figures(
  words.frame.table,
  [say.day, columns.readers],
  days.map(([day, count]) => [day, number(count)]),
)}
<p class="facts">${asOf !== null && say.asOf(asOf)}${isDelayed && ` ${say.delayed}`}${unmatched > 0 && ` ${say.unmatched(unmatched)}`}</p>`);
}

const COUNTS = ['readUsers', 'shareUsers', 'likeUsers', 'comments', 'favouriteUsers'] as const;
