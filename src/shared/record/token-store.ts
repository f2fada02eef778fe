/** One account's access token in Redis, shared by every process. */
import { randomUUID } from 'node:crypto';
import type { Redis } from '../platform/redis.ts';
import { HOUR } from '../platform/time.ts';
import type { TokenStore } from '../wechat/tokens.ts';
import { claim, commit, untilSettled } from './commit.ts';
import { makeKeys } from './keys.ts';

interface TokenStoreDeps {
  readonly redis: Redis;
  readonly record: string;
  /** Whose token it is: an AppID at one WeChat, never an account's name. */
  readonly identity: string;
}

/** Removes the tokens of accounts that are gone; whether a token is good depends on its own time. */
const KEEP = 24 * HOUR;

export function makeTokenStore({ redis, record, identity }: TokenStoreDeps): TokenStore {
  const keys = makeKeys(record);
  const key = keys.token(identity);

  return {
    async read() {
      const [token, expiresAt] = await redis.hmget(key, 'token', 'expiresAt');
      return token && expiresAt ? { token, expiresAt: Number(expiresAt) } : null;
    },
    /** A token that was fetched earlier and comes late does not replace a newer one. */
    async write({ token, expiresAt }) {
      await untilSettled(async () => {
        const is = await redis.hget(key, 'expiresAt');
        if (Number(is) > expiresAt) return true;
        const done = await commit(
          redis,
          [{ key, field: 'expiresAt', is }],
          [
            ['HSET', key, 'token', token, 'expiresAt', expiresAt],
            ['PEXPIRE', key, KEEP],
          ],
        );
        return done || 'moved';
      });
    },
    lock: (ms) => claim(redis, { key: keys.tokenLock(identity), token: randomUUID(), ms }),
    async dropIf(token) {
      await commit(redis, [{ key, field: 'token', is: token }], [['DEL', key]]);
    },
  };
}
