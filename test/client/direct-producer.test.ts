import { Queue } from 'bullmq';
import { afterAll, describe, expect, it } from 'vitest';
import { makeClient } from '../../src/client/index.ts';
import {
  jobIdOf,
  makeDirectProducer,
  type NewCampaign,
  QunfaError,
} from '../../src/client/producer.ts';
import { DAY } from '../../src/shared/platform/time.ts';
import { openIds } from '../support/open-ids.ts';
import { testRedis } from '../support/redis.ts';
import { startWorld } from './world.ts';

const { redis, url: redisUrl, prefix } = testRedis();
const world = await startWorld({ url: redisUrl, prefix });
// As REDIS_PREFIX names it, without the braces.
const producer = makeDirectProducer({ redisUrl, prefix: prefix.slice(1, -1) });
const client = makeClient({ url: world.producerUrl });
const queue = new Queue('campaigns', { connection: { url: redisUrl }, prefix });
afterAll(async () => {
  await producer.close();
  await queue.close();
});

const aText = (content: string, more: Partial<NewCampaign> = {}): NewCampaign => ({
  account: 'default',
  audience: { type: 'tag', tagId: 2 },
  message: { type: 'text', content },
  ...more,
});

const failureOf = async (work: Promise<unknown>): Promise<QunfaError> => {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(QunfaError);
  return error as QunfaError;
};

describe('a campaign put straight into Redis', () => {
  it('is taken in by a worker, and goes out', async () => {
    const job = await producer.enqueue(aText('straight'), { idempotencyKey: 'orders:2026-12-01' });

    const { id } = await producer.waitUntilAccepted(job);

    for await (const { type, campaign } of client.campaigns.watch(id)) {
      if (type === 'end') expect(campaign).toMatchObject({ outcome: 'delivered' });
    }
    expect((await client.campaigns.audit(id))[0]).toMatchObject({ by: 'redis' });
  });

  it('is one, however often it is enqueued under one key', async () => {
    const key = { idempotencyKey: '20261201' };
    const first = await producer.enqueue(aText('once'), key);
    const { id } = await producer.waitUntilAccepted(first);

    const again = await producer.enqueue(aText('once'), key);

    expect(again).toEqual(first);
    expect(await producer.waitUntilAccepted(again)).toMatchObject({ id });
    expect(await failureOf(producer.enqueue(aText('other'), key))).toMatchObject({
      status: 409,
      code: 'idempotency-key-reused',
    });
  });

  it('carries nothing that is wrong: every mistake at once, before Redis hears of it', async () => {
    const wrong = { account: 'default', audience: { type: 'all' }, message: { type: 'text' } };
    const key = { idempotencyKey: 'wrong' };

    const error = await failureOf(producer.enqueue(wrong as unknown as NewCampaign, key));

    expect(error).toMatchObject({ status: 422, code: 'invalid-campaign' });
    expect(error.errors.map(({ path }) => path).sort()).toEqual([
      'audience.type',
      'message.content',
    ]);
    expect(await queue.getJob('wrong')).toBeUndefined();
  });

  it('is at most 64 KB, and the error says where the rest goes', async () => {
    const large = aText('many', { audience: { type: 'openids', openids: openIds(3_000) } });

    const error = await failureOf(producer.enqueue(large, { idempotencyKey: 'large' }));

    expect(error).toMatchObject({ status: 413, code: 'body-too-large' });
    expect(error.detail).toMatch(/POST \/v1\/audiences/);
  });

  it.each([[undefined], [{}], [{ idempotencyKey: 7 }], [{ idempotencyKey: '' }]])(
    'needs a key that says which campaign it is: %j',
    async (options) => {
      const untyped = producer.enqueue as (...given: unknown[]) => Promise<unknown>;

      const error = await failureOf(untyped(aText('without a key'), options));

      expect(error).toMatchObject({ status: 400, code: 'idempotency-key-invalid' });
    },
  );

  it('that only the record can refuse fails with the API’s own words', async () => {
    const job = await producer.enqueue(aText('to nobody', { account: 'nobody' }), {
      idempotencyKey: 'nobody',
    });

    const error = await failureOf(producer.waitUntilAccepted(job));

    expect(error.code).toBe('invalid-campaign');
    expect(error.errors).toEqual([
      {
        code: 'account-unknown',
        path: 'account',
        message: expect.stringMatching(/^no .*; there is default/),
      },
    ]);
  });
});

