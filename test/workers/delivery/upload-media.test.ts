/** Files at WeChat: shared, refused, too old, of two calls. */
import { randomBytes } from 'node:crypto';
import { afterAll, describe, expect, it } from 'vitest';
import { DAY, HOUR } from '../../../src/shared/platform/time.ts';
import { anImage, aRequest, exampleFile, someNews } from '../../support/builders.ts';
import { startWorld } from '../../support/world.ts';

const named = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, i) => ({ name: `${prefix}${i + 1}` }));

const world = await startWorld(
  { onTestFinished: (end) => afterAll(end) },
  { accounts: named('a', 4) },
);

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
    expect(world.sendCalls(account)).toEqual([]);
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
    await own.until('it waits for the resume', async () =>
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
