import { describe, expect, it } from 'vitest';
import { openSealed, seal } from '../../../../src/shared/wechat/push/cipher.ts';
import { SAFE, sealed } from './make-push.ts';

const KEY = SAFE.encodingAesKey;
/** With 16 random bytes, 4 of length and the appid, exactly one block short of its padding. */
const MESSAGE = 'x'.repeat(96 - 20 - SAFE.appId.length);

describe('a sealed message', () => {
  it.each([0, 1, 15, 16, 17, 31, 32])('of %i bytes beyond a block comes back whole', (bytes) => {
    const message = MESSAGE + 'y'.repeat(bytes);

    const opened = openSealed(KEY, seal(KEY, { message, appId: SAFE.appId }));

    expect(opened?.message.toString()).toBe(message);
    expect(opened?.appId).toBe(SAFE.appId);
  });

  it('never looks the same twice', () => {
    const content = { message: MESSAGE, appId: SAFE.appId };

    expect(seal(KEY, content)).not.toBe(seal(KEY, content));
  });

  it.each([
    ['padding of 0', { pad: (count: number) => Buffer.alloc(count) }],
    ['padding of 33', { pad: (count: number) => Buffer.alloc(count, 33) }],
    [
      'padding that is not all alike',
      { pad: (count: number) => Buffer.alloc(count, count).fill(7, 0, 1) },
    ],
    ['a length beyond its end', { claimedLength: 5_000 }],
    ['a length of 4 GiB', { claimedLength: 0xffffffff }],
  ])('with %s is none', (_, flaw) => {
    expect(openSealed(KEY, sealed(MESSAGE, flaw))).toBeNull();
  });

  it.each(['', 'A', 'AAAA', '%%%%', 'A'.repeat(43), `${'A'.repeat(63)}=`, 'A'.repeat(65_536)])(
    'is not made of %j',
    (text) => {
      expect(openSealed(KEY, text)).toBeNull();
    },
  );

  it.each(['', 'short', 'A'.repeat(42), 'A'.repeat(44), `${'A'.repeat(42)}!`])(
    'needs a key of 43 characters, not %j',
    (key) => {
      expect(() => openSealed(key, 'AAAA')).toThrow(TypeError);
    },
  );
});
