/** Masters go, in a Sentinel group and in a cluster: every campaign goes on, and nothing goes out twice. */
import { afterAll, describe, expect, it } from 'vitest';
import { aRequest } from '../support/builders.ts';
import { type RedisGroup, startCluster, startSentinels } from '../support/redis-nodes.ts';
import { startWorld } from '../support/world.ts';

const GROUPS = [
  ['a Sentinel group', startSentinels],
  ['a cluster', startCluster],
] as const;

describe.each(GROUPS)('%s', (_, start) => {
  let group: RedisGroup;
  const begun = (async () => {
    group = await start();
  })();
  afterAll(async () => {
    await begun;
    await group.stop();
  });

  it('carries campaigns from accepting to the receipt', async (t) => {
    await begun;
    const world = await startWorld(t, { redisUrl: group.url });

    const ids = await Promise.all(
      ['one', 'two', 'three'].map((content) =>
        world.create(aRequest('default', { message: { type: 'text', content } })),
      ),
    );

    for (const id of ids) expect((await world.ended(id)).outcome).toBe('delivered');
    expect(world.sendCalls('default')).toEqual([0, 0, 0]);
  });
});
