/** Files and articles at WeChat: there, shared, gone, refused. */
import { randomBytes } from 'node:crypto';
import { afterAll, describe, expect, it } from 'vitest';
import { DAY, HOUR } from '../../src/shared/platform/time.ts';
import { anImage, aRequest, exampleFile, someNews, toOpenIds } from '../support/builders.ts';
import { startWorld } from '../support/world.ts';

const named = (prefix: string, count: number, settings: object = {}) =>
  Array.from({ length: count }, (_, i) => ({ name: `${prefix}${i + 1}`, ...settings }));

const world = await startWorld(
  { onTestFinished: (end) => afterAll(end) },
  { accounts: [...named('a', 12), ...named('draft', 4, { newsRoute: 'draft' })] },
);
const SEND = 'message/mass/send';
/** Three batches. */
const BATCHES = toOpenIds(30_000);

const bodiesOf = (account: string) =>
  world.ledger
    .requests(SEND)
    .filter((call) => call.account === account && call.status === 200)
    .map(({ errcode }) => errcode);

describe('media that WeChat no longer knows at the send step (40007)', () => {
  it('are uploaded again, and the same key goes again', async () => {
    const account = world.nextAccount('a');
    world.faults.set('media-expired', { account, path: SEND });

    const id = await world.create(aRequest(account, { message: anImage() }));

    expect(await world.ended(id)).toMatchObject({ outcome: 'delivered' });
    expect(bodiesOf(account)).toEqual([40007, 0]);
    expect(world.ledger.calls(account)['media/upload']).toBe(2);
    expect(await world.batch(id)).toMatchObject({ generation: 0, attempts: 2 });
  });

  it('are uploaded as often as it takes, where WeChat lets an id be sent a few times only', async (t) => {
    const own = await startWorld(t, { switches: { mediaReuseMax: 2 } });
    const audience = toOpenIds(70_000);

    const id = await own.create(aRequest('default', { message: anImage(), audience }));

    expect(await own.ended(id)).toMatchObject({ outcome: 'delivered' });
    expect(own.messages('default')).toEqual({ 1: 70_000 });
    expect(own.ledger.calls('default')['media/upload']).toBe(4);
  });

  it('make the articles once more, for all batches together', async () => {
    const account = world.nextAccount('a');
    world.faults.set('media-expired', { account, path: SEND });

    const id = await world.create(aRequest(account, { message: someNews(), audience: BATCHES }));

    expect(await world.ended(id)).toMatchObject({ outcome: 'delivered' });
    expect(world.messages(account)).toEqual({ 1: 30_000 });
    expect(world.ledger.calls(account)['media/uploadnews']).toBeLessThanOrEqual(3);
  });

  it('refuse the batch when they are gone once more, and uploadnews is not called again', async () => {
    const account = world.nextAccount('a');
    world.faults.set('errcode', { account, path: SEND, errcode: 40007, times: null });

    const id = await world.create(aRequest(account, { message: someNews() }));

    expect(await world.ended(id)).toMatchObject({ outcome: 'none', batches: { refused: 1 } });
    expect(bodiesOf(account)).toEqual([40007, 40007]);
    expect(world.ledger.calls(account)['media/uploadnews']).toBe(2);
  });

  it('refuse the batch at once where the caller named the id', async () => {
    const account = world.nextAccount('a');
    const message = { type: 'image', media: { mediaId: 'never-there' } };

    const id = await world.create(aRequest(account, { message }));

    expect(await world.ended(id)).toMatchObject({ outcome: 'none', batches: { refused: 1 } });
    expect(bodiesOf(account)).toEqual([40007]);
    expect(await world.batch(id)).toMatchObject({
      reason: expect.stringMatching(/named in the request.*send the file or the articles instead/),
    });
  });

  it('hold a batch that an earlier call may have sent', async () => {
    const account = world.nextAccount('a');
    world.faults.set('status-502', { account, path: SEND });
    world.faults.set('errcode', { account, path: SEND, errcode: 40007 });
    const message = { type: 'image', media: { mediaId: 'never-there' } };

    const id = await world.create(aRequest(account, { message }));

    await world.reaches(id, 'held');
    expect(await world.batch(id)).toMatchObject({ reason: 'outcome-unknown' });
  });
});

describe('a draft', () => {
  it('is made for each batch, since it dies with its send', async () => {
    const account = world.nextAccount('draft');

    const id = await world.create(aRequest(account, { message: someNews(), audience: BATCHES }));

    expect(await world.ended(id)).toMatchObject({ outcome: 'delivered' });
    expect(world.messages(account)).toEqual({ 1: 30_000 });
    expect(world.ledger.calls(account)).toMatchObject({
      'draft/add': 3,
      'material/add_material': 1,
    });
  });

  it('is made again for the batch that lost it, and for no other', async () => {
    const account = world.nextAccount('draft');
    world.faults.set('errcode', { account, path: SEND, errcode: 40007 });

    const id = await world.create(aRequest(account, { message: someNews(), audience: BATCHES }));

    expect(await world.ended(id)).toMatchObject({ outcome: 'delivered' });
    expect(world.messages(account)).toEqual({ 1: 30_000 });
    expect(world.ledger.calls(account)['draft/add']).toBe(4);
  });
});

