/** A process that is started again whenever it ends, until it is told to stay down. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

export interface ChaosProcess {
  readonly name: string;
  /**
   * SIGKILL; true if there was something to kill. Once it is gone `whileDown` is called, and after
   * `downMs` it comes back.
   */
  kill(downMs: number, whileDown?: () => void): boolean;
  /** SIGSTOP; `goOn` or a kill ends it. False: it is not running, or is stopped already. */
  freeze(): boolean;
  goOn(): void;
  /** Of the process that runs just now. */
  pid(): number | undefined;
  /** How often it ended without having been killed here. */
  crashes(): number;
  /** Ends it for good: SIGTERM, and SIGKILL if that is not heard. */
  end(): Promise<void>;
}

export interface ProcessPlan {
  readonly name: string;
  readonly command: readonly string[];
  /** Asked for at each start. */
  readonly env?: () => Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly logFile: string;
}

/** After a crash of its own: long enough for what it misses to come back. */
const CRASH_PAUSE = 500;
const PATIENCE = 5_000;

export function keepRunning({ name, command, env, cwd, logFile }: ProcessPlan): ChaosProcess {
  let child: ChildProcess | undefined;
  let frozen = false;
  let killed: { downMs: number; whileDown: (() => void) | undefined } | undefined;
  let ending = false;
  let crashes = 0;

  function start(): void {
    if (ending) return;
    const log = openSync(logFile, 'a');
    const [file = '', ...args] = command;
    const started = spawn(file, args, {
      stdio: ['ignore', log, log],
      ...(env
        ? { env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '', ...env() } }
        : {}),
      ...(cwd ? { cwd } : {}),
    });
    closeSync(log);
    child = started;
    frozen = false;
    started.once('error', () => undefined);
    started.once('exit', () => void comeBack(started));
  }

  async function comeBack(ended: ChildProcess): Promise<void> {
    if (child === ended) child = undefined;
    if (ending) return;
    if (!killed) crashes += 1;
    const { downMs, whileDown } = killed ?? { downMs: CRASH_PAUSE };
    killed = undefined;
    whileDown?.();
    await sleep(downMs);
    start();
  }

  start();
  return {
    name,
    kill(downMs, whileDown) {
      if (!child || killed) return false;
      killed = { downMs, whileDown };
      return child.kill('SIGKILL');
    },
    freeze() {
      if (!child || frozen) return false;
      frozen = true;
      return child.kill('SIGSTOP');
    },
    goOn() {
      if (frozen) child?.kill('SIGCONT');
      frozen = false;
    },
    pid: () => child?.pid,
    crashes: () => crashes,
    async end() {
      ending = true;
      const last = child;
      if (!last) return;
      const gone = once(last, 'exit');
      last.kill('SIGCONT');
      last.kill('SIGTERM');
      const impatience = setTimeout(() => last.kill('SIGKILL'), PATIENCE);
      await gone;
      clearTimeout(impatience);
    },
  };
}
