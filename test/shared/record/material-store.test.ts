import { describe, expect, it } from 'vitest';
import { HOUR, MINUTE } from '../../../src/shared/platform/time.ts';
import {
  type MaterialStore,
  makeMaterialStore,
  TEMPORARY_MEDIA_LIFE,
} from '../../../src/shared/record/material-store.ts';
import { testRedis } from '../../support/redis.ts';

type MaterialKey = Parameters<MaterialStore['find']>[1];

const { redis, prefix } = testRedis();
const NOON = Date.parse('2026-01-05T12:00:00Z');
const SHA = 'ab'.repeat(32);
const THUMB: MaterialKey = { kind: 'thumb', sha256: SHA };

let worlds = 0;

function records() {
  worlds += 1;
  const clock = { now: NOON };
  const own = `${prefix}:${worlds}`;
  const material = makeMaterialStore({
    redis,
    record: own,
    identityOf: (account) => account,
    now: () => clock.now,
  });
  const keys = () => redis.keys(`${own.replace(/[{}]/g, '?')}:*`);
  return { material, clock, own, keys };
}

const uploaded = (mediaId: string) => ({
  mediaId,
  uploadedAt: NOON,
  expiresAt: NOON + TEMPORARY_MEDIA_LIFE,
});

describe('what is at WeChat', () => {
  it('is found until an hour before it expires', async () => {
    const { material, clock } = records();
    await material.save('default', THUMB, uploaded('T1'));

    clock.now = NOON + TEMPORARY_MEDIA_LIFE - HOUR;
    expect(await material.find('default', THUMB)).toEqual(uploaded('T1'));

    clock.now += 1;
    expect(await material.find('default', THUMB)).toBeNull();
  });

  it('belongs to one account, as one kind, with one text', async () => {
    const { material } = records();
    const film: MaterialKey = { kind: 'mpvideo', sha256: SHA, textDigest: 'aa' };
    await material.save('default', film, uploaded('V1'));

    expect(await material.find('default', film)).toMatchObject({ mediaId: 'V1' });
    expect(await material.find('other', film)).toBeNull();
    expect(await material.find('default', { ...film, kind: 'video' })).toBeNull();
    expect(await material.find('default', { ...film, textDigest: 'bb' })).toBeNull();
    expect(await material.find('default', { ...film, sha256: 'cd'.repeat(32) })).toBeNull();
  });

  it('stays where WeChat keeps it for good', async () => {
    const { material, clock, own } = records();
    const picture: MaterialKey = { kind: 'article-picture', sha256: SHA };
    const kept = { url: 'http://mmbiz.qpic.cn/x', uploadedAt: NOON, expiresAt: null };
    await material.save('default', picture, kept);

    clock.now = NOON + 1_000 * TEMPORARY_MEDIA_LIFE;

    expect(await material.find('default', picture)).toEqual(kept);
    expect(await redis.pttl(`${own}:material-of:${SHA}`)).toBeGreaterThan(
      10_000 * TEMPORARY_MEDIA_LIFE,
    );
  });

  it('leaves Redis with WeChat’s copy', async () => {
    const { material, own } = records();
    await material.save('default', THUMB, uploaded('T1'));

    const lives = await Promise.all([
      redis.pttl(`${own}:material:default:thumb:${SHA}`),
      redis.pttl(`${own}:material-of:${SHA}`),
    ]);

    for (const life of lives) {
      expect(life).toBeGreaterThan(TEMPORARY_MEDIA_LIFE - MINUTE);
      expect(life).toBeLessThanOrEqual(TEMPORARY_MEDIA_LIFE);
    }
  });

  it('is not recorded when it has expired already, and what was known is dropped', async () => {
    const { material, keys } = records();
    await material.save('default', THUMB, uploaded('T1'));

    await material.save('default', THUMB, { ...uploaded('T1'), expiresAt: NOON });

    expect(await keys()).toEqual([]);
  });

  it('is listed by file over all accounts and kinds, expired ones left out', async () => {
    const { material, clock } = records();
    const later = NOON + TEMPORARY_MEDIA_LIFE;
    await material.save('b', THUMB, uploaded('T2'));
    await material.save('a', THUMB, { ...uploaded('T1'), expiresAt: NOON + 2 * HOUR });
    await material.save(
      'a',
      { ...THUMB, kind: 'permanent' },
      {
        mediaId: 'P1',
        uploadedAt: NOON,
        expiresAt: null,
      },
    );

    expect(await material.atWechat(SHA, ['a', 'b', 'default'])).toEqual([
      { account: 'a', kind: 'permanent', expiresAt: null },
      { account: 'a', kind: 'thumb', expiresAt: NOON + 2 * HOUR },
      { account: 'b', kind: 'thumb', expiresAt: later },
    ]);
    clock.now = NOON + 3 * HOUR;
    expect(await material.atWechat(SHA, ['a', 'b', 'default'])).toEqual([
      { account: 'a', kind: 'permanent', expiresAt: null },
      { account: 'b', kind: 'thumb', expiresAt: later },
    ]);
    expect(await material.atWechat('cd'.repeat(32), ['a'])).toEqual([]);
  });
});

describe('an id that WeChat does not know any more', () => {
  it('is forgotten', async () => {
    const { material, keys } = records();
    await material.save('default', THUMB, uploaded('T1'));

    await material.forget('default', THUMB, 'T1');

    expect(await material.find('default', THUMB)).toBeNull();
    expect(await keys()).toEqual([]);
  });

  it('takes no newer one with it', async () => {
    const { material } = records();
    await material.save('default', THUMB, uploaded('T1'));
    await material.save('default', THUMB, uploaded('T2'));

    await material.forget('default', THUMB, 'T1');

    expect(await material.find('default', THUMB)).toEqual(uploaded('T2'));
    expect(await material.atWechat(SHA, ['a', 'b', 'default'])).toHaveLength(1);
  });
});

describe('the claim of an upload', () => {
  it('is given to one of many', async () => {
    const { material } = records();

    const claims = await Promise.all(
      Array.from({ length: 8 }, () => material.claim('default', THUMB, MINUTE)),
    );

    expect(claims.filter((release) => release !== null)).toHaveLength(1);
  });

  it('is of one account, kind and file', async () => {
    const { material } = records();
    await material.claim('default', THUMB, MINUTE);

    expect(await material.claim('other', THUMB, MINUTE)).not.toBeNull();
    expect(await material.claim('default', { ...THUMB, kind: 'image' }, MINUTE)).not.toBeNull();
  });

  it('is free again once released', async () => {
    const { material } = records();
    const release = await material.claim('default', THUMB, MINUTE);

    await release?.();

    expect(await material.claim('default', THUMB, MINUTE)).not.toBeNull();
  });

  it('gives a job that was killed and runs again its own claim back, and nobody else', async () => {
    const { material } = records();
    await material.claim('default', THUMB, MINUTE, 'u-1');

    const again = await material.claim('default', THUMB, MINUTE, 'u-1');

    expect(again).not.toBeNull();
    expect(await material.claim('default', THUMB, MINUTE, 'u-2')).toBeNull();
  });

  it('runs out with a lost holder, whose late release frees nobody else’s', async () => {
    const { material, own } = records();
    const claimKey = `${own}:material:default:thumb:${SHA}:claim`;
    const lost = await material.claim('default', THUMB, MINUTE);
    expect(await redis.pttl(claimKey)).toBeGreaterThan(0);
    await redis.pexpire(claimKey, 0);

    expect(await material.claim('default', THUMB, MINUTE)).not.toBeNull();
    await lost?.();

    expect(await material.claim('default', THUMB, MINUTE)).toBeNull();
  });
});
