/**
 * How the record changes wherever a change depends on what was read, or takes more than one command:
 * "if all of this is still so, do all of that", in one step. A single command that depends on nothing
 * is sent as it is.
 *
 * Rules stay in TypeScript: read, decide, commit, and read again if the record changed in between.
 * Every key carries one hash tag, so that all keys of a commit are in one slot of a Redis Cluster.
 */
import { createHash } from 'node:crypto';
import type { Redis } from '../platform/redis.ts';

interface Place {
  readonly key: string;
  /** A field, where the key is a hash. */
  readonly field?: string;
}

export interface Unchanged extends Place {
  /** What it must still be; null: absent. */
  readonly is: string | null;
}

interface AtLeast extends Place {
  /** A number that it must reach, unless it is absent. */
  readonly atLeast: number;
}

interface Counted extends Place {
  /** The number that it must still be; absent is 0. */
  readonly counts: number;
}

interface There extends Place {
  /** It must be there, whatever it is. */
  readonly isThere: true;
}

export type Check = Unchanged | AtLeast | Counted | There;

type Argument = string | number | Buffer;
export type Command = readonly [name: string, ...args: Argument[]];

/** These commands, or none. */
export const when = (condition: unknown, ...commands: readonly Command[]): readonly Command[] =>
  condition ? commands : [];

/** Keeps `key` for `ms` at least, and at least as long as `like` is kept. Never shortens its life. */
export const extend = (key: string, ms: number, like = key): Command => [
  'EXTEND',
  key,
  Math.ceil(ms),
  like,
];

/**
 * Where `command` answers 1, it has made its key (or a field of it): that is kept for `ms`, so that
 * the many that come after it need not say so again.
 */
export const keptFor = (ms: number, command: Command): Command => ['KEPT-FOR', ms, ...command];

/** Adds to several fields of a hash at once. */
export const add = (
  hash: string,
  counts: readonly (readonly [field: string, by: number])[],
): Command => ['ADD', hash, ...counts.flat()];

/** Keeps a member in a sorted set while a field of a hash is above 0; with score 0 it only takes it away. */
export const whileCounted = (
  hash: string,
  field: string,
  { set, member, score }: { readonly set: string; readonly member: string; readonly score: number },
): Command => ['WHILE-COUNTED', set, member, score, hash, field];

/** Fields of one hash are read by one command, however many of them are checked; strings, too. */
const SCRIPT = `
local at = 2
for _ = 1, tonumber(ARGV[1]) do
  local places = tonumber(ARGV[at])
  local found = redis.call(unpack(ARGV, at + 1, at + places))
  at = at + places + 1
  for _, value in ipairs(found) do
    local present, expected = ARGV[at], ARGV[at + 1]
    if present == '1' and value ~= expected or present == '0' and value then return 0 end
    if present == '3' and not value then return 0 end
    if present == '2' and value and tonumber(value) < tonumber(expected) then return 0 end
    if present == '4' and tonumber(value or 0) ~= tonumber(expected) then return 0 end
    at = at + 2
  end
end
local function add(hash, ...)
  local given, fields = { ... }, {}
  for n = 1, #given, 2 do fields[#fields + 1] = given[n] end
  local found = redis.call('HMGET', hash, unpack(fields))
  for n, value in ipairs(found) do
    given[2 * n] = string.format('%d', tonumber(value or 0) + tonumber(given[2 * n]))
  end
  redis.call('HSET', hash, unpack(given))
end
local function extend(key, ms, like)
  local life = math.max(tonumber(ms), redis.call('PTTL', like))
  if redis.call('PTTL', key) < life then redis.call('PEXPIRE', key, life) end
end
while at <= #ARGV do
  local count = tonumber(ARGV[at])
  if ARGV[at + 1] == 'EXTEND' then
    extend(unpack(ARGV, at + 2, at + count))
  elseif ARGV[at + 1] == 'KEPT-FOR' then
    if redis.call(unpack(ARGV, at + 3, at + count)) == 1 then
      redis.call('PEXPIRE', ARGV[at + 4], ARGV[at + 2])
    end
  elseif ARGV[at + 1] == 'ADD' then
    add(unpack(ARGV, at + 2, at + count))
  elseif ARGV[at + 1] == 'WHILE-COUNTED' then
    local set, member, score, hash, field = unpack(ARGV, at + 2, at + 6)
    if tonumber(redis.call('HGET', hash, field) or 0) > 0 then
      if tonumber(score) > 0 then redis.call('ZADD', set, 'NX', score, member) end
    else
      redis.call('ZREM', set, member)
    end
  else
    redis.call(unpack(ARGV, at + 1, at + count))
  end
  at = at + count + 1
end
return 1
`;
const SHA = createHash('sha1').update(SCRIPT).digest('hex');

