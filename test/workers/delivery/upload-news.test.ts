/** Articles at WeChat, by uploadnews or as drafts: made once, made again, refused. */
import { afterAll, describe, expect, it } from 'vitest';
import { failureWords } from '../../../src/shared/contract/campaign-words.ts';
import { DAY } from '../../../src/shared/platform/time.ts';
import { addMaterial } from '../../../src/shared/wechat/media.ts';
import { addDraft, readDraft } from '../../../src/shared/wechat/news.ts';
import { anImage, aRequest, exampleFile, someNews, toOpenIds } from '../../support/builders.ts';
import { startWorld } from '../../support/world.ts';

const named = (prefix: string, count: number, settings: object) =>
  Array.from({ length: count }, (_, i) => ({ name: `${prefix}${i + 1}`, ...settings }));

const world = await startWorld(
  { onTestFinished: (end) => afterAll(end) },
  {
    accounts: [
      ...named('draft', 12, { newsRoute: 'draft' }),
      ...named('auto', 3, { newsRoute: 'auto' }),
      ...named('news', 8, { newsRoute: 'uploadnews' }),
    ],
  },
);
const SEND = 'message/mass/send';
/** Three batches. */
const BATCHES = toOpenIds(30_000);
const callsOf = (account: string, path: string): number => world.ledger.calls(account)[path] ?? 0;
const { wechatFor } = world;

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
    const account = world.nextAccount('news');
    world.faults.set('media-expired', { account, path: 'media/uploadnews' });

    const id = await world.create(aRequest(account, { message: someNews() }));

    expect(await world.ended(id)).toMatchObject({ outcome: 'delivered' });
    expect(world.ledger.calls(account)).toMatchObject({ 'media/upload': 2, 'media/uploadnews': 2 });
  });

  it('whose cover is gone again and again fail the campaign, before anything is sent', async () => {
    const account = world.nextAccount('news');
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
    expect(world.sendCalls(account)).toEqual([]);
  });

  it.each([
    ['news', 'media/uploadnews', /"media-id-unknown","of":"thumb"/],
    ['draft', 'draft/add', /"media-id-unknown","of":"permanent"/],
  ])(
    'whose cover the caller named by the wrong kind of id cost one call, and say which is wanted (%s)',
    async (prefix, path, advice) => {
      const account = world.nextAccount(prefix);
      const message = someNews({ thumb: { mediaId: 'never-there' } });

      const id = await world.create(aRequest(account, { message }));

      const { error } = await world.ended(id);
      expect(JSON.stringify([error, await world.batches(id)])).toMatch(advice);
      expect(world.ledger.calls(account)[path]).toBe(1);
      expect(world.sendCalls(account)).toEqual([]);
    },
  );

  it('are uploaded once for two campaigns with the same content', async () => {
    const account = world.nextAccount('news');
    const message = someNews();

    const one = await world.create(aRequest(account, { message }));
    const two = await world.create(aRequest(account, { message, repeat: true }));

    expect(await world.ended(one)).toMatchObject({ outcome: 'delivered' });
    expect(await world.ended(two)).toMatchObject({ outcome: 'delivered' });
    expect(world.ledger.calls(account)).toMatchObject({ 'media/upload': 1, 'media/uploadnews': 1 });
  });
});

describe('a draft that WeChat refuses', () => {
  it('refuses its own batch and no other, and a retry asks WeChat again', async () => {
    const account = world.nextAccount('draft');
    world.faults.set('errcode', { account, path: 'draft/add', errcode: 45102, nth: 2 });
    const id = await world.create(aRequest(account, { message: someNews(), audience: BATCHES }));
    expect(await world.ended(id)).toMatchObject({ batches: { settled: 2, refused: 1 } });

    await world.steer.retry(id, 'ann');
    await world.reaches(id, 'completed');

    expect(await world.ended(id)).toMatchObject({ outcome: 'delivered' });
    expect(world.messages(account)).toEqual({ 1: 30_000 });
    expect(callsOf(account, 'draft/add')).toBe(4);
  });
});

