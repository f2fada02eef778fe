/**
 * How fast, and at what cost. Beside a busy neighbour a rate says how much of the machine was left;
 * what a unit costs in processor time varies far less.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import type { Redis } from 'ioredis';
import { ratios, rounded, type Spread, spread } from './figures.ts';

export interface Measured {
  readonly perSecond: number;
  /** Of this process and of all that it has started: Redis, the sandbox, the servers. */
  readonly cpuMs: number;
  /** Redis commands, those within scripts included; bytes to Redis and back. */
  readonly commands: number;
  readonly bytes: number;
}

/** Begins now. All but the rate is for one unit. */
export async function startClock(redis: Redis): Promise<(units: number) => Promise<Measured>> {
  const [spent, said] = [cpuMs(), await counted(redis)];
  const began = performance.now();
  return async (units) => {
    const seconds = (performance.now() - began) / 1_000;
    const used = cpuMs() - spent;
    const { commands, bytes } = await counted(redis);
    return {
      perSecond: rounded(units / seconds, 0),
      cpuMs: rounded(used / units, 3),
      commands: rounded((commands - said.commands) / units, 1),
      bytes: rounded((bytes - said.bytes) / units, 0),
    };
  };
}

async function counted(redis: Redis): Promise<{ commands: number; bytes: number }> {
  const text = await redis.info('everything');
  const sum = (pattern: RegExp): number =>
    [...text.matchAll(pattern)].reduce((all, [, value]) => all + Number(value), 0);
  return {
    commands: sum(/cmdstat_[^:]+:calls=(\d+)/g),
    bytes: sum(/total_net_(?:in|out)put_bytes:(\d+)/g),
  };
}

/** Both sides, of all rounds: what each rate and cost was, and how many times theirs ours is. */
export function compared(
  against: string,
  theirs: readonly Measured[],
  ours: readonly Measured[],
): Readonly<Record<string, unknown>> {
  const of = (what: keyof Measured): [Spread, Spread, Spread] => {
    const sides = [theirs, ours].map((side) => side.map((one) => one[what]));
    const [their = [], our = []] = sides;
    return [spread(their), spread(our), spread(ratios(our, their))];
  };
  const [theirRate, ourRate, ratio] = of('perSecond');
  const costs = (['cpuMs', 'commands', 'bytes'] as const).map((what) => {
    const [their, our, times] = of(what);
    return [what, { theirs: their, ours: our, times }];
  });
  return {
    against,
    ...{ theirs: theirRate, ours: ourRate, ratio },
    ...Object.fromEntries(costs),
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
