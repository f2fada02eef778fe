/** Who is meant, found out before anything is sent. */
import { afterAll, describe, expect, it } from 'vitest';
import { HOUR } from '../../src/shared/platform/time.ts';
import { promote } from '../../src/shared/queue/queues.ts';
import { anImage, aRequest, toOpenIds } from '../support/builders.ts';
import { openIds } from '../support/open-ids.ts';
import { startWorld } from '../support/world.ts';

const FOLLOWERS = 25_001;
const world = await startWorld(
  { onTestFinished: (end) => afterAll(end) },
  {
    accounts: Array.from({ length: 20 }, (_, i) => ({
      name: `a${i + 1}`,
      wechat: { followers: FOLLOWERS },
    })),
  },
);
const ofCampaign = (id: string) =>
  world.ledger.messagesPerFollower((send) => send.clientMsgId?.startsWith(id) ?? false);

describe('20,001 OpenIDs', () => {
  it('go out in three batches of 6,667', async () => {
    const account = world.nextAccount();

    const id = await world.create(aRequest(account, { audience: toOpenIds(20_001) }));

    expect(await world.ended(id)).toMatchObject({ outcome: 'delivered', recipients: 20_001 });
    expect((await world.batches(id)).map(({ size }) => size)).toEqual([6_667, 6_667, 6_667]);
    expect(world.messages(account)).toEqual({ 1: 20_001 });
  });
});

describe('a group or a tag', () => {
  it.each([
    ['group', { type: 'group', groupId: '424242' }],
    ['tag', { type: 'tag', tagId: 424242 }],
  ])(
    '(%s) that WeChat does not know fails the campaign before anything is uploaded',
    async (_, audience) => {
      const account = world.nextAccount();

      const id = await world.create(aRequest(account, { audience, message: anImage() }));

      expect(await world.ended(id)).toMatchObject({
        state: 'failed',
        error: { code: 'audience-unknown', id: expect.stringContaining('424242') },
      });
      expect(world.ledger.calls(account)['media/upload']).toBeUndefined();
      expect(world.sendCalls(account)).toEqual([]);
    },
  );

  it('that WeChat knows gets it in one call', async () => {
    const account = world.nextAccount();
    const [tag] = world.sandbox.account(account).tags;

    const id = await world.create(aRequest(account, { audience: { type: 'tag', tagId: tag?.id } }));

    expect(await world.ended(id)).toMatchObject({ outcome: 'delivered', recipients: null });
    expect(world.sendCalls(account)).toEqual([0]);
  });

  it('is asked for by two of a burst, and the others go on with the answer, not after their pause', async () => {
    const account = world.nextAccount();
    const [tag] = world.sandbox.account(account).tags;
    const audience = { type: 'tag', tagId: tag?.id };
    world.faults.set('silent-after-accepting', {
      ...{ account, path: 'tags/get', afterMs: 5_000, times: 2 },
    });

    const ids = await Promise.all(
      Array.from({ length: 8 }, (_, at) =>
        world.create(aRequest(account, { audience, message: { type: 'text', content: `${at}` } })),
      ),
    );
    const roots = new Set(ids.map((id) => `c-${id}`));
    const asleep = await world.until('six asleep', async () => {
      const jobs = (await world.queues.campaigns.getDelayed()).filter(({ id }) =>
        roots.has(id ?? ''),
      );
      return jobs.length === 6 && jobs;
    });
    for (const id of ids) expect(await world.ended(id)).toMatchObject({ outcome: 'delivered' });

    expect(world.ledger.calls(account)['tags/get']).toBe(2);
    for (const { id, timestamp, delay } of asleep) {
      const { processedOn = 0 } = (await world.queues.campaigns.getJob(id ?? '')) ?? {};
      expect(processedOn + world.clock.ahead()).toBeLessThan(timestamp + delay);
    }
  });

  it('is asked for once more where it was not answered, however often its root had run', async () => {
    const account = world.nextAccount();
    const sendAt = new Date(world.clock.now() + HOUR).toISOString();
    const audience = { type: 'tag', tagId: 424242 };
    const id = await world.create(aRequest(account, { audience, sendAt }));
    const starts = async () => (await world.queues.campaigns.getJob(`c-${id}`))?.attemptsStarted;
    for (let run = 1; run <= 5; run += 1) {
      await promote(world.queues.campaigns, `c-${id}`);
      await world.until('started', async () => (await starts()) === run);
      await world.until('asleep again', async () =>
        (await world.queues.campaigns.getJob(`c-${id}`))?.isDelayed(),
      );
    }
    world.faults.set('status-502', { account, path: 'tags/get' });

    await world.jump(HOUR);

    expect(await world.ended(id)).toMatchObject({ error: { code: 'audience-unknown' } });
    expect(world.sendCalls(account)).toEqual([]);
  });
});