/** @returns false when a check no longer held, and then nothing was done. */
export async function commit(
  redis: Redis,
  checks: readonly Check[],
  commands: readonly Command[],
): Promise<boolean> {
  const groups = readTogether(checks);
  const argv: Argument[] = [groups.length];
  for (const group of groups) {
    const reading = readingOf(group);
    argv.push(reading.length, ...reading);
    for (const check of group) argv.push(...expected(check));
  }
  for (const command of commands) argv.push(command.length, ...command);
  const keys = new Set([...checks.map(({ key }) => key), ...commands.flatMap(keysOf)]);
  return (await run(redis, [...keys], argv)) === 1;
}

/** Declared, though the script finds them among its arguments: some servers lock what is declared. */
function keysOf([name, ...args]: Command): string[] {
  if (name === 'PUBLISH') return [];
  if (name === 'EXTEND') return [args[0], args[2]].map(String);
  if (name === 'WHILE-COUNTED') return [args[0], args[3]].map(String);
  if (name === 'KEPT-FOR') return [String(args[2])];
  if (name === 'DEL' || name === 'UNLINK') return args.map(String);
  return args.slice(0, name === 'RENAME' ? 2 : 1).map(String);
}

/** Several commands in one step that depend on nothing. */
export async function write(redis: Redis, ...commands: readonly Command[]): Promise<void> {
  await commit(redis, [], commands);
}

function expected(check: Check): [string, string | number] {
  if ('atLeast' in check) return ['2', check.atLeast];
  if ('isThere' in check) return ['3', ''];
  if ('counts' in check) return ['4', check.counts];
  return check.is === null ? ['0', ''] : ['1', check.is];
}

type Group = [Check, ...Check[]];

/** Those of one hash, and those of strings. */
function readTogether(checks: readonly Check[]): Group[] {
  const groups = new Map<string, Group>();
  for (const check of checks) {
    const of = check.field === undefined ? '' : check.key;
    const group = groups.get(of);
    if (group) group.push(check);
    else groups.set(of, [check]);
  }
  return [...groups.values()];
}

function readingOf(group: Group): Command {
  const [{ key, field }] = group;
  return field === undefined
    ? ['MGET', ...group.map((check) => check.key)]
    : ['HMGET', key, ...group.flatMap((check) => check.field ?? [])];
}

async function run(redis: Redis, keys: string[], argv: Argument[]): Promise<unknown> {
  try {
    return await redis.evalsha(SHA, keys.length, ...keys, ...argv);
  } catch (error) {
    if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
    return redis.eval(SCRIPT, keys.length, ...keys, ...argv);
  }
}

/** Gives the claim back; does nothing where it has run out, even if another has it by now. */
export type Release = () => Promise<void>;

/**
 * A right that one holder has at a time, for `ms` at most, should its holder be lost.
 *
 * @param token whose claim it is: the same token has its own claim back at once.
 * @returns null while another has it.
 */
export async function claim(
  redis: Redis,
  { key, token, ms }: { readonly key: string; readonly token: string; readonly ms: number },
): Promise<Release | null> {
  const take = (is: string | null) => commit(redis, [{ key, is }], [['SET', key, token, 'PX', ms]]);
  if (!(await take(null)) && !(await take(token))) return null;
  return async () => {
    await commit(redis, [{ key, is: token }], [['DEL', key]]);
  };
}

/** After so many conflicts in a row something else is wrong. */
const MAX_ROUNDS = 100;

/** Reads, decides and commits until nothing changed in between; `round` returns 'moved' if it did. */
export async function untilSettled<T>(round: () => Promise<T | 'moved'>): Promise<T> {
  for (let count = 0; count < MAX_ROUNDS; count += 1) {
    const result = await round();
    if (result !== 'moved') return result;
  }
  throw new Error(`the record changed ${MAX_ROUNDS} times between reading and writing`);
}
