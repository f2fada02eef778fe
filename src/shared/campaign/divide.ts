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

export interface Part {
  readonly range: Range;
  readonly size: number;
}

/**
 * Two halves, or null: WeChat takes two OpenIDs at least, so four are the least to divide.
 *
 * @param kept positions in the list, where some of the range are left out.
 */
export function halvesOf({ from, to }: Range, kept?: readonly number[]): [Part, Part] | null {
  const size = kept?.length ?? to - from;
  if (size < 4) return null;
  const lower = Math.ceil(size / 2);
  const middle = kept?.[lower] ?? from + lower;
  return [
    { range: { from, to: middle }, size: lower },
    { range: { from: middle, to }, size: size - lower },
  ];
}
