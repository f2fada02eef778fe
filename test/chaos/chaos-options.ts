/** What a run is told on the command line. */
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';

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
  /** Keep the folder with data and logs, even if all went well. */
  readonly keep: boolean;
}

export const USAGE = `npm run chaos -- [--kills 100] [--seed <number>] [--campaigns <number>] [--workers 2]
                 [--redis single|sentinel|cluster] [--appendfsync always|everysec] [--keep]
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
      keep: { type: 'boolean', default: false },
    },
  });
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
    keep: values.keep,
  };
}

function wholeNumber(name: string, text: string, least: number): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new TypeError(`--${name}: a whole number, ${least} at least`);
}
