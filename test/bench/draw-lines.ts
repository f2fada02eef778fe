/** Lines over two axes, logarithmic or not, as an SVG that needs nothing else. */

export interface Line {
  readonly name: string;
  readonly points: [x: number, y: number][];
}

const WIDTH = 720;
const HEIGHT = 320;
const EDGE = { left: 56, right: 270, top: 36, bottom: 36 };
const COLOURS = ['#1f6feb', '#d1242f', '#1a7f37', '#9a6700', '#8250df'];

/** 0 has a place of its own, left of 1. */
const log = (value: number): number => (value < 1 ? -0.5 : Math.log10(value));

/** Where values stand between `from` and `to`, and the values that are written beside the axis. */
interface Scale {
  readonly place: (value: number) => number;
  readonly ticks: readonly number[];
}

function logarithmicScale(values: readonly number[], from: number, to: number): Scale {
  const logs = values.map(log);
  const [low, high] = [Math.floor(Math.min(...logs)), Math.ceil(Math.max(...logs) + 0.01)];
  const place = (value: number) => from + ((log(value) - low) / (high - low)) * (to - from);
  const ticks = Array.from({ length: high - low + 1 }, (_, at) => 10 ** (low + at));
  return { place, ticks: ticks.filter((tick) => tick >= 1) };
}

/** From 0 on. */
function linearScale(values: readonly number[], from: number, to: number): Scale {
  const most = Math.max(...values);
  const power = 10 ** Math.floor(Math.log10(most / 2));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((one) => most / one <= 6) ?? most;
  const steps = Math.ceil(most / step);
  const place = (value: number) => from + (value / (steps * step)) * (to - from);
  return { place, ticks: Array.from({ length: steps + 1 }, (_, at) => at * step) };
}

export function drawLines({
  title,
  lines,
  isLogarithmic = true,
}: {
  readonly title: string;
  readonly lines: readonly Line[];
  readonly isLogarithmic?: boolean;
}): string {
  const points = lines.flatMap((line) => line.points);
  const scale = isLogarithmic ? logarithmicScale : linearScale;
  const x = scale(
    points.map(([value]) => value),
    EDGE.left,
    WIDTH - EDGE.right,
  );
  const y = scale(
    points.map(([, value]) => value),
    HEIGHT - EDGE.bottom,
    EDGE.top,
  );
  const text = (at: number, down: number, words: string, anchor = 'start', fill = '#57606a') =>
    `<text x="${at.toFixed(1)}" y="${down.toFixed(1)}" text-anchor="${anchor}" fill="${fill}">${words}</text>`;
  const grid = [
    ...x.ticks.map((tick) =>
      text(x.place(tick), HEIGHT - EDGE.bottom + 18, tick.toLocaleString('en'), 'middle'),
    ),
    ...y.ticks.flatMap((tick) => [
      `<path d="M${EDGE.left} ${y.place(tick).toFixed(1)}H${WIDTH - EDGE.right}" stroke="#d0d7de"/>`,
      text(EDGE.left - 6, y.place(tick) + 4, tick.toLocaleString('en'), 'end'),
    ]),
  ];
  const drawn = lines.flatMap(({ name, points: own }, at) => {
    const colour = COLOURS[at % COLOURS.length] ?? '';
    const path = own.map(([a, b]) => `${x.place(a).toFixed(1)} ${y.place(b).toFixed(1)}`);
    const last = own.at(-1)?.[1] ?? 0;
    return [
      `<path d="M${path.join('L')}" fill="none" stroke="${colour}" stroke-width="2"/>`,
      text(WIDTH - EDGE.right + 12, EDGE.top + 14 + at * 20, `${name}: ${last}`, 'start', colour),
    ];
  });
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">`,
    `<title>${title}</title>`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    text(EDGE.left, 20, title, 'start', '#1f2328'),
    ...grid,
    ...drawn,
    '</svg>',
  ].join('\n')}\n`;
}