describe('articles', () => {
  it('whose cover is gone have it uploaded again, and then go', async () => {
    const account = world.nextAccount('a');
    world.faults.set('media-expired', { account, path: 'media/uploadnews' });

    const id = await world.create(aRequest(account, { message: someNews() }));

    expect(await world.ended(id)).toMatchObject({ outcome: 'delivered' });
    expect(world.ledger.calls(account)).toMatchObject({ 'media/upload': 2, 'media/uploadnews': 2 });
  });

  it('whose cover is gone again and again fail the campaign, before anything is sent', async () => {
    const account = world.nextAccount('a');
    world.faults.set('errcode', {
      account,
      path: 'media/uploadnews',
      errcode: 40007,
      times: null,
    });

    const id = await world.create(aRequest(account, { message: someNews() }));

    expect(await world.ended(id)).toMatchObject({
      state: 'failed',
      error: { code: 'refused-by-wechat', errcode: 40007, of: 'news' },
    });
    expect(world.ledger.calls(account)['media/uploadnews']).toBeLessThanOrEqual(4);
    expect(bodiesOf(account)).toEqual([]);
  });

  it.each([
    ['a', 'media/uploadnews', /"media-id-unknown","of":"thumb"/],
    ['draft', 'draft/add', /a draft takes a permanent one/],
  ])(
    'whose cover the caller named by the wrong kind of id cost one call, and say which is wanted (%s)',
    async (prefix, path, advice) => {
      const account = world.nextAccount(prefix);
      const message = someNews({ thumb: { mediaId: 'never-there' } });

      const id = await world.create(aRequest(account, { message }));

      const { error } = await world.ended(id);
      expect(JSON.stringify([error, await world.batches(id)])).toMatch(advice);
      expect(world.ledger.calls(account)[path]).toBe(1);
      expect(bodiesOf(account)).toEqual([]);
    },
  );

  it('are uploaded once for two campaigns with the same content', async () => {
    const account = world.nextAccount('a');
    const message = someNews();

    const one = await world.create(aRequest(account, { message }));
    const two = await world.create(aRequest(account, { message, repeat: true }));

    expect(await world.ended(one)).toMatchObject({ outcome: 'delivered' });
    expect(await world.ended(two)).toMatchObject({ outcome: 'delivered' });
    expect(world.ledger.calls(account)).toMatchObject({ 'media/upload': 1, 'media/uploadnews': 1 });
  });
});

describe('two campaigns that share a cover', () => {
  it('both end, and it is uploaded once', async () => {
    const account = world.nextAccount('a');
    const hold = world.faults.hold({ account, path: 'media/upload' });

    const one = await world.create(aRequest(account, { message: someNews() }));
    await hold.arrived;
    const two = await world.create(aRequest(account, { message: someNews() }));
    await world.until('the second one waits for it', async () => {
      const jobs = await world.queues.media.getDelayed();
      return jobs.some(({ data }) => data.campaignId === two);
    });
    hold.release();

    expect(await world.ended(one)).toMatchObject({ outcome: 'delivered' });
    expect(await world.ended(two)).toMatchObject({ outcome: 'delivered' });
    expect(world.ledger.calls(account)).toMatchObject({ 'media/upload': 1, 'media/uploadnews': 2 });
  });
});

describe('a file that WeChat refuses for good', () => {
  it('fails the campaign before any send, with WeChat’s reason', async () => {
    const account = world.nextAccount('a');
    world.faults.set('errcode', { account, path: 'media/upload', errcode: 40137, times: null });

    const id = await world.create(aRequest(account, { message: anImage() }));

    expect(await world.ended(id)).toMatchObject({
      state: 'failed',
      error: { code: 'refused-by-wechat', errcode: 40137, of: 'image' },
      batches: { total: 0 },
    });
    expect(bodiesOf(account)).toEqual([]);
  });
});

describe('a campaign that was paused for longer than WeChat keeps media', () => {
  it('has them uploaded again when it goes on', async (t) => {
    const own = await startWorld(t);
    const hold = own.faults.hold({ path: 'media/upload' });
    const notAfter = new Date(Date.now() + 10 * DAY).toISOString();
    const id = await own.create(aRequest('default', { message: anImage(), notAfter }));
    await hold.arrived;
    await own.steer.pause(id, 'ann');
    hold.release();
    await own.until('it waits for a word', async () =>
      (await own.queues.campaigns.getDelayed()).some((job) => job.name === 'await-resume'),
    );

    await own.jump(3 * DAY + HOUR);
    await own.steer.resume(id, 'ann');

    expect(await own.ended(id)).toMatchObject({ outcome: 'delivered' });
    expect(own.ledger.calls('default')['media/upload']).toBe(2);
  });
});

describe('a video to everyone', () => {
  it('goes under the id of its second upload', async () => {
    const account = world.nextAccount('a');
    const base64 = exampleFile('clip.mp4').toString('base64');
    const title = `Clip ${randomBytes(4).toString('hex')}`;
    const message = { type: 'video', media: { base64, filename: 'clip.mp4' }, title };

    const id = await world.create(aRequest(account, { message, audience: { type: 'everyone' } }));

    expect(await world.ended(id)).toMatchObject({ outcome: 'delivered' });
    expect(world.ledger.calls(account)).toMatchObject({
      'media/upload': 1,
      'media/uploadvideo': 1,
    });
  });
});
