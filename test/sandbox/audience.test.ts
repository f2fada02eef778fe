import { describe, expect, it } from 'vitest';
import { isOpenId, makeFollowers } from '../../src/sandbox/followers.ts';
import { aClient, type Client, service } from './raw-client.ts';

const many = { accounts: [{ ...service, followers: 25_001 }] };

/** Every page, as a client reads them that stops on any of the three ends. */
async function pages(client: Client, first = ''): Promise<string[][]> {
  const read: string[][] = [];
  for (let next = first; ; ) {
    const page = await client.get('user/get', next ? { next_openid: next } : {});
    const { openid } = (page.data ?? { openid: [] }) as { openid: string[] };
    if (openid.length > 0) read.push(openid);
    next = String(page.next_openid ?? '');
    if (next === '' || openid.length === 0) return read;
  }
}

describe('made-up followers', () => {
  it('are distinct, look like OpenIDs, and can be told from others', () => {
    const followers = makeFollowers('wx1', 100_000);
    const all = followers.slice(0, followers.count);

    expect(new Set(all).size).toBe(100_000);
    expect(all.every(isOpenId)).toBe(true);
    for (const position of [0, 1, 77, 99_999]) {
      expect(followers.positionOf(followers.at(position))).toBe(position);
    }
    expect(followers.positionOf(`${followers.at(5).slice(0, -1)}!`)).toBe(-1);
    expect(followers.positionOf(makeFollowers('wx2', 1).at(0))).toBe(-1);
    expect(followers.positionOf(makeFollowers('wx1', 200_000).at(100_000))).toBe(-1);
  });

  it('are the same in every run', () => {
    expect(makeFollowers('wx1', 3).slice(0, 3)).toEqual(makeFollowers('wx1', 9).slice(0, 3));
  });

  it('can be given by name', async () => {
    const followers = ['oAAAAAAAAAAAAAAAAAAAAAAAAAAA', 'oBBBBBBBBBBBBBBBBBBBBBBBBBBB'];
    const client = await aClient({ accounts: [{ ...service, followers }] });

    expect(await client.get('user/get')).toMatchObject({ total: 2, data: { openid: followers } });
  });
});

describe('user/get', () => {
  it('answers 10,000 a page, the last id as the cursor, and at the end no data', async () => {
    const client = await aClient(many);

    const read = await pages(client);
    const last = read.at(-1)?.at(-1) ?? '';
    const end = await client.get('user/get', { next_openid: last });

    expect(read.map((page) => page.length)).toEqual([10_000, 10_000, 5_001]);
    expect(new Set(read.flat()).size).toBe(25_001);
    expect(end).toEqual({ total: 25_001, count: 0, next_openid: '' });
  });

  it('ends with an empty cursor, where a switch says so', async () => {
    const client = await aClient({ ...many, switches: { lastPageCursor: 'empty' } });

    expect((await pages(client)).flat()).toHaveLength(25_001);
    expect(client.sandbox.ledger.calls()['user/get']).toBe(3);
  });

  it('refuses a cursor that is no follower', async () => {
    const client = await aClient();

    expect(await client.get('user/get', { next_openid: 'x' })).toMatchObject({ errcode: 40003 });
  });

  it('may be called 500 times a day', async () => {
    const client = await aClient({ limits: { userGetPerDay: 1 } });
    await client.get('user/get');

    expect(await client.get('user/get')).toMatchObject({ errcode: 45009 });
  });
});

describe('groups and tags', () => {
  it('are listed with their sizes; every follower is in one group', async () => {
    const client = await aClient();

    const { groups } = (await client.get('groups/get')) as { groups: { count: number }[] };
    const { tags } = await client.get('tags/get');

    expect(groups.slice(0, 3)).toEqual([
      { id: 0, name: '未分组', count: 400 },
      { id: 1, name: '黑名单', count: 0 },
      { id: 2, name: '星标组', count: 100 },
    ]);
    expect(groups.reduce((sum, { count }) => sum + count, 0)).toBe(1_000);
    expect(tags).toContainEqual({ id: 100, name: '广东', count: 250 });
  });

  it('tell who is in a tag, page by page and without a total', async () => {
    const client = await aClient(many);

    const first = await client.post('user/tag/get', { tagid: 101, next_openid: '' });
    const second = await client.post('user/tag/get', {
      tagid: 101,
      next_openid: first.next_openid,
    });

    expect(first).toEqual({
      count: 10_000,
      data: { openid: expect.any(Array) },
      next_openid: expect.any(String),
    });
    expect(second).toMatchObject({ count: 2_500 });
  });

  it('are known by a number or by its digits, and others are refused', async () => {
    const client = await aClient();

    expect(await client.post('user/tag/get', { tagid: '100' })).toMatchObject({ count: 250 });
    for (const tagid of [999, '', 'x', null, undefined]) {
      expect(await client.post('user/tag/get', { tagid })).toMatchObject({
        errcode: 45159,
        errmsg: expect.stringMatching(/^invalid tag id/),
      });
    }
  });

  it('send to exactly those they list', async () => {
    const client = await aClient({
      accounts: [{ ...service, tags: [{ id: 7, name: 'x', members: { from: 3, to: 5 } }] }],
    });
    const { data } = await client.post('user/tag/get', { tagid: 7 });

    await client.post('message/mass/sendall', {
      filter: { is_to_all: false, tag_id: 7 },
      msgtype: 'text',
      text: { content: 'hi' },
    });

    const { ledger } = client.sandbox;
    expect(ledger.messagesPerFollower()).toEqual({ 1: 2 });
    for (const openId of (data as { openid: string[] }).openid) {
      expect(ledger.receivedBy('first', openId)).toHaveLength(1);
    }
  });
});

