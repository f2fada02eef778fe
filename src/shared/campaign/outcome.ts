/** What became of a campaign with no open batch: one table, for the code, the docs and OpenAPI. */
import type { Tally } from './progress.ts';
import { NOBODY_WHY } from './receipt.ts';

export const OUTCOMES = ['delivered', 'partly', 'none', 'unknown'] as const;
export type Outcome = (typeof OUTCOMES)[number];

type Cell = 'some' | '0' | 'any';

/** The counts of the columns, and what they come to. Each mixture of counts fits one row. */
const TABLE: readonly (readonly [Cell, Cell, Cell, Cell, Outcome])[] = [
  ['some', 'any', 'any', 'any', 'unknown'],
  ['0', 'some', '0', '0', 'delivered'],
  ['0', 'some', 'some', 'any', 'partly'],
  ['0', '0', 'any', '0', 'none'],
  ['0', 'some', '0', 'some', 'unknown'],
  ['0', '0', 'any', 'some', 'unknown'],
];

export function outcomeOf(tally: Tally): Outcome {
  const nobody = NOBODY_WHY.reduce((sum, why) => sum + tally[`nobody-${why}`], 0);
  const went = tally['receipt-delivered'] - nobody;
  const refused = tally.refused + tally['receipt-refused'];
  const not = refused + tally.cancelled + tally['receipt-failed'] + nobody;
  const counts = [tally.abandoned, went, not, tally['receipt-unknown']];
  const row = TABLE.find((cells) => counts.every((count, at) => fits(cells[at] ?? 'any', count)));
  return row?.[4] ?? 'unknown';
}

const fits = (cell: Cell | Outcome, count: number): boolean =>
  cell === 'any' || (cell === 'some') === count > 0;

/** As Markdown. */
export const outcomeTable = (): string =>
  [['abandoned', 'went', 'not', 'unknown', 'outcome'], Array(5).fill('---'), ...TABLE]
    .map((row) => `| ${row.join(' | ')} |`)
    .join('\n');

/** What the columns count. */
export const OUTCOME_COLUMNS =
  'By batches. abandoned: given up by an operator. went: delivered to at least one follower, or WeChat gave no counts. ' +
  'not: refused on submission, refused by audit, failed, cancelled, or sent to nobody. unknown: settled without a status from WeChat.';
