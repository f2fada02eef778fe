import { describe, expect, it, onTestFinished } from 'vitest';
import { unknownPart } from '../../src/producer/page/parts/unknown-batches.ts';
import { wordsFor } from '../../src/producer/page/words.ts';
import { newBatch } from '../../src/shared/campaign/batch.ts';
import { batchView } from '../../src/shared/contract/batch-view.ts';
import type { CampaignView } from '../../src/shared/contract/campaign-view.ts';
import { DAY } from '../../src/shared/platform/time.ts';
import { openRecord, type Stores } from '../../src/shared/record/record.ts';
import { announceWorker } from '../support/a-worker.ts';
import { receipt } from '../support/builders.ts';
import { openIds } from '../support/open-ids.ts';
import { testRedis } from '../support/redis.ts';
import { type Answer, aCampaign, aPrefix, aWorld, type World } from './world.ts';

const { url: redisUrl, redis } = testRedis();
const BOARD = { BOARD_USER: 'ops', BOARD_PASSWORD: 'board-password-1' };
const basic = (user: string, password: string): string =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
const AUTHORIZED = { authorization: basic(BOARD.BOARD_USER, BOARD.BOARD_PASSWORD) };

interface PageWorld extends World {
  readonly stores: Stores;
  look(path: string, headers?: Record<string, string>): Promise<Answer>;
  press(path: string, fields?: Record<string, string>, origin?: string): Promise<Response>;
  enqueue(changes?: Readonly<Record<string, unknown>>): Promise<string>;
}

async function pageWorld(environment: Record<string, string> = {}): Promise<PageWorld> {
  const prefix = aPrefix();
  const world = await aWorld({ url: redisUrl, prefix }, { ...BOARD, ...environment });
  const stores = openRecord({
    redis,
    prefix,
    retainMs: DAY,
    submitTimeoutMs: 1_000,
    identityOf: world.identityOf,
    now: Date.now,
  });
  await announceWorker(stores, world.config.accounts);
  onTestFinished(async () => {
    for await (const keys of redis.scanStream({ match: `${prefix}*`, count: 1_000 })) {
      if (Array.isArray(keys) && keys.length > 0) await redis.unlink(keys.map(String));
    }
  });
  return {
    ...world,
    stores,
    look: (path, headers = {}) =>
      world.call('GET', path, { key: null, headers: { ...AUTHORIZED, ...headers } }),
    press: (path, fields = {}, origin = world.url) =>
      fetch(`${world.url}${path}`, {
        method: 'POST',
        redirect: 'manual',
        headers: { ...AUTHORIZED, origin },
        body: new URLSearchParams(fields),
      }),
    async enqueue(changes = {}) {
      const { json } = await world.post('/v1/campaigns', aCampaign(changes));
      return json.id;
    },
  };
}

/** Two batches; the second is held. */
async function held(world: PageWorld): Promise<string> {
  const { campaigns, batches } = world.stores;
  const id = await world.enqueue({ audience: { type: 'openids', openids: openIds(10_002) } });
  await campaigns.layBatches(id, [newBatch(1, 5_001), newBatch(2, 5_001)], {});
  const at = Date.now();
  const ref = { campaignId: id, no: 2 };
  await batches.apply(ref, { type: 'attempt-started', at });
  await batches.apply(ref, { type: 'held', reason: 'outcome-unknown', at });
  return id;
}

/** Reads the parts that a page's stream sends, until one satisfies. */
async function partsUntil(
  world: PageWorld,
  path: string,
  wanted: (parts: readonly { id: string; html: string }[]) => boolean,
  meanwhile: () => Promise<void> = async () => undefined,
): Promise<void> {
  const response = await fetch(`${world.url}${path}`, {
    headers: { ...AUTHORIZED, accept: 'text/event-stream' },
  });
  expect(response.status).toBe(200);
  let text = '';
  let acted = false;
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk as Uint8Array, { stream: true });
    const events = text.split('\n\n');
    text = events.pop() ?? '';
    const sent = events
      .flatMap((event) => /^data: (.*)$/m.exec(event)?.[1] ?? [])
      .map((data) => JSON.parse(data) as { id: string; html: string }[]);
    if (sent.length > 0 && !acted) {
      acted = true;
      await meanwhile();
    }
    if (sent.some(wanted)) return;
  }
  throw new Error(`${path} ended without the part that was waited for`);
}