describe('a job that a BullMQ client of any language adds', () => {
  const asDocumented = {
    attempts: 1_000,
    backoff: { type: 'capped' },
    removeOnComplete: { age: 2_592_000 },
    removeOnFail: { age: 2_592_000 },
  };

  it('is taken in as docs/enqueue.md says, and comes back with the campaign', async () => {
    const body = aText('from elsewhere');
    await queue.add('accept-campaign', body, { jobId: 'newsletter-2026-12', ...asDocumented });

    const { id } = await producer.waitUntilAccepted({ jobId: 'newsletter-2026-12' });

    expect(await client.campaigns.get(id)).toMatchObject({ account: 'default' });
    const job = await queue.getJob('newsletter-2026-12');
    expect(job?.returnvalue).toEqual({ id, state: expect.any(String) });
  });

  it('fails for good where it is refused, with every mistake in its reason', async () => {
    const wrong = { audience: { type: 'all' }, message: { type: 'text' } };
    await queue.add('accept-campaign', wrong, { jobId: 'all-wrong', ...asDocumented });

    await failureOf(producer.waitUntilAccepted({ jobId: 'all-wrong' }));

    const job = await queue.getJob('all-wrong');
    expect(job?.attemptsMade).toBe(1);
    expect(JSON.parse(job?.failedReason ?? '')).toMatchObject({
      status: 422,
      code: 'invalid-campaign',
      detail: expect.any(String),
      errors: expect.arrayContaining([expect.objectContaining({ path: 'audience.type' })]),
    });
  });
});

describe('what another service put into Redis wrongly', () => {
  const refusedJob = async (name: string, data: string) => {
    const { id = '' } = await queue.add(name, {}, { delay: DAY, attempts: 1_000 });
    await redis.hset(queue.toKey(id), 'data', data);
    await queue.getJob(id).then((job) => job?.promote());
    return { error: await failureOf(producer.waitUntilAccepted({ jobId: id })), id };
  };

  it('is refused where a key is there twice', async () => {
    const twice = '{"audience":{"type":"tag","tagId":2},"audience":{"type":"everyone"}}';

    const { error } = await refusedJob('accept-campaign', twice);

    expect(error).toMatchObject({ status: 400, code: 'json-key-twice' });
  });

  it('tells the mistakes of all checks at once, and is a warning without a stack', async () => {
    const upload = `m_${'0'.repeat(32)}`;
    const wrong = { account: 'nobody', message: { type: 'image', media: { upload }, to: 1 } };

    const { error, id } = await refusedJob('accept-campaign', JSON.stringify(wrong));

    expect(error.errors.map(({ path }) => path).sort()).toEqual([
      'account',
      'audience',
      'message',
      'message.media.upload',
    ]);
    // Logged once Redis has the failure, which the producer may see first.
    const lineOf = () => world.logged('job.refused').find(({ job }) => job === id);
    await expect.poll(lineOf).toMatchObject({ level: 'warn' });
    const line = lineOf();
    expect(line).not.toHaveProperty('err');
  });

  it('fails at once where no job has that name', async () => {
    const { error, id } = await refusedJob('acept-campaign', '{}');

    expect(error.detail).toMatch(/no job is called acept-campaign/);
    expect((await queue.getJob(id))?.attemptsMade).toBe(1);
  });
});

describe('nobody takes it in', () => {
  it('says so after a while, and keeps it', async () => {
    const alone = makeDirectProducer({ redisUrl, prefix: `${prefix.slice(1, -1)}-nobody` });
    const job = await alone.enqueue(aText('alone'), { idempotencyKey: 'alone' });

    const error = await failureOf(alone.waitUntilAccepted(job, { timeoutMs: 50 }));

    expect(error.code).toBe('not-yet-accepted');
    await alone.close();
  });

  it('refuses a prefix that REDIS_PREFIX would not take', () => {
    expect(() => makeDirectProducer({ redisUrl, prefix: '{qunfa}' })).toThrow(/without braces/);
  });

  it('says so when Redis is away', async () => {
    const away = makeDirectProducer({ redisUrl: 'redis://127.0.0.1:9' });

    const error = await failureOf(away.enqueue(aText('away'), { idempotencyKey: 'away' }));

    expect(error.code).toBe('redis-unavailable');
    await away.close();
  });
});

describe('a job’s id', () => {
  it.each([
    ['order-7', 'order-7'],
    ['orders:2026', 'orders%3A2026'],
    ['7', '%37'],
    ['-7', '%2D7'],
    ['%37', '%2537'],
    ['a b', 'a%20b'],
  ])('for the key %j is %j', (key, id) => {
    expect(jobIdOf(key)).toBe(id);
    expect(decodeURIComponent(id)).toBe(key);
  });

  it('cannot be made of what is no key', () => {
    for (const key of ['', ' a', 'schlüssel', 'a\n', 'x'.repeat(256)]) {
      expect(() => jobIdOf(key)).toThrow(/1 to 255 printable ASCII/);
    }
  });
});
