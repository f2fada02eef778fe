import { describe, expect, it } from 'vitest';
import {
  add,
  commit,
  extend,
  keptFor,
  untilSettled,
  write,
} from '../../../src/shared/record/commit.ts';
import { testRedis } from '../../support/redis.ts';

const { redis, prefix } = testRedis();
let made = 0;
const aKey = (): string => {
  made += 1;
  return `${prefix}:key-${made}`;
};

describe('a commit', () => {
  it('does all of it if everything still holds', async () => {
    const [text, hash] = [aKey(), aKey()];
    await redis.hset(hash, 'field', 'as read');

    const done = await commit(
      redis,
      [
        { key: hash, field: 'field', is: 'as read' },
        { key: text, is: null },
        { key: hash, field: 'other', is: null },
      ],
      [
        ['SET', text, 'new'],
        ['HINCRBY', hash, 'count', 3],
      ],
    );

    expect(done).toBe(true);
    expect(await redis.hget(hash, 'count')).toBe('3');
    expect(await redis.get(text)).toBe('new');
  });

  it.each([
    ['a value that changed', { field: 'field', is: 'older' }],
    ['a value that has gone', { field: 'other', is: 'there' }],
    ['a value that has come', { field: 'field', is: null }],
  ])('does nothing over %s', async (_, check) => {
    const [text, hash] = [aKey(), aKey()];
    await redis.hset(hash, 'field', 'as it is');

    const still = { key: hash, field: 'field', is: 'as it is' };
    const absent = { key: hash, field: 'never', is: null };
    const checks = [absent, { key: hash, ...check }, still];
    const done = await commit(redis, checks, [['SET', text, 'new']]);

    expect(done).toBe(false);
    expect(await redis.exists(text)).toBe(0);
  });

  it.each([
    ['the other changed', 'older', 'b'],
    ['the other has gone', 'a', null],
  ])(
    'reads several texts at once, and does nothing where one of them or %s',
    async (_, one, other) => {
      const [first, second, third] = [aKey(), aKey(), aKey()];
      await redis.set(first, 'a');
      if (other) await redis.set(second, other);

      const done = await commit(
        redis,
        [
          { key: first, is: one },
          { key: second, is: 'b' },
        ],
        [['SET', third, 'new']],
      );

      expect(done).toBe(false);
      expect(await redis.exists(third)).toBe(0);
    },
  );

  it.each([
    [0, null, true],
    [0, '0', true],
    [3, '3', true],
    [0, '1', false],
    [3, null, false],
  ])(
    'takes a count of %s for what it is where %s is there: %s',
    async (counts, there, expected) => {
      const [text, hash] = [aKey(), aKey()];
      if (there !== null) await redis.hset(hash, 'count', there);

      const check = { key: hash, field: 'count', counts };

      expect(await commit(redis, [check], [['SET', text, 'new']])).toBe(expected);
    },
  );

  it('sets the life of a list with its first entry, and of a hash with each new field', async () => {
    const [list, hash] = [aKey(), aKey()];
    const note = (ms: number) =>
      write(
        redis,
        keptFor(ms, ['RPUSH', list, ms]),
        keptFor(ms, ['HINCRBY', hash, 'one', 1]),
        keptFor(ms, ['HINCRBY', hash, `of-${ms}`, 1]),
      );

    await note(50_000);
    await note(90_000);

    expect(await redis.lrange(list, 0, -1)).toEqual(['50000', '90000']);
    expect(await redis.pttl(list)).toBeLessThanOrEqual(50_000);
    expect(await redis.pttl(list)).toBeGreaterThan(0);
    expect(await redis.hget(hash, 'one')).toBe('2');
    expect(await redis.pttl(hash)).toBeGreaterThan(50_000);
  });

  it('tells an empty text from an absent one', async () => {
    const key = aKey();
    await redis.set(key, '');

    expect(await commit(redis, [{ key, is: null }], [['SET', key, 'x']])).toBe(false);
    expect(await commit(redis, [{ key, is: '' }], [['SET', key, 'x']])).toBe(true);
  });

  it('works on a Redis that has forgotten its scripts', async () => {
    const key = aKey();
    await redis.script('FLUSH');

    expect(await commit(redis, [], [['SET', key, 'x']])).toBe(true);
  });

  it('adds to several fields at once, also below 0, to those that are there and those that are not', async () => {
    const key = aKey();
    await redis.hset(key, 'sent', 9_000_000_000, 'text', 'stays');

    await write(
      redis,
      add(key, [
        ['sent', 1_000],
        ['pending', -1],
      ]),
    );

    expect(await redis.hgetall(key)).toEqual({ sent: '9000001000', pending: '-1', text: 'stays' });
  });

  it('extends the life of a key, to that of another if asked, and never shortens it', async () => {
    const [key, other] = [aKey(), aKey()];
    const life = () => redis.pttl(key);
    await write(redis, ['SET', key, 'x'], ['SET', other, 'x', 'PX', 90_000], extend(key, 60_000));
    expect(await life()).toBeGreaterThan(59_000);
    expect(await life()).toBeLessThanOrEqual(60_000);

    await write(redis, extend(key, 1_000));
    expect(await life()).toBeGreaterThan(50_000);

    await write(redis, extend(key, 1_000, other));
    expect(await life()).toBeGreaterThan(80_000);
    await write(redis, extend(`${key}-absent`, 1_000));
    expect(await redis.exists(`${key}-absent`)).toBe(0);
  });

  it('lets one of many win, who all read the same', async () => {
    const key = aKey();
    const tries = Array.from({ length: 20 }, (_, i) =>
      commit(redis, [{ key, is: null }], [['SET', key, String(i)]]),
    );

    const done = await Promise.all(tries);

    expect(done.filter((won) => won)).toHaveLength(1);
  });
});

describe('rounds over moving ground', () => {
  it('lose nothing, though everybody changes the same', async () => {
    const key = aKey();
    const raise = () =>
      untilSettled<true>(async () => {
        const is = await redis.get(key);
        const next = String(Number(is ?? 0) + 1);
        return (await commit(redis, [{ key, is }], [['SET', key, next]])) ? true : 'moved';
      });

    await Promise.all(Array.from({ length: 15 }, raise));

    expect(await redis.get(key)).toBe('15');
  });

  it('end with an error when the ground never holds still', async () => {
    await expect(untilSettled(async () => 'moved' as const)).rejects.toThrow('100 times');
  });
});
