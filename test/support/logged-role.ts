/** A role as a process of its own, as it runs in production, with every line that it writes. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll } from 'vitest';
import type { LogLine } from './log-lines.ts';

const MAIN = join(import.meta.dirname, '../../src/main.ts');

export interface RoleProcess {
  /** Of both its streams. */
  readonly text: readonly string[];
  /** The same, read as JSON. */
  lines(): readonly LogLine[];
  /** Where it can be reached: the first address that it says. */
  readonly address: string;
  /** @returns its exit code. */
  end(signal: NodeJS.Signals): Promise<number | null>;
}

/** To be called at the top of a file or of a `describe`. */
export async function startRoleProcess(
  role: string,
  environment: Readonly<Record<string, string>>,
  preload: readonly string[] = [],
): Promise<RoleProcess> {
  const imports = ['tsx', ...preload].flatMap((module) => ['--import', module]);
  const child = spawn(process.execPath, [...imports, MAIN, role], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH, ...environment },
  });
  const closed = once(child, 'close');
  afterAll(async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    await closed;
  });
  const text: string[] = [];
  const started = new Promise<void>((resolve, reject) => {
    for (const input of [child.stdout, child.stderr]) {
      createInterface({ input }).on('line', (line) => {
        text.push(line);
        if (line.includes('"role.started"')) resolve();
      });
    }
    closed.then(() => reject(new Error(`${role} ended: ${text.join('\n')}`)), reject);
  });
  await started;
  const lines = () => text.map((line) => JSON.parse(line) as LogLine);
  const address = lines().find(({ event }) => event === 'role.address')?.address;
  return {
    ...{ text, lines, address: String(address) },
    async end(signal) {
      child.kill(signal);
      const [code] = (await closed) as [number | null];
      return code;
    },
  };
}
