/** How much of the bodies that are read whole one process, and one caller of it, holds. */
import { type ClientRequest, request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { makeRoom } from '../../../src/producer/http/room-for-bodies.ts';
import { testRedis } from '../../support/redis.ts';
import { KEY, OTHER_KEY, startWorld, type World } from '../world.ts';

const NEVER = new AbortController().signal;
const isSettled = async (one: Promise<unknown>): Promise<boolean> =>
  (await Promise.race([one, Promise.resolve('waits')])) !== 'waits';

describe('room', () => {
  it('is there for a body once another has given it back', async () => {
    const { take, heldBytes } = makeRoom({ all: 10, ofOne: 10 });
    const first = await take('a', 8, NEVER);
    const second = take('b', 8, NEVER);
    expect(await isSettled(second)).toBe(false);

    first?.();

    expect(await second).not.toBeNull();
    expect(heldBytes()).toBe(8);
  });

  it('is not taken from others by one who has a share', async () => {
    const { take } = makeRoom({ all: 10, ofOne: 5 });
    await take('a', 5, NEVER);
    const more = take('a', 5, NEVER);

    expect(await take('b', 5, NEVER)).not.toBeNull();
    expect(await isSettled(more)).toBe(false);
  });

  it('is waited for no longer than a while, and by nobody who has gone', async () => {
    const { take, heldBytes } = makeRoom({ all: 5, ofOne: 5, waitMs: 1 });
    const first = await take('a', 5, NEVER);
    const gone = new AbortController();
    const one = take('b', 5, gone.signal);
    gone.abort();

    expect(await one).toBeNull();
    expect(await take('c', 5, NEVER)).toBeNull();
    first?.();
    expect(heldBytes()).toBe(0);
  });
});

const redis = testRedis();
let world: World;
beforeAll(async () => {
  world = await startWorld(redis);
});
afterAll(() => world.stop());

/** All but the last byte of a body. */
function halfSent(key: string, path: string, bytes: number): ClientRequest {
  const sending = request(`${world.url}${path}`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${key}`,
      'content-type': path === '/v1/media' ? 'application/octet-stream' : 'application/json',
      'content-length': bytes,
      connection: 'close',
    },
  });
  sending.on('error', () => undefined).write(Buffer.alloc(bytes - 1, ' '));
  onTestFinished(() => {
    sending.destroy();
  });
  return sending;
}

describe('a caller with many large bodies', () => {
  it.each([
    ['/v1/campaigns', 16_000_000, 4],
    ['/v1/media', 10_000_000, 6],
  ])('has some of them read, and nobody else waits (%s)', async (path, bytes, read) => {
    const many = Array.from({ length: read + 3 }, () => halfSent(KEY, path, bytes));
    const unread = (): number =>
      many.filter((one) => one.writableLength + (one.socket?.writableLength ?? 0) > 0).length;
    await expect.poll(unread).toBeLessThanOrEqual(3);

    const other = await world.call('POST', '/v1/campaigns/plan', {
      key: OTHER_KEY,
      headers: { 'content-type': 'application/json' },
      body: `{${' '.repeat(1_000_000)}}`,
    });

    expect(other.status).toBe(422);
    expect(unread()).toBe(3);
  });
});
