import { describe, expect, it } from 'vitest';
import { testRedis } from '../support/redis.ts';
import { keysOf, leaksIn, type Said } from './everything-said.ts';

const SECRET = 'a+b/c&"d7fe12==';
const OPEN_ID = 'or-bfHlRfSRuSKUKCU4TUHC4_Vfe';
const needles = { texts: { 'a key': SECRET }, patterns: { 'an OpenID': /or-bfH[\w-]{22}/ } };
const { redis, prefix } = testRedis();

describe('the search for what must not be said', () => {
  it.each([
    ['as it is', SECRET],
    ['in a url', `/x?key=${encodeURIComponent(SECRET)}&y=1`],
    ['in JSON', JSON.stringify({ a: [SECRET] })],
    ['in a Basic header', `Basic ${Buffer.from(SECRET).toString('base64')}`],
    ['as bytes', Buffer.from(SECRET).toString('hex')],
  ])('finds a secret %s', (_, text) => {
    expect(leaksIn([{ where: 'here', text: `before ${text} after` }], needles)).toEqual([
      { what: 'a key', where: 'here' },
    ]);
  });

  it('finds an OpenID, and nothing where there is nothing', () => {
    const said = [
      { where: 'here', text: `to ${OPEN_ID}.` },
      { where: 'there', text: 'or-bfH is no OpenID' },
    ];

    expect(leaksIn(said, needles)).toEqual([{ what: 'an OpenID', where: 'here' }]);
  });

  it('looks into every kind of key that Redis has', async () => {
    await redis.set(`${prefix}:string`, SECRET);
    await redis.hset(`${prefix}:hash`, 'field', SECRET);
    await redis.hset(`${prefix}:hash-field`, SECRET, 'value');
    await redis.rpush(`${prefix}:list`, 'a', SECRET);
    await redis.sadd(`${prefix}:set`, SECRET);
    await redis.zadd(`${prefix}:zset`, 1, SECRET);
    await redis.xadd(`${prefix}:stream`, '*', 'field', SECRET);
    await redis.set(`${prefix}:name:${OPEN_ID}`, 'x');

    const said: Said[] = [];
    for await (const key of keysOf(redis, `${prefix}:*`)) said.push(key);

    expect(leaksIn(said, needles)).toHaveLength(8);
  });
});
