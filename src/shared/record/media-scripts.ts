/**
 * Redis scripts of the media and material stores: each is one compare-and-set.
 *
 * They know keys and times, no rules.
 */

/**
 * Extends the life of a file and of what is known of it; never shortens it.
 *
 * KEYS: bytes, facts, index. ARGV: id, life (ms), the index' score (ms since 1970).
 * Returns 1, or 0 if either key is gone; then what is left of it goes too.
 */
export const KEEP_LONGER = `
if redis.call('EXISTS', KEYS[1], KEYS[2]) < 2 then
  redis.call('DEL', KEYS[1], KEYS[2])
  redis.call('ZREM', KEYS[3], ARGV[1])
  return 0
end
for i = 1, 2 do
  if redis.call('PTTL', KEYS[i]) < tonumber(ARGV[2]) then
    redis.call('PEXPIRE', KEYS[i], ARGV[2])
  end
end
redis.call('ZADD', KEYS[3], 'GT', ARGV[3], ARGV[1])
return 1`;

/**
 * Records an upload and lists it under its file.
 *
 * KEYS: material, material-of. ARGV: JSON, life (ms; 0 or less: see below), field, expiry (JSON).
 * An expiry of null keeps both for good; a life that is over removes them.
 */
export const SAVE_MATERIAL = `
local life = tonumber(ARGV[2])
if ARGV[4] == 'null' then
  redis.call('SET', KEYS[1], ARGV[1])
  redis.call('HSET', KEYS[2], ARGV[3], ARGV[4])
  redis.call('PERSIST', KEYS[2])
  return 1
end
if life <= 0 then
  redis.call('DEL', KEYS[1])
  redis.call('HDEL', KEYS[2], ARGV[3])
  return 0
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', life)
local left = redis.call('PTTL', KEYS[2])
redis.call('HSET', KEYS[2], ARGV[3], ARGV[4])
if left == -2 or (left >= 0 and left < life) then redis.call('PEXPIRE', KEYS[2], life) end
return 1`;

/** Forgets an upload if it is still this one. KEYS: material, material-of. ARGV: id or URL, field. */
export const FORGET_IF = `
local text = redis.call('GET', KEYS[1])
if not text then return 0 end
local material = cjson.decode(text)
if material.mediaId ~= ARGV[1] and material.url ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[1])
redis.call('HDEL', KEYS[2], ARGV[2])
return 1`;

/** Claims, or claims again what one has claimed before. KEYS: claim. ARGV: token, life (ms). */
export const CLAIM_IF = `
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1`;

/** Deletes a claim if it is still one's own. KEYS: claim. ARGV: token. */
export const RELEASE_IF = `
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0`;
