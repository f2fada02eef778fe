/** Bars drawn by the server. The same figures stand in a table beside them. */
import { type Html, html } from '../html.ts';
import { number } from './table.ts';

interface Bar {
  readonly label: string;
  /** One on another, from below; a colour each. */
  readonly values: readonly number[];
}

const WIDTH = 600;
const HEIGHT = 120;
const GAP = 2;

/** @param title says what is drawn, to whoever cannot see it. */
export function barChart(title: string, bars: readonly Bar[]): Html {
  const most = Math.max(1, ...bars.map(({ values }) => values.reduce((sum, one) => sum + one, 0)));
  const step = WIDTH / Math.max(1, bars.length);
  return html`<svg class="chart" viewBox="0 0 ${WIDTH} ${HEIGHT + 16}" role="img" aria-label="${title}" preserveAspectRatio="none">
<line x1="0" y1="${HEIGHT}" x2="${WIDTH}" y2="${HEIGHT}"/>${bars.map(({ label, values }, at) => {
    let y = HEIGHT;
    return values.map((value, nth) => {
      const height = (value / most) * (HEIGHT - 8);
      y -= height;
      return html`<rect class="bar-${nth}" x="${(at * step + GAP / 2).toFixed(1)}" y="${y.toFixed(1)}" width="${(step - GAP).toFixed(1)}" height="${height.toFixed(1)}"><title>${label}: ${number(value)}</title></rect>`;
    });
  })}
</svg>`;
}
