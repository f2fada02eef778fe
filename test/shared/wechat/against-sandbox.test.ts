/** The client against a WeChat that was written from the protocol alone, by other code. */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { SandboxOptions } from '../../../src/sandbox/options.ts';
import { startSandbox } from '../../../src/sandbox/server.ts';
import {
  followersPage,
  listGroups,
  listTags,
  tagFollowersPage,
} from '../../../src/shared/wechat/audience.ts';
import {
  type Answer,
  type Era,
  makeDispatcher,
  makeWechatClient,
  type WechatClient,
} from '../../../src/shared/wechat/client.ts';
import {
  getSpeed,
  type MassMessage,
  type MassTarget,
  massStatus,
  massToAll,
  massToOpenIds,
  preview,
  sendMass,
  setSpeed,
} from '../../../src/shared/wechat/mass.ts';
import {
  addMaterial,
  uploadArticlePicture,
  uploadMedia,
  uploadVideoForMass,
} from '../../../src/shared/wechat/media.ts';
import { addDraft, deleteDraft, listDrafts, uploadNews } from '../../../src/shared/wechat/news.ts';
import {
  fetchStableToken,
  makeTokenSource,
  type StoredToken,
} from '../../../src/shared/wechat/tokens.ts';

const FOLLOWERS = 25_001;

type Request<Make extends typeof massToAll | typeof massToOpenIds> = Parameters<Make>[1];
const sendToAll = (client: WechatClient, request: Request<typeof massToAll>) =>
  sendMass(client, massToAll(client.era, request));
const sendToOpenIds = (
  client: WechatClient,
  { openIds, ...request }: Omit<Request<typeof massToOpenIds>, 'openIds'> & { openIds: string[] },
) =>
  sendMass(
    client,
    massToOpenIds(client.era, { ...request, openIds: Buffer.from(JSON.stringify(openIds)) }),
  );

async function world(era: Era = 'today', options: Partial<SandboxOptions> = {}) {
  const account = { appId: 'wx0123456789abcdef', appSecret: 'sandbox-secret' };
  const sandbox = await startSandbox({
    ...options,
    switches: { protocol: era, strangers: 'followers', ...options.switches },
    accounts: [
      {
        ...account,
        name: 'default',
        originalId: 'gh_0123456789ab',
        kind: 'service',
        followers: FOLLOWERS,
      },
    ],
  });
  const dispatcher = makeDispatcher({});
  let stored: StoredToken | null = null;
  const tokens = makeTokenSource({
    timeoutMs: 10_000,
    store: {
      read: async () => stored,
      write: async (token) => {
        stored = token;
      },
      lock: async () => async () => {},
      dropIf: async (token) => {
        if (stored?.token === token) stored = null;
      },
    },
    fetchToken: () =>
      fetchStableToken({ baseUrl: sandbox.url, dispatcher, timeoutMs: 10_000, account }),
    now: Date.now,
    sleep: (ms) => sleep(ms),
  });
  const counted: string[] = [];
  const client = makeWechatClient({
    baseUrl: sandbox.url,
    era,
    dispatcher,
    tokens,
    timeoutMs: 10_000,
    onCall: (path) => void counted.push(path.replace('/cgi-bin/', '')),
  });
  onTestFinished(async () => {
    await dispatcher.destroy();
    await sandbox.close();
  });
  const openIds = async (count: number) =>
    value(await followersPage(client)).openIds.slice(0, count);
  return { sandbox, client, counted, openIds };
}

function value<T>(answer: Answer<T>): T {
  if (answer.kind !== 'ok') throw new Error(JSON.stringify(answer));
  return answer.value;
}

function file(name: string, contentType: string) {
  const url = new URL(`../../../examples/media/${name}`, import.meta.url);
  return { bytes: readFileSync(url), filename: name, contentType };
}

const cover = file('cover.jpg', 'image/jpeg');
const photo = file('photo.jpg', 'image/jpeg');
const voice = file('voice.amr', 'audio/amr');
const clip = file('clip.mp4', 'video/mp4');
const texts = { title: 'TITLE', description: 'DESCRIPTION' };
const text: MassMessage = { type: 'text', content: '群发' };

type Page = { openIds: string[]; next: string | null };

type World = Awaited<ReturnType<typeof world>>;

