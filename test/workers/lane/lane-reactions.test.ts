import { describe, expect, it } from 'vitest';
import type { Control } from '../../../src/shared/campaign/campaign.ts';
import { HOUR, MINUTE } from '../../../src/shared/platform/time.ts';
import { wakeLane } from '../../../src/shared/queue/wake-campaign.ts';
import { testParts } from '../../support/parts.ts';
import { testRedis } from '../../support/redis.ts';

const { clock, laidOut, lanes, campaigns, logged, queues, parts } = testParts(testRedis());
const { idTaken } = parts().laneReactions;
const refusedHere = (hostId: string) => parts({ hostId }).laneReactions.react;
const NOT_LISTED = {
  kind: 'stop',
  scope: 'account',
  code: 'refused-by-wechat',
  errcode: 40164,
} as const;

describe('an account whose lane sleeps', () => {
  it('is not woken earlier by a shorter sleep', async () => {
    const campaign = await laidOut(1, { account: 'sleeper' });
    const morning = clock.now() + HOUR;
    const react = refusedHere('one');
    await react(campaign, { kind: 'sleep', until: morning, reason: 'daily-quota' });

    await react(campaign, { kind: 'sleep', until: clock.now() + MINUTE, reason: 'rate' });

    const { sleep } = await lanes.read('sleeper');
    expect(sleep).toEqual({ until: morning, reason: 'daily-quota' });
  });
});

describe('an account that an operator resumes while its lane falls asleep', () => {
  it('does not sleep: the resume came after what put it to sleep', async () => {
    const campaign = await laidOut(1, { account: 'resumed' });
    const lane = queues.lane('resumed');
    // The sleep is in the record, and BullMQ has not been told yet.
    const falling = new Proxy(lane, {
      get: (of, name) =>
        name === 'rateLimit'
          ? async (ms: number) => {
              await lanes.release('resumed');
              await wakeLane(queues, 'resumed');
              await of.rateLimit(ms);
            }
          : Reflect.get(of, name),
    });
    const { react } = parts({ queues: { ...queues, lane: () => falling } }).laneReactions;

    await react(campaign, { kind: 'sleep', until: clock.now() + HOUR, reason: 'daily-quota' });

    expect(await lane.getRateLimitTtl()).toBeLessThanOrEqual(0);
  });
});

describe('an account whose IP list refuses two hosts', () => {
  it.each([
    [9, true],
    [11, false],
  ])('%i minutes apart: stopped is %s', async (minutes, isStopped) => {
    const campaign = await laidOut(1, { account: `listed-${minutes}` });
    await refusedHere('one')(campaign, NOT_LISTED);
    clock.turn(minutes * MINUTE);

    await refusedHere('two')(campaign, NOT_LISTED);

    expect((await lanes.read(campaign.account)).paused !== undefined).toBe(isStopped);
  });
});

const ann = { at: clock.now(), by: 'ann' };

/** A campaign whose batches were told twice in a row that their message is another's. */
async function takenTwice(meanwhile: Partial<Control>) {
  const campaign = await laidOut(3);
  await idTaken(campaign);
  await campaigns.control(campaign.id, (control) => ({ ...control, ...meanwhile }));
  await idTaken(campaign);
  const told = logged.lines
    .filter((line) => line.campaign === campaign.id)
    .map(({ event }) => event);
  const audit = (await campaigns.audit(campaign.id)).map(({ action }) => action);
  return { control: (await campaigns.read(campaign.id))?.control, told, audit };
}

describe('a campaign whose message ids are another’s twice in a row', () => {
  it('is paused, and its audit and the log say so', async () => {
    const { control, told, audit } = await takenTwice({});

    expect(control?.pauses).toMatchObject({ 'message-id-taken': { by: 'qunfa' } });
    expect(told).toEqual(['campaign.paused']);
    expect(audit).toEqual(['accepted', 'paused']);
  });

  it('keeps the pause of an operator beside its own', async () => {
    const { control } = await takenTwice({ pauses: { operator: ann } });

    expect(Object.keys(control?.pauses ?? {})).toEqual(['operator', 'message-id-taken']);
  });

  it('stays cancelled where an operator had cancelled it', async () => {
    const { control, told, audit } = await takenTwice({
      cancelled: { ...ann, reason: 'operator' },
    });

    expect(control).not.toHaveProperty('pauses');
    expect(told).toEqual([]);
    expect(audit).toEqual(['accepted']);
  });
});
