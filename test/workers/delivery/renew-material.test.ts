import { afterAll, describe, expect, it } from 'vitest';
import { anImage, aRequest, inline, someNews, toOpenIds } from '../../support/builders.ts';
import { startWorld } from '../../support/world.ts';

const world = await startWorld(
  { onTestFinished: (end) => afterAll(end) },
  { accounts: Array.from({ length: 7 }, (_, i) => ({ name: `a${i + 1}` })) },
);
const SEND = 'message/mass/send';
/** Three batches. */
const BATCHES = toOpenIds(30_000);

describe('media that WeChat no longer knows at the send step (40007)', () => {
  it('are uploaded again, and the same key goes again', async () => {
    const account = world.nextAccount('a');
    world.faults.set('media-expired', { account, path: SEND });

    const id = await world.create(aRequest(account, { message: anImage() }));

    expect(await world.ended(id)).toMatchObject({ outcome: 'delivered' });
    expect(world.sendCalls(account)).toEqual([40007, 0]);
    expect(world.ledger.calls(account)['media/upload']).toBe(2);
    expect(await world.batch(id)).toMatchObject({ generation: 0, attempts: 2 });
  });

  it('are all uploaded again where one message has several', async () => {
    const account = world.nextAccount('a');
    world.faults.set('media-expired', { account, path: SEND });
    const message = { type: 'image', images: [inline('photo.jpg'), inline('picture.png')] };

    const id = await world.create(aRequest(account, { message }));

    expect(await world.ended(id)).toMatchObject({ outcome: 'delivered' });
    expect(world.sendCalls(account)).toEqual([40007, 0]);
    expect(world.ledger.calls(account)['media/upload']).toBe(4);
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
    expect(world.sendCalls(account)).toEqual([40007, 40007]);
    expect(world.ledger.calls(account)['media/uploadnews']).toBe(2);
  });

  it('refuse the batch at once where the caller named the id', async () => {
    const account = world.nextAccount('a');
    const message = { type: 'image', media: { mediaId: 'never-there' } };

    const id = await world.create(aRequest(account, { message }));

    expect(await world.ended(id)).toMatchObject({ outcome: 'none', batches: { refused: 1 } });
    expect(world.sendCalls(account)).toEqual([40007]);
    expect(await world.batch(id)).toMatchObject({
      failure: { code: 'media-id-unknown', of: 'message' },
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