describe('all followers, read page by page', () => {
  it('get it once each', async () => {
    const account = world.nextAccount();

    const id = await world.create(aRequest(account, { audience: { type: 'followers' } }));

    expect(await world.ended(id)).toMatchObject({ outcome: 'delivered', recipients: FOLLOWERS });
    expect(world.messages(account)).toEqual({ 1: FOLLOWERS });
    expect(world.ledger.calls(account)['user/get']).toBeLessThanOrEqual(4);
  });

  it('go on with the page at which reading broke off', async () => {
    const account = world.nextAccount();
    world.faults.set('status-502', { account, path: 'user/get', nth: 2 });

    const id = await world.create(aRequest(account, { audience: { type: 'followers' } }));

    expect(await world.ended(id)).toMatchObject({ outcome: 'delivered', recipients: FOLLOWERS });
    expect(world.messages(account)).toEqual({ 1: FOLLOWERS });
    const pages = world.ledger
      .requests('user/get')
      .filter((call) => call.account === account)
      .map(({ query, status }) => [query.next_openid ?? '', status]);
    expect(pages[1]).toEqual([pages[2]?.[0], 502]);
    expect(new Set(pages.map(([cursor]) => cursor)).size).toBe(pages.length - 1);
  });

  it('or those with one tag, of whom some can be left out', async () => {
    const account = world.nextAccount();
    const { tags } = world.sandbox.account(account);
    const tagged = tags.find(({ id }) => id === 2)?.members;
    const count = tagged && 'from' in tagged ? tagged.to - tagged.from : (tagged?.length ?? 0);
    const first = world.sandbox
      .account(account)
      .followers.at(tagged && 'from' in tagged ? tagged.from : 0);
    const list = await world.stores.audiences.create([first], {});

    const id = await world.create(
      aRequest(account, { audience: { type: 'followers', tagId: 2 }, exclude: [list.id] }),
    );

    expect(await world.ended(id)).toMatchObject({ outcome: 'delivered', recipients: count - 1 });
    expect(world.messages(account)).toEqual({ 1: count - 1 });
    expect(world.ledger.receivedBy(account, first)).toEqual([]);
  });

  it('with a tag that WeChat does not know reaches nobody', async () => {
    const account = world.nextAccount();

    const id = await world.create(
      aRequest(account, { audience: { type: 'followers', tagId: 999 } }),
    );

    expect(await world.ended(id)).toMatchObject({
      state: 'failed',
      error: { code: 'audience-unknown' },
    });
    expect(world.messages(account)).toEqual({});
  });

  it('leave out whoever is on a suppression list', async () => {
    const account = world.nextAccount();
    const { followers } = world.sandbox.account(account);
    const left = [followers.at(0), followers.at(FOLLOWERS - 1)];
    const list = await world.stores.audiences.create(left, {});

    const id = await world.create(
      aRequest(account, { audience: { type: 'followers' }, exclude: [list.id] }),
    );

    expect(await world.ended(id)).toMatchObject({ recipients: FOLLOWERS - 2 });
    for (const openId of left) expect(world.ledger.receivedBy(account, openId)).toEqual([]);
  });
});

describe('a list', () => {
  it('leaves out whoever is on a suppression list', async () => {
    const account = world.nextAccount();
    const list = await world.stores.audiences.create(openIds(30), {});
    const left = await world.stores.audiences.create(openIds(4), {});
    const audience = { type: 'list', listId: list.id };

    const id = await world.create(aRequest(account, { audience, exclude: [left.id] }));

    expect(await world.ended(id)).toMatchObject({ recipients: 26, receipt: { sent: 26 } });
    expect(ofCampaign(id)).toEqual({ 1: 26 });
    expect(world.ledger.receivedBy(account, openIds(1)[0] ?? '')).toEqual([]);
  });
});

describe('a list that is gone when it is needed', () => {
  it('has its batches refused, and says so', async () => {
    const account = world.nextAccount();
    const list = await world.stores.audiences.create(openIds(30), {});
    const sendAt = new Date(world.clock.now() + HOUR).toISOString();
    const audience = { type: 'list', listId: list.id };
    const id = await world.create(aRequest(account, { audience, sendAt }));

    await world.stores.audiences.remove(list.id);
    await world.jump(HOUR);

    expect(await world.ended(id)).toMatchObject({ state: 'completed', outcome: 'none' });
    expect(await world.batch(id)).toMatchObject({
      state: 'refused',
      failure: { code: 'audience-gone' },
    });
    expect(world.sendCalls(account)).toEqual([]);
  });

  it('fails a campaign to followers, since nobody knows whom to leave out', async () => {
    const account = world.nextAccount();
    const list = await world.stores.audiences.create(openIds(4), {});
    const sendAt = new Date(world.clock.now() + HOUR).toISOString();
    const audience = { type: 'followers' };
    const id = await world.create(aRequest(account, { audience, exclude: [list.id], sendAt }));

    await world.stores.audiences.remove(list.id);
    await world.jump(HOUR);

    expect(await world.ended(id)).toMatchObject({
      state: 'failed',
      error: { code: 'audience-gone' },
    });
    expect(world.messages(account)).toEqual({});
  });
});

describe('the same content to the same audience within a day', () => {
  it('is refused, unless it is meant', async () => {
    const account = world.nextAccount();
    const body = aRequest(account);
    const id = await world.create(body);

    expect(await world.accept(body, { by: 'test' })).toMatchObject({
      refused: { code: 'same-content', campaignId: id },
    });
    const meant = await world.create({ ...body, repeat: true });
    expect(meant).not.toBe(id);
    await world.ended(id);
    await world.ended(meant);
    expect(world.messages(account)).toEqual({ 2: 25 });
  });

  it.each([
    [
      'a tag',
      'the followers with that tag',
      { type: 'tag', tagId: 2 },
      { type: 'followers', tagId: 2 },
    ],
    ['everyone', 'all followers', { type: 'everyone' }, { type: 'followers' }],
    [
      'a group',
      'the tag of its number',
      { type: 'group', groupId: '2' },
      { type: 'tag', tagId: 2 },
    ],
  ])('is refused for %s and %s, which are the same people', async (_, __, one, other) => {
    const sendAt = new Date(world.clock.now() + HOUR).toISOString();
    const body = aRequest('a1', { audience: one, sendAt });
    const id = await world.create(body);

    expect(await world.accept({ ...body, audience: other }, { by: 'test' })).toMatchObject({
      refused: { code: 'same-content', campaignId: id },
    });
    await world.steer.cancel(id, 'ann');
  });
});
