/** How figures are summed up and told. */
import { cpus, loadavg } from 'node:os';

/** One line a bench, with the machine and how busy it was: shared cores make times of no worth. */
export function report(figures: Readonly<Record<string, unknown>>): void {
  const machine = `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, Node ${process.version}`;
  const load = rounded(loadavg()[0] ?? 0);
  process.stdout.write(`${JSON.stringify({ ...figures, machine, load })}\n`);
}

export const rounded = (value: number, places = 2): number => Number(value.toFixed(places));

export const median = (numbers: readonly number[]): number =>
  [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;

export const percentile = (numbers: readonly number[], share: number): number =>
  [...numbers].sort((a, b) => a - b)[Math.floor((numbers.length - 1) * share)] ?? 0;

/** Round by round, since a shared machine changes from one to the next. */
export const ratios = (ours: readonly number[], theirs: readonly number[]): number[] =>
  ours.map((rate, round) => rounded(rate / (theirs[round] ?? Number.NaN)));

export const ratio = (ours: readonly number[], theirs: readonly number[]): number =>
  rounded(median(ratios(ours, theirs)));

/** The median of some rounds, and their range. */
export interface Spread {
  readonly median: number;
  readonly from: number;
  readonly to: number;
}

export const spread = (numbers: readonly number[]): Spread => ({
  median: median(numbers),
  from: Math.min(...numbers),
  to: Math.max(...numbers),
});

/** Of the benches with two sides, as Markdown: medians, and ranges in brackets. */
export function tableOf(lines: readonly string[]): string {
  const told = (value: unknown): string => {
    if (typeof value === 'number') return String(value);
    const { median: middle, from, to } = (value ?? {}) as Partial<Spread>;
    return middle === undefined ? '' : `${middle} (${from}–${to})`;
  };
  const rows = lines.flatMap((line) => {
    const { bench, theirs, ours, ratio: rate, goal, cpuMs, commands, bytes } = JSON.parse(line);
    if (theirs === undefined) return [];
    const times = [cpuMs, commands, bytes].map((cost) => told(cost?.times));
    return [[bench, told(theirs), told(ours), told(rate), told(goal), ...times].join(' | ')];
  });
  const head =
    'bench | theirs | ours | ratio | goal | processor × | Redis commands × | Redis bytes ×';
  return [head, '---|'.repeat(8).slice(0, -1), ...rows].map((row) => `| ${row} |`).join('\n');
}
