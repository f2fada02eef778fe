/** How many streams one process keeps open, and one caller of it: each reads Redis when something changes. */
import type { Response } from 'express';
import type { Problem } from '../../shared/contract/problem.ts';
import { callerOf } from './caller.ts';

interface Most {
  readonly all: number;
  readonly ofOne: number;
}

/** @returns takes a place until the answer ends, or says why there is none. */
export function limitStreams(most: Most): (res: Response) => Problem | null {
  const open = new Map<string, number>();
  let total = 0;
  return (res) => {
    const by = callerOf(res);
    const own = open.get(by) ?? 0;
    if (own >= most.ofOne) return { code: 'rate-limited', of: 'streams' };
    if (total >= most.all) return { code: 'too-many-streams' };
    total += 1;
    open.set(by, own + 1);
    res.once('close', () => {
      total -= 1;
      const left = (open.get(by) ?? 1) - 1;
      if (left > 0) open.set(by, left);
      else open.delete(by);
    });
    return null;
  };
}
