/** How a refused batch is made smaller, to find the one OpenID that WeChat refuses it for. */
import type { Batch } from './batch.ts';
import { batchRange } from './cut.ts';

export interface Range {
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
}

/** Its own range once it was divided, else the one its number gives it. */
export const rangeOf = (batch: Pick<Batch, 'no' | 'range'>, recipients: number): Range =>
  batch.range ?? batchRange(recipients, batch.no);

/** Two halves, or null: WeChat takes two OpenIDs at least, so four are the least to divide. */
export function halvesOf({ from, to }: Range): [Range, Range] | null {
  if (to - from < 4) return null;
  const middle = from + Math.ceil((to - from) / 2);
  return [
    { from, to: middle },
    { from: middle, to },
  ];
}

export const sizeOf = ({ from, to }: Range): number => to - from;
