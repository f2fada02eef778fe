/** Whether Redis can be the record, whether its clock is ours, and whether a worker lives. */

import {
  type Disagreement,
  disagreementsOf,
  settingOf,
  unservedOf,
  valuesOf,
} from '../../shared/campaign/serving.ts';
import { inTime } from '../../shared/platform/in-time.ts';
import type { Redis } from '../../shared/platform/redis.ts';
import { checkRedis, redisFaults } from '../../shared/platform/redis-check.ts';
import { timeOf } from '../../shared/platform/redis-clock.ts';
import { MINUTE, SECOND } from '../../shared/platform/time.ts';
import { QUEUE_NAMES } from '../../shared/queue/jobs.ts';
import type { LaneStore, WrongClock } from '../../shared/record/lane-store.ts';
import type { ServingStore } from '../../shared/record/serving-store.ts';
import { type Finding, fault, ok, warning } from './finding.ts';

const ABOUT = 'Redis';
/** WeChat's events carry their time, and far-off ones are refused. */
const CLOCK_FAULT = MINUTE;
const CLOCK_WARNING = 5 * SECOND;
const HEARTBEAT = 2 * MINUTE;

/** @returns findings; `reached` says whether anything that lives in it can be looked at. */
export async function examineRedis({
  redis,
  key,
  lanes,
  serving,
  now,
  isNeeded,
}: {
  redis: Redis;
  /** Any of the record's. */
  key: string;
  /** False where no account is configured: `npm start` then has one of its own. */
  isNeeded: boolean;
  lanes: Pick<LaneStore, 'heartbeat' | 'wrongClocks'>;
  serving: ServingStore['serving'];
  now: () => number;
}): Promise<{ readonly findings: Finding[]; readonly reached: boolean }> {
  const all = await checkRedis(redis);
  const faults = await redisFaults(redis);
  if (all.some((sentence) => sentence.startsWith('Redis does not answer'))) {
    return { findings: [isNeeded ? fault(ABOUT, all.join('; '), UNREACHED) : OWN], reached: false };
  }
  const findings = all.map((sentence) =>
    faults.includes(sentence) ? fault(ABOUT, sentence) : warning(ABOUT, sentence),
  );
  if (findings.length === 0) findings.push(ok(ABOUT, 'it is reached, and fit to be the record'));
  const wrong = (await lanes.wrongClocks(now())).map(wrongClock);
  findings.push(await clock(redis, key, now), ...wrong, await workers(lanes, now));
  const running = await serving();
  for (const one of unservedOf(running, { queues: QUEUE_NAMES, accounts: [] })) {
    if ('queue' in one) findings.push(unserved(one.queue));
  }
  findings.push(...disagreementsOf(running).map(disagreement));
  return { findings, reached: true };
}

const UNREACHED = 'is it running at REDIS_URL, and is its password right?';
const OWN = warning(
  ABOUT,
  'none is at REDIS_URL; the one that npm start brings along is not looked at',
  'set REDIS_URL before you set an account: it is where campaigns are kept',
);

const unserved = (queue: string): Finding =>
  warning(
    'workers',
    `no running worker serves the queue ${queue}`,
    'start one, or name the queue in WORKER_QUEUES of one',
  );

const disagreement = (one: Disagreement): Finding =>
  fault(
    'workers',
    `they have different settings of ${settingOf(one)}: ${valuesOf(one)}`,
    'give all of them the same, and start them again',
  );

async function clock(redis: Redis, key: string, now: () => number): Promise<Finding> {
  const askedAt = now();
  const [seconds = 0, micros = 0] = await inTime(timeOf(redis, key), 2 * SECOND);
  const here = (askedAt + now()) / 2;
  const off = Math.abs(seconds * SECOND + micros / 1_000 - here);
  if (off < CLOCK_WARNING) return ok('clock', 'this machine and Redis agree on the time');
  const sentence = `this machine’s clock and the one of Redis are ${Math.round(off / SECOND)} s apart`;
  const remedy = 'let both follow a time server (NTP): WeChat’s events and sendAt go by the clock';
  return off < CLOCK_FAULT ? warning('clock', sentence, remedy) : fault('clock', sentence, remedy);
}

const wrongClock = ({ host, aheadMs }: WrongClock): Finding =>
  fault(
    'clock',
    `the worker of host ${host} does nothing: its clock is ${Math.round(aheadMs / SECOND)} s ahead of Redis’`,
    'let both follow a time server (NTP); it goes on by itself',
  );

async function workers(lanes: Pick<LaneStore, 'heartbeat'>, now: () => number): Promise<Finding> {
  const last = await lanes.heartbeat();
  if (last !== null && now() - last < HEARTBEAT) return ok('workers', 'at least one is alive');
  const when =
    last === null
      ? 'no worker has ever run'
      : `the last sign of a worker is of ${new Date(last).toISOString()}`;
  return warning('workers', when, 'start one with npm run worker: nothing goes out without');
}
