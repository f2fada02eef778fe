/**
 * With which settings and by which clock a role is started each time. Decided by the seed alone.
 *
 * A worker whose clock is wrong must do nothing until it is killed; the other roles go by Redis'
 * time and must not mind.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { dice } from './seeded.ts';

interface Life {
  readonly role: string;
  /** As faketime takes it. */
  readonly clock: string | null;
  /** Bytes of its log that were there before. */
  readonly logFrom: number;
}

type Settings = Readonly<Record<string, { readonly newsRoute: string }>>;

const CLOCKS = ['+8h', '-8h', '+1h', '-20m', '+40s'] as const;
const ROUTES = ['uploadnews', 'draft'] as const;

export type Lives = ReturnType<typeof makeLives>;

interface Dependencies {
  readonly seed: number;
  readonly dir: string;
  readonly accounts: Settings;
  readonly logOf: (role: string) => string;
}

export function makeLives({ seed, dir, accounts, logOf }: Dependencies) {
  const lives: Life[] = [];
  const dices = new Map<string, ReturnType<typeof dice>>();
  const library = faketimeLibrary();
  let isCalm = false;

  /** The environment of the life that begins now, beside what all lives of the role have. */
  function begin(role: string): Record<string, string> {
    const chance = dices.get(role) ?? dice(seed, `lives of ${role}`);
    const isFirst = !dices.has(role);
    dices.set(role, chance);
    const isPlain = isFirst || isCalm;
    const clock = !isPlain && library && chance.chance(0.15) ? chance.pick(CLOCKS) : null;
    const changed = Object.fromEntries(
      Object.entries(accounts).map(([name, settings]) => [
        name,
        {
          ...settings,
          callsPerMinute: isPlain ? 1_200 : chance.pick([120, 600, 1_200]),
          newsRoute: !isPlain && chance.chance(0.2) ? chance.pick(ROUTES) : settings.newsRoute,
        },
      ]),
    );
    const file = join(dir, `accounts-${role}.json`);
    writeFileSync(file, JSON.stringify(changed));
    lives.push({ role, clock, logFrom: sizeOf(logOf(role)) });
    const faked = { FAKETIME: clock ?? '', FAKETIME_DONT_FAKE_MONOTONIC: '1' };
    return { ACCOUNTS_FILE: file, ...(clock && library ? { LD_PRELOAD: library, ...faked } : {}) };
  }

  /** Every life that begins from now on has the usual settings and the right clock. */
  function calm(): void {
    isCalm = true;
  }

  const hasWrongClock = (role: string): boolean =>
    lives.findLast((life) => life.role === role)?.clock != null;

  /** What workers with a wrong clock logged: work is a finding. */
  function wrongClocks(): { readonly lives: number; readonly said: number; findings: string[] } {
    const wrong = lives
      .map((life, at) => ({ life, at }))
      .filter(({ life: { role, clock } }) => clock !== null && role.startsWith('worker'));
    const logs = wrong.map(({ life, at }) => ({ life, events: eventsOf(life, at) }));
    return {
      lives: wrong.length,
      said: logs.filter(({ events }) => events.includes('clock.wrong')).length,
      findings: logs.flatMap(({ life, events }) =>
        events
          .filter((event) => WORK.test(event))
          .map((event) => `${life.role} by a clock of ${life.clock} did ${event}`),
      ),
    };
  }

  function eventsOf({ role, logFrom }: Life, at: number): string[] {
    const next = lives.find((life, later) => later > at && life.role === role);
    const text = readFileSync(logOf(role)).subarray(logFrom, next?.logFrom).toString();
    return [...text.matchAll(/"event":"([^"]*)"/g)].map(([, event = '']) => event);
  }

  return { begin, calm, hasWrongClock, wrongClocks };
}

const WORK = /^(submission|batch|upload|campaign|webhook|sweep|draft)\./;

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

/** Preloaded, since the program of that name would stand between a kill and its process. */
function faketimeLibrary(): string | null {
  try {
    return execFileSync('faketime', ['-f', '+0', 'printenv', 'LD_PRELOAD']).toString().trim();
  } catch {
    return null;
  }
}
