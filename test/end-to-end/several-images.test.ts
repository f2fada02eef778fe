/** Several pictures go out in one send, each uploaded first. */
import { afterAll, describe, expect, it } from 'vitest';
import { aRequest, inline } from '../support/builders.ts';
import { startWorld } from '../support/world.ts';

const world = await startWorld(
  { onTestFinished: (end) => afterAll(end) },
  { accounts: [{ name: 'a1' }, { name: 'a2' }] },
);

describe('several images', () => {
  it.each([
    ['OpenIDs', {}],
    ['everyone', { audience: { type: 'everyone' } }],
  ])('go in one send to %s, with their title', async (_to, audience) => {
    const account = world.nextAccount();
    const message = {
      ...{ type: 'image', images: [inline('photo.jpg'), inline('picture.png')] },
      ...{ title: 'Two pictures', openComment: true },
    };

    const id = await world.create(aRequest(account, { message, ...audience }));

    expect((await world.ended(id)).outcome).toBe('delivered');
    const sends = world.ledger
      .requests()
      .filter((call) => call.account === account && /message\/mass\/send/.test(call.path));
    expect(sends).toHaveLength(1);
    const { images } = JSON.parse(sends[0]?.body ?? '{}');
    expect(images).toEqual({
      ...{ media_ids: [expect.any(String), expect.any(String)], title: 'Two pictures' },
      need_open_comment: 1,
    });
    expect(new Set(images.media_ids).size).toBe(2);
  });

  it.each([
    ['both one and several', { media: inline('photo.jpg'), images: [inline('photo.jpg')] }],
    ['neither', {}],
    ['a title of one picture', { media: inline('photo.jpg'), title: 'alone' }],
    ['more than twenty', { images: Array(21).fill(inline('photo.jpg')) }],
  ])('are refused where the message says %s', async (_what, fields) => {
    const refused = await world.accept(aRequest('a1', { message: { type: 'image', ...fields } }), {
      by: 'test',
    });
    expect('refused' in refused && refused.refused.code).toBe('invalid-campaign');
  });
});
