/** Whether Redis can hold the records, whether its clock is ours, and whether a worker lives. */
import {
  disagreementsOf,
  type Serving,
  settingOf,
  unservedOf,
  valuesOf,
} from '../../shared/campaign/serving.ts';
import { inTime } from '../../shared/platform/in-time.ts';
import type { Redis } from '../../shared/platform/redis.ts';
import { checkRedis, isFault } from '../../shared/platform/redis-check.ts';
import { timeOf } from '../../shared/platform/redis-clock.ts';
import { MINUTE, SECOND } from '../../shared/platform/time.ts';
import { describeTrouble } from '../../shared/platform/trouble.ts';
import { QUEUE_NAMES } from '../../shared/queue/jobs.ts';
import type { Stores } from '../../shared/record/record.ts';
import { localTime } from '../screen.ts';
import type { Finding, Findings } from './finding.ts';

/** WeChat's events carry their time, and those that are far off are refused. */
const CLOCK_FAULT = MINUTE;
const CLOCK_WARNING = 5 * SECOND;
const HEARTBEAT = 2 * MINUTE;

interface Dependencies {
  readonly redis: Redis;
  /** Any of the record's. */
  readonly key: string;
  readonly waitReplicas?: number | undefined;
  readonly stores: Pick<Stores, 'lanes' | 'workers'>;
  /** What the workers of each shard announce. */
  readonly serving: () => Promise<readonly (readonly Serving[])[]>;
  readonly now: () => number;
  /** False where no account is configured: `npm start` then has a Redis of its own. */
  readonly isNeeded: boolean;
  readonly findings: Findings;
}

/** @returns findings; `reached` is false where nothing that Redis holds can be checked. */
export async function examineRedis(deps: Dependencies) {
  const { redis, key, waitReplicas = 0, stores, now, isNeeded, findings } = deps;
  const { ok, warning, fault, t, language } = findings;
  const { Redis: about, workers } = t.about;
  const all = await checkRedis(redis, { waitReplicas });
  const silent = all.find(({ code }) => code === 'redis-silent');
  if (silent) {
    const unreached = fault(about, 'redis-unreached', describeTrouble(silent, language));
    return { found: [isNeeded ? unreached : warning(about, 'redis-absent')], reached: false };
  }
  const running = await stores.workers.serving();
  const byShard = await deps.serving();
  const wrongClocks = await stores.lanes.wrongClocks(now());
  const found: Finding[] = [
    ...all.map((trouble) =>
      (isFault(trouble) ? fault : warning)(
        about,
        'redis-unfit',
        describeTrouble(trouble, language),
      ),
    ),
    ...(all.length === 0 ? [ok(about, 'redis-fine')] : []),
    await examineClock(await clockOffset(redis, key, now), findings),
    ...wrongClocks.map(({ host, aheadMs }) =>
      fault(t.about.clock, 'worker-clock-off', host, Math.round(aheadMs / SECOND)),
    ),
    examineWorkers(await stores.lanes.heartbeat(), now(), findings),
    ...byShard.flatMap((serving, shard) =>
      unservedOf(serving, { queues: QUEUE_NAMES, accounts: [] }).flatMap((one) => {
        const where = byShard.length > 1 ? ` (shard ${shard})` : '';
        return 'queue' in one ? [warning(workers, 'queue-unserved', one.queue + where)] : [];
      }),
    ),
    ...disagreementsOf(running).map((one) =>
      fault(workers, 'settings-differ', settingOf(one), valuesOf(one)),
    ),
  ];
  return { found, reached: true };
}

async function clockOffset(redis: Redis, key: string, now: () => number): Promise<number> {
  const askedAt = now();
  const [seconds = 0, micros = 0] = await inTime(timeOf(redis, key), 2 * SECOND);
  const here = (askedAt + now()) / 2;
  return Math.abs(seconds * SECOND + micros / 1_000 - here);
}

function examineClock(off: number, { ok, warning, fault, t }: Findings): Finding {
  const { clock } = t.about;
  if (off < CLOCK_WARNING) return ok(clock, 'clock-fine');
  const make = off < CLOCK_FAULT ? warning : fault;
  return make(clock, 'clock-off', Math.round(off / SECOND));
}

function examineWorkers(last: number | null, now: number, { ok, warning, t }: Findings): Finding {
  const { workers } = t.about;
  if (last !== null && now - last < HEARTBEAT) return ok(workers, 'worker-alive');
  const since = last === null ? null : localTime(new Date(last).toISOString());
  return warning(workers, 'worker-silent', since);
}