/** A message of every type, as its uploads make it. */
const messages: [string, (world: World, era: Era) => Promise<MassMessage>][] = [
  ['a text', async () => text],
  [
    'an image',
    async ({ client }) => {
      const { mediaId } = value(await uploadMedia(client, { kind: 'image', ...photo }));
      return { type: 'image', mediaIds: [mediaId] };
    },
  ],
  [
    'a voice',
    async ({ client }) => {
      const { mediaId } = value(await uploadMedia(client, { kind: 'voice', ...voice }));
      return { type: 'voice', mediaId };
    },
  ],
  [
    'a video',
    async ({ client }) => {
      const raw = value(await uploadMedia(client, { kind: 'video', ...clip }));
      const video = { mediaId: raw.mediaId, ...texts };
      return { type: 'video', ...texts, ...value(await uploadVideoForMass(client, video)) };
    },
  ],
  [
    'news',
    async ({ client }) => {
      const thumb = value(await uploadMedia(client, { kind: 'thumb', ...cover }));
      const picture = value(await uploadArticlePicture(client, photo));
      const content = `<p>content</p><img src="${picture.url}">`;
      const article = { thumbMediaId: thumb.mediaId, title: 'Happy Day', content };
      const { mediaId } = value(await uploadNews(client, [article, article]));
      return { type: 'news', mediaId, ignoreReprint: false };
    },
  ],
];

describe.each(['today', '2014'] as const)('WeChat of %s', (era) => {
  it.each(messages)('takes %s for a group and for a list', async (_, make) => {
    const w = await world(era);
    const message = await make(w, era);
    const target: MassTarget = { type: 'group', groupId: '2' };
    const openIds = await w.openIds(3);

    const toGroup = await sendToAll(w.client, { target, message, clientMsgId: 'key-group' });
    const toList = await sendToOpenIds(w.client, { openIds, message, clientMsgId: 'key-list' });

    expect(w.sandbox.ledger.sends().map(({ msgId, clientMsgId }) => [msgId, clientMsgId])).toEqual([
      [value(toGroup).msgId, 'key-group'],
      [value(toList).msgId, 'key-list'],
    ]);
    expect(w.sandbox.ledger.recipients('key-list')).toBe(3);
  });
});

