/** Roles in a process of their own, asked from outside how long their loop stood still. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Stall } from './watch-stalls.ts';

/** Meant is the clock; measured is the processor, for others use this machine, too (stalls.test.ts). */
export const MOST_MS = 100;

export interface Watched {
  readonly addresses: Readonly<Record<string, string>>;
  /** The longest since the last time. */
  stall(): Promise<Stall>;
  stop(): void;
}

export async function startWatched(
  roles: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<Watched> {
  const child = fork(join(import.meta.dirname, 'watched-roles.ts'), roles, {
    execArgv: ['--import', 'tsx'],
    env: { PATH: process.env.PATH, ...env },
  });
  const [addresses] = await once(child, 'message');
  return {
    addresses,
    async stall() {
      child.send('how long?');
      const [longest] = await once(child, 'message');
      return longest;
    },
    stop: () => child.kill('SIGKILL'),
  };
}
