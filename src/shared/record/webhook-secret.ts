/** What webhooks are signed with: `whsec_` and base64, the newest key and the one before it. */
import { randomBytes } from 'node:crypto';
import type { Redis } from '../platform/redis.ts';
import { DAY } from '../platform/time.ts';
import { commit, untilSettled } from './commit.ts';
import { makeKeys } from './keys.ts';

/** How long the previous one also signs. */
export const BOTH_SIGN_FOR = 7 * DAY;

export type WebhookSecret = ReturnType<typeof makeWebhookSecret>;

/** The first call makes one. */
export function makeWebhookSecret({ redis, record }: { redis: Redis; record: string }) {
  const keys = makeKeys(record);
  const [key, previousKey] = [keys.webhookSecret(), keys.previousWebhookSecret()];

  /** The newest. */
  async function current(): Promise<string> {
    const known = await redis.get(key);
    if (known) return known;
    await redis.set(key, newSecret(), 'NX');
    return (await redis.get(key)) ?? '';
  }

  /** All that sign now, the newest first. */
  async function all(): Promise<string[]> {
    const [newest, previous] = [await current(), await redis.get(previousKey)];
    return previous === null ? [newest] : [newest, previous];
  }

  /** Makes a new one. The previous one also signs for a week; the one before that no longer. */
  async function rotate(): Promise<string> {
    return untilSettled<string>(async () => {
      const [previous, next] = [await current(), newSecret()];
      const done = await commit(
        redis,
        [{ key, is: previous }],
        [
          ['SET', key, next],
          ['SET', previousKey, previous, 'PX', BOTH_SIGN_FOR],
        ],
      );
      return done ? next : 'moved';
    });
  }

  return { current, all, rotate };
}

const newSecret = (): string => `whsec_${randomBytes(32).toString('base64')}`;
