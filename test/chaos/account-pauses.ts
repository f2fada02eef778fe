/**
 * Now and then an operator pauses an account for longer than an intent is good for, and resumes it:
 * a call that begins in between must have been on record before.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { ACCOUNTS } from './chaos-world.ts';
import { type Counter, OPERATORS } from './counter.ts';
import { dice } from './seeded.ts';

export function makeAccountPauses(seed: number, counter: Pick<Counter, 'steerAccount'>) {
  const paused = new Set<string>();

  async function work(over: AbortSignal): Promise<void> {
    const chance = dice(seed, 'pauses of accounts');
    const rest = (ms: number) => wait(ms, undefined, { signal: over }).catch(() => undefined);
    while (!over.aborted) {
      await rest(chance.between(5_000, 20_000));
      if (over.aborted) return;
      const { name } = chance.pick(ACCOUNTS);
      const by = chance.pick(OPERATORS);
      paused.add(name);
      await counter.steerAccount(by, name, 'pause');
      await rest(chance.between(8_000, 15_000));
      paused.delete(name);
      // Where it is not heard, whoever lets accounts go on will ask again.
      await counter.steerAccount(chance.pick(OPERATORS), name, 'resume');
    }
  }

  return { work, isPaused: (name: string): boolean => paused.has(name) };
}