describe('a draft that no batch went out with', () => {
  it('is removed at the end, and a retry makes another instead of naming it', async () => {
    const account = world.nextAccount('draft');
    world.faults.set('errcode', { account, path: SEND, errcode: 45008, times: 3 });
    const id = await world.create(aRequest(account, { message: someNews(), audience: BATCHES }));
    expect(await world.ended(id)).toMatchObject({ batches: { refused: 3 } });
    await world.until('removed', () => callsOf(account, 'draft/delete') === 3);

    await world.steer.retry(id, 'ann');

    await world.untilView(id, 'delivered', ({ outcome }) => outcome === 'delivered');
    expect(world.sendCalls(account)).not.toContain(40007);
    expect(world.messages(account)).toEqual({ 1: 30_000 });
  });

  it('stays where a retry came first', async () => {
    const account = world.nextAccount('draft');
    const { campaigns } = world.stores;
    world.faults.set('errcode', { account, path: SEND, errcode: 45008 });
    const id = await world.create(aRequest(account, { message: someNews() }));
    await world.ended(id);
    await world.until('removed', () => callsOf(account, 'draft/delete') === 1);

    await world.steerAccount.pause(account, 'ann');
    await world.steer.retry(id, 'ann');
    const taken = await campaigns.changeItem(id, 'draft-1', (item) => ({ ...item, losses: 9 }), {
      onlyEnded: true,
    });

    expect(taken).toBeNull();
  });
});

describe('a draft that WeChat loses again and again', () => {
  it('refuses its batch after three times, and a retry has as many', async () => {
    const account = world.nextAccount('draft');
    world.faults.set('errcode', { account, path: SEND, errcode: 40007, times: 6 });
    const id = await world.create(aRequest(account, { message: someNews() }));
    expect(await world.ended(id)).toMatchObject({ batches: { refused: 1 } });
    expect(callsOf(account, SEND)).toBe(4);

    await world.steer.retry(id, 'ann');

    await world.untilView(id, 'delivered', ({ outcome }) => outcome === 'delivered');
    expect(world.messages(account)).toEqual({ 1: 25 });
  });
});

describe('draft/add without an answer', () => {
  it('leaves no second draft in the box', async (t) => {
    const own = await startWorld(t, {
      accounts: [{ name: 'default', newsRoute: 'draft' }],
      submitTimeoutMs: 500,
    });
    own.faults.set('silent-after-accepting', { path: 'draft/add' });

    const id = await own.create(aRequest('default', { message: someNews() }));

    expect(await own.ended(id)).toMatchObject({ outcome: 'delivered' });
    expect(own.ledger.calls('default')['draft/add']).toBe(1);
    expect(own.ledger.calls('default')['draft/batchget']).toBe(1);
  });
});

describe('the campaign’s control', () => {
  it('does not grow with the drafts of its batches', async () => {
    const account = world.nextAccount('draft');
    const audience = toOpenIds(60_000);
    const id = await world.create(aRequest(account, { message: someNews(), audience }));
    await world.ended(id);

    const record = await world.stores.campaigns.read(id);

    expect(JSON.stringify(record?.control).length).toBeLessThan(200);
  });
});

describe('a picture that expired under a campaign, and whose upload is refused once', () => {
  it('refuses the batches that waited for it alone, and a retry sends them', async (t) => {
    const own = await startWorld(t);
    own.faults.set('errcode', { path: SEND, errcode: 45009, nth: 2 });
    const notAfter = new Date(own.clock.now() + 20 * DAY).toISOString();
    const audience = toOpenIds(60_000);
    const id = await own.create(aRequest('default', { message: anImage(), audience, notAfter }));
    await own.until('asleep', async () => (await own.stores.lanes.read('default')).sleep);
    // Those called beside the refused one have their answers and their events before the jump: a push
    // that is signed before it and arrives after it is too old.
    const lane = own.queues.lane('default');
    await own.until('at rest', async () => (await lane.getActiveCount()) === 0);
    await own.events.settled();
    // First: the lane wakes with the jump.
    own.faults.set('errcode', { path: 'media/upload', errcode: 40006 });
    await own.jump(3 * DAY);
    await own.steerAccount.resume('default', 'ann');
    expect(await own.ended(id)).toMatchObject({ outcome: 'partly' });

    await own.steer.retry(id, 'ann');

    await own.untilView(id, 'delivered', ({ outcome }) => outcome === 'delivered');
    expect(own.messages('default')).toEqual({ 1: 60_000 });
  });
});