describe('the addresses', () => {
  it('are single ones and ranges', async () => {
    const client = await aClient();

    expect(await client.get('getcallbackip')).toEqual({
      ip_list: ['127.0.0.1', '127.0.0.2', '101.226.103.0/25'],
    });
    expect(await client.get('get_api_domain_ip')).toEqual({ ip_list: ['127.0.0.1'] });
  });
});

describe('a page of followers that says too little', () => {
  const ids = (page: { data?: unknown }) => (page.data as { openid: string[] } | undefined)?.openid;

  it.each([
    ['page-ends-early', 10_000, 10_000, ''],
    ['page-empty', 0, 0, ''],
    ['page-without-data', 10_000, undefined, expect.stringMatching(/^o/)],
    ['page-half', 10_000, 5_000, expect.stringMatching(/^o/)],
  ] as const)('%s still names the total', async (name, count, listed, next_openid) => {
    const client = await aClient(many);
    client.sandbox.faults.set(name);

    const page = await client.get('user/get');

    expect(page).toMatchObject({ total: 25_001, count, next_openid });
    expect(ids(page)?.length).toBe(listed);
    expect(ids(await client.get('user/get'))).toHaveLength(10_000);
  });

  it('page-repeated is the page before once more', async () => {
    const client = await aClient(many);
    client.sandbox.faults.set('page-repeated', { nth: 2 });

    const first = await client.get('user/get');
    const second = await client.get('user/get', { next_openid: String(first.next_openid) });

    expect(second).toEqual(first);
  });

  it('meets user/tag/get, too, and no other call', async () => {
    const client = await aClient(many);
    client.sandbox.faults.set('page-empty');

    await client.get('tags/get');
    expect(await client.post('user/tag/get', { tagid: 101 })).toMatchObject({ count: 0 });
  });
});

describe('followers who leave and join while they are read', () => {
  it('change the total, and nobody is skipped or listed twice', async () => {
    const client = await aClient(many);
    client.sandbox.faults.set('followers-change', { nth: 2, leave: 1_001, join: 5 });

    const read = await pages(client);

    expect(read.map((page) => page.length)).toEqual([10_000, 10_000, 4_005]);
    expect(new Set(read.flat()).size).toBe(24_005);
    expect(await client.get('user/get')).toMatchObject({ total: 24_005 });
  });

  it('may be the cursor: the rest follows, or 40003, by the switch', async () => {
    for (const [cursorOfGone, answer] of [
      ['goes-on', { count: 10_000 }],
      ['refused', { errcode: 40003 }],
    ] as const) {
      const client = await aClient({ ...many, switches: { cursorOfGone } });
      const { next_openid } = await client.get('user/get');
      client.sandbox.account().followers.leave([String(next_openid)]);

      expect(await client.get('user/get', { next_openid: String(next_openid) })).toMatchObject(
        answer,
      );
    }
  });

  it('are filtered from a list they are on, and no member of anything', async () => {
    const client = await aClient();
    const { followers } = client.sandbox.account();
    const [gone = '', ...stay] = followers.slice(0, 3);
    followers.leave([gone]);

    await client.post('message/mass/send', {
      touser: [gone, ...stay],
      msgtype: 'text',
      text: { content: 'a' },
    });
    await client.post('message/mass/sendall', {
      filter: { is_to_all: true },
      msgtype: 'text',
      text: { content: 'b' },
    });

    const { ledger } = client.sandbox;
    expect(ledger.sends().map(({ counts }) => [counts.total, counts.filter])).toEqual([
      [3, 2],
      [999, 999],
    ]);
    expect(ledger.receivedBy('first', gone)).toEqual([]);
    followers.join([gone]);
    expect(followers.positionOf(gone)).toBe(0);
  });

  it('belong to everyone when it is sent, or when it is processed, by the switch', async () => {
    for (const [membersResolved, received] of [
      ['at-submit', 1_000],
      ['at-processing', 1_002],
    ] as const) {
      const client = await aClient({ switches: { membersResolved }, pace: { pushDelayMs: 40 } });
      await client.post('message/mass/sendall', {
        filter: { is_to_all: true },
        msgtype: 'text',
        text: { content: 'hi' },
      });
      client.sandbox.account().followers.join(2);

      await expect
        .poll(() => client.sandbox.ledger.sends())
        .toMatchObject([{ finished: true, received }]);
    }
  });
});