describe('the campaign page', () => {
  it('is for whoever has the board’s password', async () => {
    const world = await pageWorld();

    expect((await world.call('GET', '/', { key: null })).status).toBe(401);
    expect((await world.get('/')).status).toBe(401);
    expect((await world.look('/')).status).toBe(200);
  });

  it('lists campaigns with their state, their audience and who created them', async () => {
    const world = await pageWorld();
    await world.enqueue({ name: 'Happy Day' });

    const { text } = await world.look('/page/campaigns');

    expect(text).toContain('Happy Day');
    expect(text).toContain('25 people');
    expect(text).toContain('>scheduled<');
    expect(text).toContain('<td>crm</td>');
  });

  it('says before each act what comes of it, for which campaign, account and how many', async () => {
    const world = await pageWorld();
    const id = await world.enqueue({ name: 'Happy Day' });

    const { text } = await world.look(`/page/campaigns/${id}`);

    expect(text).toContain(`action="/page/campaigns/${id}/pause"`);
    expect(text).toContain('<p class="about">Happy Day · default · list · 25 people</p>');
    expect(text).toContain('hello ');
  });

  it('shows a name as text, whatever is in it', async () => {
    const world = await pageWorld();
    await world.enqueue({ name: '"><script>alert(1)</script>' });

    const { text } = await world.look('/page/campaigns');

    expect(text).toContain('&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;');
    expect(text).not.toContain('<script>alert');
  });

  it('needs nothing inline and nothing from elsewhere', async () => {
    const world = await pageWorld();
    const id = await held(world);

    for (const path of ['/', '/page/campaigns', `/page/campaigns/${id}`, '/page/accounts']) {
      const { text } = await world.look(path);
      expect(text).not.toMatch(/<script(?![^>]*src="\/)/);
      expect(text).not.toMatch(/\s(style|on\w+)=/);
      expect(text).not.toMatch(/(src|href)="(?!\/(?!\/)|#)/);
    }
    for (const [path, type] of [
      ['/page/style.css', 'text/css'],
      ['/page/live.js', 'text/javascript'],
      ['/page/idiomorph.js', 'text/javascript'],
      ['/page/icon.svg', 'image/svg+xml'],
    ] as const) {
      const answer = await world.look(path);
      expect(answer.headers.get('content-type')).toContain(type);
    }
  });

  it('speaks Chinese where the browser does, or where it is asked to', async () => {
    const world = await pageWorld();

    expect((await world.look('/', { 'accept-language': 'zh-CN,zh;q=0.9' })).text).toContain(
      '公众号',
    );
    expect((await world.look('/?lang=zh')).text).toContain('lang="zh-CN"');
    expect((await world.look('/?lang=en', { 'accept-language': 'zh' })).text).toContain('Accounts');
  });

  it('shows no OpenID', async () => {
    const world = await pageWorld();
    const id = await held(world);

    const text = (await world.look('/')).text + (await world.look(`/page/campaigns/${id}`)).text;

    expect(text).not.toContain('oQunfa-');
  });

  it('has what needs a person at home, however many campaigns are newer', async () => {
    const world = await pageWorld();
    const decide = await held(world);
    for (let n = 0; n < 60; n += 1) await world.enqueue({ name: `newer ${n}` });

    const { text } = await world.look('/');

    expect(text).toContain(`id="n-outcome-unknown-${decide}"`);
    expect(text).toContain('<title>(1) Needs attention · qunfa</title>');
  });

  it('says that nothing is to be done where that is so', async () => {
    const world = await pageWorld();

    expect((await world.look('/?lang=zh')).text).toContain('没有需要您处理的事。');
  });

  it('names the reason why a campaign waits, and until when it goes on by itself', async () => {
    const world = await pageWorld();
    const id = await world.enqueue();
    await world.stores.campaigns.layBatches(id, [newBatch(1, 25)], {});
    await world.stores.batches.apply(
      { campaignId: id, no: 1 },
      {
        type: 'put-back',
        reason: 'daily-quota',
        nextAttemptAt: Date.parse('2099-01-02T00:00:00Z'),
      },
    );

    expect((await world.look(`/page/campaigns/${id}`)).text).toContain(
      'Daily WeChat limit reached · resumes automatically 2099-01-02 08:00',
    );
  });

  it('gives no time to go on where only a person helps, but the cause', async () => {
    const world = await pageWorld();
    const id = await world.enqueue();
    await world.stores.campaigns.layBatches(id, [newBatch(1, 25)], {});
    const stop = {
      at: Date.now(),
      by: 'wechat',
      code: 'refused-by-wechat',
      errcode: 50002,
    } as const;
    await world.stores.lanes.set('default', 'paused', stop);

    const { text } = await world.look(`/page/campaigns/${id}?lang=zh`);

    expect(text).toContain('该号群发已暂停：被微信拒绝（50002）：该公众号被冻结、注销或处罚');
    expect(text).toContain('<span class="chip bad">需处理</span>');
    expect(text).not.toContain('自动继续');
  });

  it.each([
    [
      { code: 'audience-unknown', audience: 'group', id: '9', known: ['2 (星标)'] },
      '微信中没有这个分组：9；现有：2 (星标)',
    ],
    [{ code: 'refused-by-wechat', errcode: 40007, of: 'image' }, '图片被微信拒绝（40007）'],
    [{ code: 'media-missing', upload: 'm_1' }, '上传的文件 m_1 已过期'],
  ] as const)('says in Chinese why a campaign failed: %j', async (failure, words) => {
    const world = await pageWorld();
    const id = await world.enqueue();
    await world.stores.campaigns.end(id, failure);

    expect((await world.look(`/page/campaigns/${id}?lang=zh`)).text).toContain(words);
  });

  it('does what is pressed, in the name of the board’s user', async () => {
    const world = await pageWorld();
    const id = await world.enqueue();

    const pressed = await world.press(`/page/campaigns/${id}/pause?lang=zh`);

    expect(pressed.status).toBe(303);
    expect(pressed.headers.get('location')).toBe(`/page/campaigns/${id}?lang=zh`);
    expect((await world.stores.campaigns.view(id))?.state).toBe('paused');
    expect((await world.stores.campaigns.audit(id)).at(-1)).toMatchObject({
      by: 'board:ops',
      action: 'pause',
    });
  });

  it('does nothing that a page of another origin presses', async () => {
    const world = await pageWorld();
    const id = await world.enqueue();

    const pressed = await world.press(`/page/campaigns/${id}/cancel`, {}, 'https://evil.example');

    expect(pressed.status).toBe(403);
    expect((await world.stores.campaigns.view(id))?.state).toBe('scheduled');
  });

  it('tells in its language what somebody did, and what a receipt means', async () => {
    const world = await pageWorld();
    const id = await held(world);
    const ref = { campaignId: id, no: 1 };
    const at = Date.now();
    const nobody = receipt({ total: 5_001, eligible: 5_001, sent: 0, failed: 5_001 });
    await world.stores.batches.apply(ref, { type: 'attempt-started', at });
    await world.stores.batches.apply(ref, { type: 'accepted', msgId: '5001', at });
    await world.stores.batches.apply(ref, {
      type: 'receipt-arrived',
      msgId: '5001',
      receipt: nobody,
      at,
    });
    await world.press(`/page/campaigns/${id}/pause`);

    const chinese = (await world.look(`/page/campaigns/${id}?lang=zh`)).text;
    const english = (await world.look(`/page/campaigns/${id}?lang=en`)).text;

    expect(chinese).toContain('<b>board:ops</b> 暂停');
    expect(english).toContain('<b>board:ops</b> paused it');
    expect(chinese).toContain('无人收到');
  });

  it('lets a browser say where a press comes from: without that none is taken', async () => {
    const world = await pageWorld();

    expect((await world.look('/')).headers.get('referrer-policy')).toBe('same-origin');
  });

  it('says why something was not done', async () => {
    const world = await pageWorld();
    const id = await world.enqueue();

    const pressed = await world.press(`/page/campaigns/${id}/approve`, { seen: '0' });

    expect(pressed.status).toBe(409);
    expect(await pressed.text()).toContain('does not wait for approval');
    const chinese = await world.press(`/page/campaigns/${id}/approve?lang=zh`, { seen: '0' });
    expect(await chinese.text()).toContain('该任务不在等待审批');
    expect((await world.press('/page/campaigns/nonsense/cancel')).status).toBe(404);
    expect((await world.look('/page/campaigns/nonsense')).status).toBe(404);
  });

  it('says how a campaign is by now, where a form was made before that', async () => {
    const world = await pageWorld();
    const id = await world.enqueue();
    await world.press(`/page/campaigns/${id}/pause`);

    const late = await world.press(`/page/campaigns/${id}/cancel?lang=zh`, { seen: '0' });

    expect(late.status).toBe(409);
    expect(await late.text()).toContain('目前状态：已暂停。');
  });

  it('stops an account and lets it go on', async () => {
    const world = await pageWorld();

    await world.press('/page/accounts/default/pause');
    expect((await world.look('/page/accounts')).text).toContain('Sending paused by board:ops');
    await world.press('/page/accounts/default/resume');

    expect(await world.stores.lanes.read('default')).toEqual({});
    expect((await world.press('/page/accounts/other/pause')).status).toBe(404);
  });
});

describe('accounts that were stopped since Redis was restored', () => {
  it('are resumed together, and no other', async () => {
    const world = await pageWorld();
    const { lanes } = world.stores;
    expect((await world.look('/')).text).not.toContain('resume-restored');
    await world.enqueue();
    const stop = { at: Date.now(), by: 'qunfa', code: 'redis-restored', minutes: 90 } as const;
    await lanes.set('default', 'restored', stop);

    const { text } = await world.look('/?lang=zh');
    expect(text).toContain('已有 90 分钟没有 worker 运行');
    expect(text).toContain('action="/page/accounts/resume-restored"');
    await world.press('/page/accounts/resume-restored');

    expect(await lanes.read('default')).toEqual({});
  });

  it('stay paused where an operator or WeChat had paused them, too', async () => {
    const world = await pageWorld();
    const { lanes } = world.stores;
    await world.enqueue();
    const operators = { at: Date.now(), by: 'ann', code: 'by-operator' } as const;
    await lanes.set('default', 'paused', operators);
    const stop = { at: Date.now(), by: 'qunfa', code: 'redis-restored', minutes: 90 } as const;
    await lanes.set('default', 'restored', stop);
    expect((await world.look('/?lang=zh')).text).toContain('已有 90 分钟没有 worker 运行');

    await world.press('/page/accounts/resume-restored');

    expect(await lanes.read('default')).toEqual({ paused: operators });
  });
});

describe('a campaign that waits for approval', () => {
  it('is shown with its content, audience and submitter, and approved by another person', async () => {
    const world = await pageWorld({ WECHAT_APPROVAL: 'always' });
    const message = { type: 'text', content: 'what is to be approved' };
    const id = await world.enqueue({ name: 'Approve me', message });

    const { text } = await world.look('/page/approvals?lang=zh');
    expect(text).toContain('what is to be approved');
    expect(text).toContain('25 人');
    expect(text).toContain('<dd>crm</dd>');
    expect(text).toContain(`action="/page/campaigns/${id}/approve"`);
    expect((await world.look('/')).text).toContain('1 campaign waits for approval');
    const { version = 0 } = (await world.stores.campaigns.view(id)) ?? {};
    await world.press(`/page/campaigns/${id}/approve`, { seen: String(version) });

    expect((await world.stores.campaigns.view(id))?.pausedFor).toBeUndefined();
    expect((await world.look('/page/approvals')).text).toContain('Nothing waits for approval.');
  });
});

describe('the calendar and the statistics', () => {
  it('have a campaign on its day of Beijing', async () => {
    const world = await pageWorld();
    const sendAt = '2027-01-31T23:30:00+08:00';
    const id = await world.enqueue({ name: 'New Year', sendAt });

    for (const view of ['week', 'month']) {
      const { text } = await world.look(`/page/calendar?view=${view}&day=2027-01-31`);
      expect(text).toContain(`href="/page/campaigns/${id}"`);
      expect(text).toContain('23:30 New Year');
    }
    const later = await world.look('/page/calendar?day=2027-02-01');
    expect(later.text).not.toContain('New Year');
    expect((await world.look('/page/campaigns?day=2027-01-31')).text).toContain('New Year');
    expect((await world.look('/page/campaigns?day=2027-02-01')).text).not.toContain('New Year');
  });

  it('count who received it, who failed and whom WeChat left out', async () => {
    const world = await pageWorld();
    const id = await held(world);
    const ref = { campaignId: id, no: 1 };
    const at = Date.now();
    const of = receipt({ total: 5_001, eligible: 4_900, sent: 4_890, failed: 10 });
    await world.stores.batches.apply(ref, { type: 'attempt-started', at });
    await world.stores.batches.apply(ref, { type: 'accepted', msgId: '7001', at });
    const event = { type: 'receipt-arrived', msgId: '7001', receipt: of, at } as const;
    await world.stores.batches.apply(ref, event);

    const { text } = await world.look('/page/statistics?days=7');
    const csv = (await world.look('/page/statistics.csv?days=7')).text;

    for (const figure of ['4,890', '>10<', '>101<']) expect(text).toContain(figure);
    expect(csv).toMatch(/\d{4}-\d\d-\d\d,1,4890,10,101\r\n$/);
  });
});

describe('a held batch on the page', () => {
  it('offers each decision with what comes of it', async () => {
    const world = await pageWorld();
    const id = await held(world);

    const { text } = await world.look(`/page/campaigns/${id}`);

    expect(text).toContain('WeChat never confirmed it.');
    expect(text).toContain('these people receive it twice: check WeChat’s console first');
    expect(text).toMatch(/5,001 people · submitted once, \d{4}-\d\d-\d\d \d\d:\d\d/);
    for (const as of ['sent', 'not-sent', 'given-up']) expect(text).toContain(`value="${as}"`);
  });

  it('is sent again only by somebody who types the account’s name', async () => {
    const world = await pageWorld();
    const id = await held(world);
    const path = `/page/campaigns/${id}/batches/2/resolve?lang=zh`;

    const pressed = await world.press(path, { as: 'not-sent', typed: 'defualt' });
    expect(pressed.status).toBe(422);
    expect(await pressed.text()).toContain('请输入「default」以确认');
    expect((await world.stores.batches.read({ campaignId: id, no: 2 }))?.state).toBe('held');

    await world.press(path, { as: 'not-sent', typed: 'default' });
    expect((await world.stores.batches.read({ campaignId: id, no: 2 }))?.state).toBe('pending');
  });

  it('is shown beside WeChat’s results of messages that no batch has', async () => {
    const world = await pageWorld();
    const before = { msgId: '6001', receipt: receipt(), createdAt: Date.now() - DAY };
    await world.stores.batches.take('default', { ...before, trusted: true });
    const id = await held(world);
    const since = { msgId: '6002', receipt: { ...receipt(), total: 5_001 }, createdAt: Date.now() };
    await world.stores.batches.take('default', { ...since, trusted: true });

    const { text } = await world.look(`/page/campaigns/${id}`);

    expect(text).toContain('<code>6002</code>');
    expect(text).toContain('as many people as a batch below');
    expect(text).not.toContain('<code>6001</code>');
    const fields = { as: 'sent', msgId: '6002', anyway: 'true', seen: '2' };
    await world.press(`/page/campaigns/${id}/batches/2/resolve`, fields);
    expect(await world.stores.batches.unowned('default', Date.now() - 60_000)).toEqual([]);
  });

  it('is not offered to be sent again after the campaign has expired', async () => {
    const world = await pageWorld();
    const id = await held(world);
    const { campaigns } = world.stores;
    const { notAfter } = (await campaigns.view(id)) ?? { notAfter: '' };

    const text = unknownPart(
      {
        view: (await campaigns.view(id)) as CampaignView,
        unknown: (await world.stores.batches.all(id))
          .map((batch) => batchView(id, batch, 'en'))
          .filter(({ state }) => state === 'held'),
        about: '',
        now: Date.parse(notAfter),
        unowned: [],
      },
      { words: wordsFor('en', undefined), refusal: () => null },
    ).html;

    expect(text).toContain('so it cannot be sent again');
    expect(text).not.toContain('value="not-sent"');
    expect(text).toContain('value="given-up"');
  });

  it('is submitted with the message id that a person found', async () => {
    const world = await pageWorld();
    const id = await held(world);

    const pressed = await world.press(`/page/campaigns/${id}/batches/2/resolve`, {
      as: 'sent',
      msgId: '2347614963',
      note: '',
    });

    expect(pressed.status).toBe(303);
    expect(await world.stores.batches.read({ campaignId: id, no: 2 })).toMatchObject({
      state: 'submitted',
      msgId: '2347614963',
    });
  });

  it('is given up, with the note that a person wrote', async () => {
    const world = await pageWorld();
    const id = await held(world);

    await world.press(`/page/campaigns/${id}/batches/all-held/resolve`, {
      as: 'given-up',
      note: 'asked the shop',
    });

    expect(await world.stores.batches.read({ campaignId: id, no: 2 })).toMatchObject({
      state: 'abandoned',
    });
    expect((await world.look(`/page/campaigns/${id}`)).text).toContain('<q>asked the shop</q>');
  });

  it.each([
    ['a decision that there is not', { as: 'perhaps' }],
    ['no message id', { as: 'sent', msgId: '' }],
  ])('is left alone by %s', async (_, fields) => {
    const world = await pageWorld();
    const id = await held(world);

    const pressed = await world.press(`/page/campaigns/${id}/batches/2/resolve`, fields);

    expect(pressed.status).toBe(422);
    expect((await world.stores.batches.read({ campaignId: id, no: 2 }))?.state).toBe('held');
  });
});

describe('a page that is open', () => {
  it('is told of a change, by the part that changed', async () => {
    const world = await pageWorld();
    const id = await world.enqueue();

    await partsUntil(
      world,
      '/page/campaigns?lang=en',
      (parts) => parts.length === 1 && parts.some((part) => /paused/.test(part.html)),
      async () => {
        await world.press(`/page/campaigns/${id}/pause`);
      },
    );
  });

  it('is told of a new campaign', async () => {
    const world = await pageWorld();

    await partsUntil(
      world,
      '/page/campaigns?lang=en',
      (parts) => parts.some((part) => part.id === 'campaigns' && /Newcomer/.test(part.html)),
      async () => {
        await world.enqueue({ name: 'Newcomer' });
      },
    );
  });

  it('is told of each batch of the campaign it shows', async () => {
    const world = await pageWorld();
    const id = await held(world);

    await partsUntil(
      world,
      `/page/campaigns/${id}?lang=en`,
      (parts) =>
        parts.some((part) => part.id === 'unknown' && /name="mayBeReceivedTwice"/.test(part.html)),
      async () => {
        await world.press(`/page/campaigns/${id}/batches/2/resolve`, { as: 'given-up' });
      },
    );
  });
});