describe('an account whose news route is auto', () => {
  it.each([45106, 45103, 48001])('goes on by draft once uploadnews answers %i', async (errcode) => {
    const account = world.nextAccount('auto');
    world.faults.set('errcode', { account, path: 'media/uploadnews', errcode, times: null });

    const first = await world.create(aRequest(account, { message: someNews(), audience: BATCHES }));
    expect(await world.ended(first)).toMatchObject({ outcome: 'delivered' });
    const second = await world.create(aRequest(account, { message: someNews() }));
    expect(await world.ended(second)).toMatchObject({ outcome: 'delivered' });

    expect(callsOf(account, 'media/uploadnews')).toBe(1);
    expect(callsOf(account, 'draft/add')).toBe(4);
    expect(await world.stores.lanes.facts(account)).toMatchObject({
      uploadNewsClosed: { errcode },
    });
  });
});

describe('an account whose news route is uploadnews', () => {
  it('fails its articles at 45106, and names the setting that helps', async () => {
    const account = world.nextAccount('news');
    world.faults.set('errcode', { account, path: 'media/uploadnews', errcode: 45106, times: null });

    const id = await world.create(aRequest(account, { message: someNews() }));

    const { error } = await world.ended(id);
    expect(error).toEqual({ code: 'refused-by-wechat', errcode: 45106, of: 'uploadnews' });
    expect(error && failureWords(error, 'en')).toContain('WECHAT_NEWS_ROUTE=draft');
    expect(callsOf(account, 'draft/add')).toBe(0);
  });

  it('keeps the route that a campaign was accepted with, whatever the setting says later', async (t) => {
    const accounts = [{ name: 'default', newsRoute: 'uploadnews' as const }];
    const own = await startWorld(t, { accounts, hosts: [] });
    const id = await own.create(aRequest('default', { message: someNews(), audience: BATCHES }));
    Object.assign(own.accounts[0] ?? {}, { newsRoute: 'draft' });
    await own.startHost('host-1');

    expect(await own.ended(id)).toMatchObject({ outcome: 'delivered' });
    expect(own.ledger.calls('default')).toMatchObject({ 'media/uploadnews': 1 });
    expect(own.ledger.calls('default')['draft/add']).toBeUndefined();
  });
});

describe('a draft of the console', () => {
  it('is laid out anew for each of several batches, and stays as it is', async () => {
    const account = world.nextAccount('draft');
    const mediaId = await consoleDraft(account);

    const message = { type: 'news', mediaId };
    const id = await world.create(aRequest(account, { message, audience: BATCHES }));

    expect(await world.ended(id)).toMatchObject({ outcome: 'delivered' });
    expect(world.messages(account)).toEqual({ 1: 30_000 });
    expect(await readDraft(wechatFor(account), mediaId)).toMatchObject({ kind: 'ok' });
  });

  it('goes out itself where one batch is all', async () => {
    const account = world.nextAccount('draft');
    const mediaId = await consoleDraft(account);

    const id = await world.create(aRequest(account, { message: { type: 'news', mediaId } }));

    expect(await world.ended(id)).toMatchObject({ outcome: 'delivered' });
    expect(callsOf(account, 'draft/add')).toBe(1);
  });
});

/** As a person composes one. */
async function consoleDraft(account: string): Promise<string> {
  const client = wechatFor(account);
  const cover = await addMaterial(client, {
    kind: 'image',
    bytes: exampleFile('cover.jpg'),
    filename: 'cover.jpg',
    contentType: 'image/jpeg',
  });
  if (cover.kind !== 'ok') throw new Error(cover.kind);
  const draft = await addDraft(client, [
    { title: `By hand ${Math.random()}`, content: 'content', thumbMediaId: cover.value.mediaId },
  ]);
  if (draft.kind !== 'ok') throw new Error(draft.kind);
  return draft.value.mediaId;
}
