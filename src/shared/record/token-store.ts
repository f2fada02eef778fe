import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { HOUR } from '../platform/time.ts';
import type { TokenStore } from '../wechat/tokens.ts';

interface TokenStoreDeps {
  readonly redis: Redis;
  /** With the account's hash tag: `{qunfa}`. */
  readonly prefix: string;
  /** Whose token it is: an AppID at one WeChat, never an account's name. */
  readonly identity: string;
}

/** Tidies up after accounts that are gone; whether a token is good is told by its own time. */
const KEEP = 24 * HOUR;

/** A fetcher that came back late must not put an older token over a newer one. */
const WRITE = `
local ends = redis.call('HGET', KEYS[1], 'expiresAt')
if ends and tonumber(ends) > tonumber(ARGV[2]) then return 0 end
redis.call('HSET', KEYS[1], 'token', ARGV[1], 'expiresAt', ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1`;

const DROP_IF = `
if redis.call('HGET', KEYS[1], 'token') ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])`;

const UNLOCK = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])`;

/** One account's access token in Redis, shared by every process. */
export function makeTokenStore({ redis, prefix, identity }: TokenStoreDeps): TokenStore {
  const tokenKey = `${prefix}:token:${identity}`;
  const lockKey = `${prefix}:token-lock:${identity}`;

  return {
    async read() {
      const [token, expiresAt] = await redis.hmget(tokenKey, 'token', 'expiresAt');
      return token && expiresAt ? { token, expiresAt: Number(expiresAt) } : null;
    },
    async write({ token, expiresAt }) {
      await redis.eval(WRITE, 1, tokenKey, token, expiresAt, KEEP);
    },
    async lock(ms) {
      const mine = randomUUID();
      if ((await redis.set(lockKey, mine, 'PX', ms, 'NX')) !== 'OK') return null;
      return async () => {
        await redis.eval(UNLOCK, 1, lockKey, mine);
      };
    },
    async dropIf(token) {
      await redis.eval(DROP_IF, 1, tokenKey, token);
    },
  };
}
