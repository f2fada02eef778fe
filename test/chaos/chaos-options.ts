/** What a run is told on the command line. */
import { randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { PlannedFault } from './fault-plan.ts';
import type { Hit } from './hit-plan.ts';

/** What was done to the run, and when: ms from its begin. */
export type Happening = { readonly at: number } & (
  | { readonly hit: Hit }
  | { readonly fault: PlannedFault['fault'] }
);

/** What `report.json` of a run holds, as far as a replay needs it. */
export interface ToReplay {
  readonly commit: string;
  readonly options: Omit<ChaosOptions, 'keep' | 'replay'>;
  readonly timeline: readonly Happening[];
}

export interface ChaosOptions {
  readonly kills: number;
  readonly seed: number;
  /** At most so many; without it they flow in until the last kill. */
  readonly campaigns: number | undefined;
  readonly workers: number;
  /** `everysec` measures what a careless setting loses: then a loss is told, not judged. */
  readonly appendfsync: 'always' | 'everysec';
  /** One server, or a group whose masters are killed; then REDIS_WAIT_REPLICAS is 1. */
  readonly redis: 'single' | 'sentinel' | 'cluster';
  /** As REDIS_SHARDS; the accounts take turns. Absent in reports from before there were any: one. */
  readonly shards?: number;
  /** Keep the folder with data and logs, even if all went well. */
  readonly keep: boolean;
  /** Hits and faults come when they came then. */
  readonly replay?: ToReplay;
}

export const USAGE = `npm run chaos -- [--kills 100] [--seed <number>] [--campaigns <number>] [--workers 2]
                 [--redis single|sentinel|cluster] [--shards 1] [--appendfsync always|everysec] [--keep]
       npm run chaos -- --replay <folder of the run>/report.json [--keep]
`;

/** @throws {TypeError} in words for whoever typed it. */
export function readOptions(argv: readonly string[]): ChaosOptions {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      kills: { type: 'string', default: '100' },
      seed: { type: 'string' },
      campaigns: { type: 'string' },
      workers: { type: 'string', default: '2' },
      appendfsync: { type: 'string', default: 'always' },
      redis: { type: 'string', default: 'single' },
      shards: { type: 'string', default: '1' },
      keep: { type: 'boolean', default: false },
      replay: { type: 'string' },
    },
  });
  if (values.replay !== undefined) {
    const replay = JSON.parse(readFileSync(values.replay, 'utf8')) as ToReplay;
    return { ...replay.options, keep: values.keep, replay };
  }
  const { appendfsync, redis } = values;
  if (redis !== 'single' && redis !== 'sentinel' && redis !== 'cluster') {
    throw new TypeError('--redis: single, sentinel or cluster');
  }
  if (appendfsync !== 'always' && appendfsync !== 'everysec') {
    throw new TypeError('--appendfsync: always or everysec');
  }
  return {
    kills: wholeNumber('kills', values.kills, 0),
    seed: values.seed === undefined ? randomInt(1, 2 ** 31) : wholeNumber('seed', values.seed, 0),
    campaigns:
      values.campaigns === undefined ? undefined : wholeNumber('campaigns', values.campaigns, 1),
    workers: wholeNumber('workers', values.workers, 1),
    appendfsync,
    redis,
    shards: wholeNumber('shards', values.shards, 1),
    keep: values.keep,
  };
}

function wholeNumber(name: string, text: string, least: number): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new TypeError(`--${name}: a whole number, ${least} at least`);
}
