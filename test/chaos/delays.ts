/** How far Redis is from each role: 0 to 100 ms, and changing. Decided by the seed alone. */
import { spawn } from 'node:child_process';
import type { DelaySettings } from './delay-process.ts';
import { dice } from './seeded.ts';

const LONGEST = 100;

export interface Delays {
  change(): void;
  /** From now on there are none. */
  end(): void;
  close(): void;
}

/** @param command that runs `delay-process.ts`. */
export function startDelays(
  [file = '', ...args]: readonly string[],
  { settings, seed }: { readonly settings: DelaySettings; readonly seed: number },
): Delays {
  const chance = dice(seed, 'delays');
  const child = spawn(file, [...args, JSON.stringify(settings)], {
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  const set = (ms: () => number): void => {
    for (const port of settings.ports) child.stdin.write(`${port} ${ms()}\n`);
  };
  child.stdin.on('error', () => undefined);
  return {
    change: () => set(() => (chance.chance(0.5) ? 0 : chance.between(1, LONGEST))),
    end: () => set(() => 0),
    close: () => void child.kill(),
  };
}
