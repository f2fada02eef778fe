/**
 * How fast, and at what cost. Beside a busy neighbour a rate says how much of the machine was left;
 * what a unit costs in processor time varies far less.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { median, ratio, rounded } from './figures.ts';

export interface Measured {
  readonly perSecond: number;
  /** Of this process and of all that it has started: Redis, the sandbox, the servers. */
  readonly cpuMs: number;
}

/** Begins now. */
export function startClock(): (units: number) => Measured {
  const spent = cpuMs();
  const began = performance.now();
  return (units) => ({
    perSecond: rounded(units / ((performance.now() - began) / 1_000), 0),
    cpuMs: rounded((cpuMs() - spent) / units, 3),
  });
}

/** Both sides' figures for the report, round by round, and their ratios: the higher the better. */
export function compared(name: string, theirs: readonly Measured[], ours: readonly Measured[]) {
  const rates = [theirs, ours].map((side) => side.map(({ perSecond }) => perSecond));
  const costs = [theirs, ours].map((side) => side.map(({ cpuMs: ms }) => ms));
  const [theirRates = [], ourRates = []] = rates;
  const [theirCosts = [], ourCosts = []] = costs;
  return {
    [name]: theirRates,
    ours: ourRates,
    ratio: ratio(ourRates, theirRates),
    cpuMs: { [name]: theirCosts, ours: ourCosts },
    cpuRatio: rounded(median(theirCosts) / median(ourCosts)),
  };
}

const TICK_MS = 10;

/** By /proc, so on Linux alone; 0 elsewhere. */
function cpuMs(): number {
  const children = new Map<string, { pid: string; ticks: number }[]>();
  for (const pid of pids()) {
    const { parent, ticks } = readStat(pid);
    children.set(parent, [...(children.get(parent) ?? []), { pid, ticks }]);
  }
  const below = (pid: string): number =>
    (children.get(pid) ?? []).reduce((sum, one) => sum + one.ticks + below(one.pid), 0);
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000 + below(String(process.pid)) * TICK_MS;
}

const pids = (): string[] =>
  existsSync('/proc') ? readdirSync('/proc').filter((name) => /^\d+$/.test(name)) : [];

/** Its ticks in user mode and in the system. */
function readStat(pid: string): { parent: string; ticks: number } {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { parent: fields[1] ?? '', ticks: Number(fields[11]) + Number(fields[12]) };
  } catch {
    return { parent: '', ticks: 0 }; // ended meanwhile
  }
}
