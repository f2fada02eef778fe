/** Charts drawn by the server, without a script. The same figures stand in a table beside each. */
import { type Html, html } from '../html.ts';
import type { Words } from '../words.ts';
import { number } from './table.ts';

interface Chart {
  /** One of its kind on the page. */
  readonly id: string;
  readonly title: string;
  /** What is drawn, to whoever cannot see it. */
  readonly says: string;
  /** What each colour means, in the order of the values. */
  readonly colours: readonly string[];
}

interface Bar {
  readonly label: string;
  /** One on another, from below; a colour each. */
  readonly values: readonly number[];
}

interface BarChart extends Omit<Chart, 'says'> {
  /** A day each, the oldest first. */
  readonly bars: readonly Bar[];
  /** Drawn as a line: what is allowed at most. */
  readonly limit?: { readonly name: string; readonly value: number };
}

interface StepChart extends Chart {
  /** Counts at equal distances, the first at `from`; a colour each. */
  readonly lines: readonly (readonly number[])[];
  readonly total: number;
  readonly from: string;
  readonly until: string;
}

const WIDTH = 600;
const HEIGHT = 120;
const GAP = 2;
const HEADROOM = 8;

export function barChart({ bars, limit, ...chart }: BarChart, words: Words): Html {
  const { chart: say } = words.frame;
  const sums = bars.map(({ values }) => values.reduce((sum, one) => sum + one, 0));
  const highest = Math.max(0, ...sums);
  const most = Math.max(1, highest, limit?.value ?? 0);
  const heightOf = (value: number): number => (value / most) * (HEIGHT - HEADROOM);
  const step = WIDTH / Math.max(1, bars.length);
  const [first = '', last = ''] = [bars[0]?.label, bars.at(-1)?.label];
  const best = bars[sums.indexOf(highest)]?.label ?? '';
  const total = number(sums.reduce((all, one) => all + one, 0));
  const shapes = bars.map(({ label, values }, at) => {
    let y = HEIGHT;
    return values.map((value, nth) => {
      if (value === 0) return null;
      y -= heightOf(value);
      return html`<rect class="bar-${nth}" x="${(at * step + GAP / 2).toFixed(1)}" y="${y.toFixed(1)}" width="${(step - GAP).toFixed(1)}" height="${heightOf(value).toFixed(1)}"><title>${label}: ${chart.colours[nth]} ${number(value)}</title></rect>`;
    });
  });
  const line = limit && HEIGHT - heightOf(limit.value);
  return drawn(
    'bar',
    { ...chart, says: say.days(first, last, total, best, number(highest)) },
    [first, say.most(number(highest)), last],
    html`${shapes}${
      limit &&
      html`<line class="limit" x1="0" y1="${line}" x2="${WIDTH}" y2="${line}"><title>${limit.name} ${number(limit.value)}</title></line>`
    }`,
  );
}

export function stepChart({ lines, total, from, until, ...chart }: StepChart, words: Words): Html {
  const shapes = lines.map((counts, nth) => {
    const points = counts.map((count, at) => {
      const x = (at / Math.max(1, counts.length - 1)) * WIDTH;
      const y = HEIGHT - (count / Math.max(1, total)) * (HEIGHT - HEADROOM);
      return `${x.toFixed(1)},${y.toFixed(1)}`;
    });
    return html`<polyline class="line-${nth}" points="${points.join(' ')}"/>`;
  });
  return drawn(
    'line',
    chart,
    [from, words.frame.chart.total(number(total)), until],
    html`${shapes}`,
  );
}

const drawn = (
  kind: 'bar' | 'line',
  { id, title, says, colours }: Chart,
  axis: readonly [string, string, string],
  shapes: Html,
): Html => html`<figure class="chart">
${colours.length > 1 && html`<p class="legend">${colours.map((name, nth) => html`<span class="${kind}-${nth}">${name}</span> `)}</p>`}
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-labelledby="${id}-t ${id}-d" preserveAspectRatio="none"><title id="${id}-t">${title}</title><desc id="${id}-d">${says}</desc>
<line x1="0" y1="${HEIGHT}" x2="${WIDTH}" y2="${HEIGHT}"/>${shapes}</svg>
<figcaption>${axis.map((text) => html`<span>${text}</span>`)}</figcaption></figure>`;

const STEPS = 60;

/** How many of these times have come, at equal distances from the first of all to the last. */
export function countedOver(series: readonly (readonly number[])[]) {
  const all = series.flat();
  // Not Math.min(...all): a campaign may have many thousands of batches.
  const from = all.reduce((least, at) => Math.min(least, at), Number.POSITIVE_INFINITY);
  const until = all.reduce((most, at) => Math.max(most, at), 0);
  const edges = Array.from({ length: STEPS + 1 }, (_, at) => from + ((until - from) * at) / STEPS);
  const lines = series.map((times) => {
    const sorted = times.toSorted((a, b) => a - b);
    let come = 0;
    return edges.map((edge) => {
      while (come < sorted.length && (sorted[come] ?? 0) <= edge) come += 1;
      return come;
    });
  });
  return { edges, lines };
}
