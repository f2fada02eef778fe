/** REDIS_WAIT_REPLICAS: what is answered, or called, is on a replica first. */
import { afterAll, describe, expect, it } from 'vitest';
import { makeDirectProducer } from '../../../src/client/producer.ts';
import { NEW_CONTROL } from '../../../src/shared/campaign/campaign.ts';
import { connect, untilReady } from '../../../src/shared/platform/redis.ts';
import { redisFaults } from '../../../src/shared/platform/redis-check.ts';
import { makeReplicas } from '../../../src/shared/record/replicas.ts';
import { exampleFile } from '../../support/builders.ts';
import { openIds } from '../../support/open-ids.ts';
import { type RedisNode, startSentinels, until } from '../../support/redis-nodes.ts';
import { testStores } from '../../support/stores.ts';

const group = await startSentinels({ replicas: 1, sentinels: 0 });
const [master, replica] = group.nodes as [RedisNode, RedisNode];
const redis = connect({ url: `redis://127.0.0.1:${master.port}` }, { purpose: 'worker' });
await untilReady(redis);
const prefix = '{qunfa}';
const replicas = makeReplicas({ redis, record: `${prefix}:record`, count: 1 });
const { accepted, laidOut, campaigns, batches, lanes, media, audiences, clock } = testStores({
  ...{ redis, prefix, replicas },
});
afterAll(async () => {
  replicas.close();
  redis.disconnect();
  await group.stop();
});

const BEHIND = { code: 'REPLICAS_BEHIND' };

/** While it stands still, nothing reaches the replica. */
async function withoutReplica(work: () => Promise<void>): Promise<void> {
  replica.freeze();
  try {
    await work();
  } finally {
    replica.thaw();
    await until('replica', async () =>
      (await replica.admin.info('replication')).includes('master_link_status:up'),
    );
  }
}

describe('while no replica follows', () => {
  it('an acceptance is not answered, nor its repeat; with one it is the same campaign', async () => {
    const key = { idempotencyKey: 'one' };
    await withoutReplica(async () => {
      await expect(accepted({}, key)).rejects.toMatchObject(BEHIND);
      await expect(accepted({}, key)).rejects.toMatchObject(BEHIND);
    });

    await accepted({}, key);

    expect(await campaigns.open()).toHaveLength(1);
  });

  it('a decision about a campaign is not answered, nor its repeat', async () => {
    const { id } = await accepted();
    const cancelled = { at: 1, by: 'x', reason: 'operator' } as const;
    const cancel = () =>
      campaigns.control(
        id,
        (control) => (control.cancelled ? control : { ...control, cancelled }),
        {
          isLasting: true,
        },
      );

    await withoutReplica(async () => {
      await expect(cancel()).rejects.toMatchObject(BEHIND);
      await expect(cancel()).rejects.toMatchObject(BEHIND);
    });

    expect(await cancel()).toMatchObject({ cancelled });
  });

  it('a pause of an account and its end are not answered', async () => {
    await withoutReplica(async () => {
      const word = { at: 1, by: 'x', code: 'by-operator' } as const;
      await expect(lanes.pause('default', word)).rejects.toMatchObject(BEHIND);
      await expect(lanes.release('default')).rejects.toMatchObject(BEHIND);
    });
  });

  it('a file that was uploaded is not answered, nor its repeat, nor that it is kept longer', async () => {
    const upload = () => media.put(exampleFile('cover.jpg'));
    await withoutReplica(async () => {
      await expect(upload()).rejects.toMatchObject(BEHIND);
      await expect(upload()).rejects.toMatchObject(BEHIND);
    });

    const file = await upload();
    const id = 'id' in file ? file.id : '';
    expect(await replica.admin.exists(`${prefix}:record:media:${id}`)).toBe(1);
    await withoutReplica(async () => {
      await expect(media.touch(id, { until: 1 })).rejects.toMatchObject(BEHIND);
    });
  });

  it('a list of OpenIDs is not answered, nor that it is kept longer', async () => {
    await withoutReplica(async () => {
      await expect(audiences.create(openIds(20))).rejects.toMatchObject(BEHIND);
    });

    const { id } = await audiences.create(openIds(20));
    expect(await replica.admin.exists(`${prefix}:record:audience:${id}`)).toBe(1);
    await withoutReplica(async () => {
      await expect(audiences.touch(id, 1)).rejects.toMatchObject(BEHIND);
    });
  });

  it('the intent of a call is taken back, and the batch says what it waits for', async () => {
    const campaign = await laidOut(1);
    const ref = { campaignId: campaign.id, no: 1 };
    const batch = (await batches.read(ref)) ?? raise();
    const control = (await campaigns.read(campaign.id))?.control ?? NEW_CONTROL;
    const attempt = { ref, batch, control, api: 'sendall', at: clock.now() } as const;

    await withoutReplica(async () => {
      expect(await batches.startAttempt(attempt)).toBe('moved');
    });

    const after = await batches.read(ref);
    expect(after).toMatchObject({ state: 'pending', reason: 'replicas-behind' });
    const now = (await campaigns.read(campaign.id))?.control ?? NEW_CONTROL;
    expect(now.waiting).toMatchObject({ reason: 'replicas-behind' });
    expect(
      await batches.startAttempt({ ...attempt, batch: after ?? raise(), control: now }),
    ).toMatchObject({ state: 'submitting' });
  });
});

it('a job put straight into Redis is not said to be there before a replica has it', async () => {
  const producer = makeDirectProducer({
    redisUrl: `redis://127.0.0.1:${master.port}`,
    waitReplicas: 1,
  });
  const audience = { type: 'tag', tagId: 2 } as const;
  const message = { type: 'text', content: 'hello' } as const;
  const enqueue = () =>
    producer.enqueue({ account: 'default', audience, message }, { idempotencyKey: 'one' });
  try {
    await withoutReplica(async () => {
      await expect(enqueue()).rejects.toMatchObject({ code: 'replicas-behind' });
      await expect(enqueue()).rejects.toMatchObject({ code: 'replicas-behind' });
    });

    const { jobId } = await enqueue();

    expect(await replica.admin.exists(`${prefix}:campaigns:${jobId}`)).toBe(1);
  } finally {
    await producer.close();
  }
});

it('many at once share a few waits', async () => {
  const waits = async () =>
    Number(/cmdstat_wait:calls=(\d+)/.exec(await master.admin.info('commandstats'))?.[1] ?? 0);
  const before = await waits();

  await Promise.all(Array.from({ length: 50 }, () => accepted()));

  expect((await waits()) - before).toBeLessThan(10);
});

it('fewer replicas than are waited for are a fault', async () => {
  expect(await redisFaults(redis, { waitReplicas: 1 })).toEqual([]);
  expect(await redisFaults(redis, { waitReplicas: 2 })).toEqual([
    { code: 'redis-replicas-missing', wanted: 2, connected: 1 },
  ]);
});

function raise(): never {
  throw new Error('not there');
}
