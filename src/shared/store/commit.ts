/**
 * The one way the record changes: "if all of this still holds, do all of that".
 *
 * Rules stay in TypeScript: read, decide, commit; whoever finds that the ground has moved reads
 * again. Every key carries one hash tag, so that this works in a Redis Cluster too.
 */
import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';

export interface Check {
  readonly key: string;
  /** A field, where the key is a hash. */
  readonly field?: string;
  /** What it must still be; null: absent. */
  readonly is: string | null;
}

export type Command = readonly [name: string, ...args: (string | number)[]];

const SCRIPT = `
local at = 2
for _ = 1, tonumber(ARGV[1]) do
  local key, field, present, value = ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3]
  local found
  if field == '' then found = redis.call('GET', key) else found = redis.call('HGET', key, field) end
  if present == '1' then
    if found ~= value then return false end
  elseif found then
    return false
  end
  at = at + 4
end
local replies = {}
while at <= #ARGV do
  local count = tonumber(ARGV[at])
  local reply = redis.call(unpack(ARGV, at + 1, at + count))
  if type(reply) == 'table' and reply.ok then reply = reply.ok end
  replies[#replies + 1] = reply
  at = at + count + 1
end
return replies
`;
const SHA = createHash('sha1').update(SCRIPT).digest('hex');

/** @returns false when a check no longer held, and then nothing was done; else every reply. */
export async function commit(
  redis: Redis,
  checks: readonly Check[],
  commands: readonly Command[],
): Promise<false | readonly unknown[]> {
  const argv: (string | number)[] = [checks.length];
  for (const { key, field = '', is } of checks) {
    argv.push(key, field, is === null ? '0' : '1', is ?? '');
  }
  for (const command of commands) argv.push(command.length, ...command);
  const routing = checks[0]?.key ?? String(commands[0]?.[1] ?? '');
  const replies = await run(redis, routing, argv);
  return replies === null ? false : (replies as unknown[]);
}

async function run(redis: Redis, key: string, argv: (string | number)[]): Promise<unknown> {
  try {
    return await redis.evalsha(SHA, 1, key, ...argv);
  } catch (error) {
    if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
    return redis.eval(SCRIPT, 1, key, ...argv);
  }
}

/** The ground moved this often in a row: something else is wrong. */
const MAX_ROUNDS = 100;

/** Reads, decides and commits again until the ground holds still. `round` returns 'moved' if not. */
export async function untilSettled<T>(round: () => Promise<T | 'moved'>): Promise<T> {
  for (let count = 0; count < MAX_ROUNDS; count += 1) {
    const result = await round();
    if (result !== 'moved') return result;
  }
  throw new Error(`the record changed ${MAX_ROUNDS} times between reading and writing`);
}
