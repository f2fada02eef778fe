import { EventEmitter } from 'node:events';
import { describe, expect, it, onTestFinished } from 'vitest';
import { makeRedisClock } from '../../../src/shared/platform/redis-clock.ts';
import { HOUR, SECOND } from '../../../src/shared/platform/time.ts';

/** A Redis whose clock is ahead of this host's, and can be set. */
function redisAhead(ms: number) {
  const redis = Object.assign(new EventEmitter(), {
    ahead: ms,
    pipeline: (): unknown => redis,
    exists: (): unknown => redis,
    time: (): unknown => redis,
    async exec(): Promise<unknown[]> {
      const at = Date.now() + redis.ahead;
      return [
        [null, 0],
        [null, [Math.floor(at / SECOND), (at % SECOND) * 1_000]],
      ];
    },
  });
  return redis;
}

function clockOf(redis: ReturnType<typeof redisAhead>) {
  const clock = makeRedisClock({
    redis: redis as unknown as Parameters<typeof makeRedisClock>[0]['redis'],
    key: '{qunfa}',
  });
  onTestFinished(() => clock.stop());
  return clock;
}

describe('the time', () => {
  it('is Redis’, whatever the host’s clock says', async () => {
    const clock = clockOf(redisAhead(-8 * HOUR));
    expect(clock.hostAhead()).toBeNull();

    await clock.measure();

    expect(Math.abs(clock.now() - (Date.now() - 8 * HOUR))).toBeLessThan(50);
    expect(Math.round((clock.hostAhead() ?? 0) / SECOND)).toBe((8 * HOUR) / SECOND);
  });

  it('is that of another master after a reconnection', async () => {
    const redis = redisAhead(0);
    const clock = clockOf(redis);
    await clock.measure();
    redis.ahead = HOUR;

    redis.emit('ready');
    await clock.measure();

    expect(Math.abs(clock.now() - (Date.now() + HOUR))).toBeLessThan(50);
  });
});
