/** A role as it runs for real: a process of its own, configured by its environment alone. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

const MAIN = join(import.meta.dirname, '../../src/main.js');

export interface RoleProcess {
  readonly pid: number;
  /** What it printed at its start. */
  readonly said: string;
  /** Ends it, and waits for its end. */
  kill(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>;
  freeze(): void;
  goOn(): void;
}

/** Whatever becomes of the bench, nothing is left running. */
const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Resolves once it says that it is running. */
export async function startRole(
  role: 'producer' | 'worker' | 'callback',
  env: Readonly<Record<string, string>>,
): Promise<RoleProcess> {
  const { PATH = '', HOME = '' } = process.env;
  const child = spawn(process.execPath, [MAIN, role], {
    env: { PATH, HOME, ...env },
    stdio: ['ignore', 'inherit', 'pipe'],
  });
  const said = await untilItRuns(child);
  const ended = once(child, 'exit');
  running.add(child);
  return {
    pid: child.pid ?? 0,
    said,
    freeze: () => child.kill('SIGSTOP'),
    goOn: () => child.kill('SIGCONT'),
    async kill(signal) {
      child.kill(signal);
      await ended;
      running.delete(child);
    },
  };
}

function untilItRuns(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = '';
    child.once('exit', () => reject(new Error(`ended at once: ${said}`)));
    child.stderr?.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes('is running')) resolve(said);
    });
  });
}
