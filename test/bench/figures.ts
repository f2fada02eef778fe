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

/** Rates, the higher the better. Round by round, since a shared machine changes from one to the next. */
export const ratio = (ours: readonly number[], theirs: readonly number[]): number =>
  rounded(median(ours.map((rate, round) => rate / (theirs[round] ?? Number.NaN))));
