/** A picture post (贴图): a draft of pictures for each batch, where the account may send them. */
import { randomBytes } from 'node:crypto';
import { afterAll, describe, expect, it } from 'vitest';
import { makeRecallCampaign } from '../../src/shared/actions/recall-campaign.ts';
import { aRequest, inline, toOpenIds } from '../support/builders.ts';
import { startWorld } from '../support/world.ts';

const scope = { onTestFinished: (end: () => Promise<void>) => afterAll(end) };
const world = await startWorld(scope, {
  accounts: [
    ...['p1', 'p2', 'p3', 'p4'].map((name) => ({ name, picturePosts: true })),
    { name: 'without' },
  ],
});

const aPicturePost = (changes: object = {}) => ({
  ...{
    type: 'newspic',
    title: `Spring ${randomBytes(6).toString('hex')}`,
    content: 'From Friday.',
  },
  images: [inline('photo.jpg'), inline('picture.png')],
  ...changes,
});

const wechatAnswers = (picturePosts: 'accepted' | number) =>
  fetch(`${world.sandbox.url}/sandbox/options`, {
    method: 'PUT',
    body: JSON.stringify({ picturePosts }),
  });

const callsOf = (account: string, path: string) =>
  world.ledger.requests().filter((call) => call.account === account && call.path.endsWith(path));

describe('a picture post', () => {
  it('goes out as a draft of permanent pictures, once to each follower', async () => {
    const message = aPicturePost({ openComment: true, fansOnlyComment: false });
    const id = await world.create(aRequest('p1', { message }));

    expect((await world.ended(id)).outcome).toBe('delivered');
    const [draft, ...more] = callsOf('p1', 'draft/add');
    expect(more).toEqual([]);
    expect(JSON.parse(draft?.body ?? '{}')).toEqual({
      articles: [
        {
          ...{ article_type: 'newspic', title: message.title, content: 'From Friday.' },
          image_info: {
            image_list: [
              { image_media_id: expect.any(String) },
              { image_media_id: expect.any(String) },
            ],
          },
          ...{ need_open_comment: 1, only_fans_can_comment: 0 },
        },
      ],
    });
    expect(callsOf('p1', 'material/add_material')).toHaveLength(2);
    const [send] = callsOf('p1', 'message/mass/send');
    expect(JSON.parse(send?.body ?? '{}')).toMatchObject({ msgtype: 'mpnews' });
    expect(world.messages('p1')).toEqual({ 1: 25 });
  });

  it('is taken back as an article is', async () => {
    const id = await world.create(aRequest('p4', { message: aPicturePost() }));
    await world.ended(id);
    const { stores, wechatFor, clock } = world;
    const accounts = () => world.accounts;
    const recall = makeRecallCampaign({ stores, accounts, wechatFor, now: clock.now });

    const report = await recall(id, {}, 'test', 'en');

    expect(report).toMatchObject({ recalled: 1, results: [{ outcome: 'recalled' }] });
  });

  it('has a draft of its own for each batch, of pictures that are uploaded once', async () => {
    const message = aPicturePost({ images: [inline('photo.jpg')] });
    const id = await world.create(aRequest('p2', { message, audience: toOpenIds(20_002) }));

    expect((await world.ended(id)).outcome).toBe('delivered');
    expect(callsOf('p2', 'draft/add')).toHaveLength(3);
    expect(callsOf('p2', 'material/add_material')).toHaveLength(1);
    expect(world.messages('p2')).toEqual({ 1: 20_002 });
  });

  it('is the same content within 24 hours, and refused a second time', async () => {
    const request = aRequest('p1', { message: aPicturePost() });
    await world.create(request);

    const again = await world.accept(request, { by: 'test' });

    expect('refused' in again && again.refused.code).toBe('same-content');
  });

  it('is refused once for all where WeChat sends no such draft (40008)', async () => {
    await wechatAnswers(40008);
    const id = await world.create(aRequest('p3', { message: aPicturePost() }));

    expect(await world.ended(id)).toMatchObject({ outcome: 'none', batches: { refused: 1 } });
    expect(world.sendCalls('p3')).toEqual([40008]);
    await wechatAnswers('accepted');
    // The draft of the batch that did not go out does not stay in the console's box.
    await world.until('its draft is removed', () => callsOf('p3', 'draft/delete').length === 1);
  });

  it.each([
    ['an account that does not send them', 'without', {}, 'newspic-not-allowed'],
    [
      'more than twenty pictures',
      'p4',
      { images: Array(21).fill(inline('photo.jpg')) },
      'too-large',
    ],
    ['no picture', 'p4', { images: [] }, 'empty'],
    ['nothing to read', 'p4', { content: ' ' }, 'nothing-visible'],
    ['a sound', 'p4', { images: [inline('voice.mp3')] }, 'media-format'],
  ])('is refused for %s', async (_why, account, changes, code) => {
    const message = aPicturePost(changes);
    const refused = await world.accept(aRequest(account, { message }), { by: 'test' });

    expect(refused).toMatchObject({
      refused: { code: 'invalid-campaign', errors: [expect.objectContaining({ code })] },
    });
  });
});