describe('WeChat', () => {
  it.each<[MassTarget, number]>([
    [{ type: 'everyone' }, FOLLOWERS],
    [{ type: 'tag', tagId: 2 }, 0],
  ])('sends to %j', async (target) => {
    const { client, sandbox } = await world();
    const tag = value(await listTags(client)).find(({ id }) => id === 2);
    const expected = target.type === 'everyone' ? FOLLOWERS : tag?.count;

    value(await sendToAll(client, { target, message: text, clientMsgId: 'key-1' }));

    expect(sandbox.ledger.recipients('key-1')).toBe(expected);
    expect(expected).toBeGreaterThan(0);
  });

  it('gives out every follower once, page by page', async () => {
    const { client } = await world();
    const all: string[] = [];
    for (let next: string | null = ''; next !== null; ) {
      const page: Page = value(await followersPage(client, next));
      all.push(...page.openIds);
      next = page.next;
    }

    expect([all.length, new Set(all).size]).toEqual([FOLLOWERS, FOLLOWERS]);
  });

  it("gives out a tag's followers, as many as it counts", async () => {
    const { client } = await world();
    const [tag] = value(await listTags(client)).filter(({ count }) => count > 0);
    const all: string[] = [];
    for (let next: string | null = ''; next !== null; ) {
      const page: Page = value(await tagFollowersPage(client, tag?.id ?? 0, next));
      all.push(...page.openIds);
      next = page.next;
    }

    expect(all).toHaveLength(tag?.count ?? 0);
  });

  it('lists its groups in 2014', async () => {
    const { client } = await world('2014');

    expect(value(await listGroups(client))).toContainEqual(
      expect.objectContaining({ id: '2', count: expect.any(Number) }),
    );
  });

  it('gives the id of the earlier send when only its answer was lost', async () => {
    const { client, sandbox, openIds } = await world('today', { pace: { keyRepeatMs: 0 } });
    const request = { openIds: await openIds(2), message: text, clientMsgId: 'key-1' };
    sandbox.faults.set('reset-after-accepting');

    const lost = await sendToOpenIds(client, request);
    const again = await sendToOpenIds(client, request);

    const [send] = sandbox.ledger.sends();
    expect(lost.kind).toBe('unknown');
    expect(again).toMatchObject({ remedy: { kind: 'already-done' }, msgId: send?.msgId });
    expect(sandbox.ledger.messagesPerFollower()).toEqual({ 1: 2 });
  });

  it('asks for patience when the same key comes back within a minute', async () => {
    const { client, openIds } = await world();
    const request = { openIds: await openIds(2), message: text, clientMsgId: 'key-1' };
    await sendToOpenIds(client, request);

    expect(await sendToOpenIds(client, request)).toMatchObject({
      errcode: 45066,
      remedy: { kind: 'ask-again' },
    });
  });

  it.each(['reset-before', 'status-502', 'html-answer', 'truncated-json'] as const)(
    'leaves the outcome unknown with %s',
    async (fault) => {
      const { client, sandbox, openIds } = await world();
      const request = { openIds: await openIds(2), message: text, clientMsgId: 'key-1' };
      sandbox.faults.set(fault, { path: 'message/mass/send' });

      expect((await sendToOpenIds(client, request)).kind).toBe('unknown');
    },
  );

  it('may have sent what it never said', async () => {
    const { client, sandbox, openIds } = await world();
    const request = { openIds: await openIds(2), message: text, clientMsgId: 'key-1' };
    const held = sandbox.faults.hold({ path: 'message/mass/send', when: 'after' });

    const going = sendToOpenIds(client, request);
    await held.arrived;
    held.drop();

    expect(await going).toMatchObject({ kind: 'unknown' });
    expect(sandbox.ledger.recipients('key-1')).toBe(2);
  });

  it.each(['token-replaced', 'token-expired'] as const)(
    'gets the same send again with another token after %s, and it goes out once',
    async (fault) => {
      const { client, sandbox, openIds, counted } = await world();
      const request = { openIds: await openIds(2), message: text, clientMsgId: 'key-1' };
      sandbox.faults.set(fault, { path: 'message/mass/send' });

      value(await sendToOpenIds(client, request));

      expect(counted.filter((path) => path === 'message/mass/send')).toHaveLength(2);
      expect(sandbox.ledger.messagesPerFollower()).toEqual({ 1: 2 });
    },
  );

  it('says how far a send is, of ids that no double can hold', async () => {
    const { client, sandbox } = await world('today', { switches: { hugeMsgIds: true } });
    const request = { message: text, clientMsgId: 'key-1' };
    const sent = await sendToAll(client, { ...request, target: { type: 'everyone' } });

    const { msgId } = value(sent);

    expect(msgId).toBe('9007199254740993');
    expect(sandbox.ledger.send('default', msgId)).toBeDefined();
    await expect.poll(async () => value(await massStatus(client, msgId)).status).toBe('sent');
    expect(value(await massStatus(client, '1')).status).toBe('unknown');
  });

  it('takes a draft for one send, made of permanent material', async () => {
    const { client, sandbox, openIds } = await world();
    const { mediaId: thumbMediaId } = value(await addMaterial(client, { kind: 'image', ...cover }));
    const article = { thumbMediaId, title: 'Happy Day', content: '<p>content</p>' };
    const { mediaId } = value(await addDraft(client, [article]));
    const message = { type: 'news', mediaId, ignoreReprint: true } as const;
    const request = { openIds: await openIds(2), message };

    expect(value(await listDrafts(client, { offset: 0, count: 20 }))).toMatchObject({
      total: 1,
      drafts: [{ mediaId, titles: ['Happy Day'] }],
    });
    value(await sendToOpenIds(client, { ...request, clientMsgId: 'key-1' }));
    const second = await sendToOpenIds(client, { ...request, clientMsgId: 'key-2' });

    expect(second).toMatchObject({ errcode: 40007, remedy: { kind: 'new-media' } });
    expect(sandbox.ledger.sends()).toHaveLength(1);
  });

  it('forgets a draft', async () => {
    const { client } = await world();
    const { mediaId: thumbMediaId } = value(await addMaterial(client, { kind: 'image', ...cover }));
    const draft = [{ thumbMediaId, title: 'T', content: 'C' }];
    const { mediaId } = value(await addDraft(client, draft));

    value(await deleteDraft(client, mediaId));

    expect(value(await listDrafts(client, { offset: 0, count: 20 })).total).toBe(0);
  });

  it('shows a message to one person', async () => {
    const { client, sandbox, openIds } = await world();
    const [openId = ''] = await openIds(1);

    value(await preview(client, { to: { openId }, message: text }));

    expect(sandbox.ledger.previews()).toMatchObject([{ to: openId, msgtype: 'text' }]);
  });

  it('keeps the speed it was set to', async () => {
    const { client } = await world();

    value(await setSpeed(client, 3));

    expect(value(await getSpeed(client)).speed).toBe(3);
  });

  it('refuses a wrong secret as trouble of the account', async () => {
    const { sandbox } = await world();
    const dispatcher = makeDispatcher({});
    onTestFinished(() => dispatcher.destroy());
    const account = { appId: 'wx0123456789abcdef', appSecret: 'WRONG' };
    const common = { baseUrl: sandbox.url, dispatcher, timeoutMs: 10_000 };

    expect(await fetchStableToken({ ...common, account })).toMatchObject({
      kind: 'refused',
      remedy: { kind: 'account-down', scope: 'account' },
    });
  });
});
