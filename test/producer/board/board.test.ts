import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newBatch } from '../../../src/shared/campaign/batch.ts';
import { DAY } from '../../../src/shared/platform/time.ts';
import { openQueues } from '../../../src/shared/queue/queues.ts';
import { openRecord } from '../../../src/shared/record/record.ts';
import { recordedLog } from '../../support/log-lines.ts';
import { openIds } from '../../support/open-ids.ts';
import { testRedis } from '../../support/redis.ts';
import { aCampaign, aWorld, startWorld, type World } from '../world.ts';

const { redis, url, prefix } = testRedis();
const queues = openQueues({ connection: redis, log: recordedLog().log, prefix });
let world: World;
beforeAll(async () => {
  world = await startWorld({ url, prefix });
});
afterAll(async () => {
  await world.stop();
  await queues.close();
});

const board = (path: string, method = 'GET', body?: unknown) =>
  world.call(method, `/board${path}`, {
    key: null,
    ...(body === undefined
      ? {}
      : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });

interface Shown {
  readonly name: string;
  readonly readOnlyMode: boolean;
  readonly jobs: readonly { readonly id: string; readonly data: unknown }[];
}
const shownQueues = async (query = ''): Promise<Shown[]> =>
  (await board(`/api/queues?${query}`)).json.queues;

describe('the board', () => {
  it('renders with nothing from elsewhere that it needs', async () => {
    const { status, text, headers } = await board('/');

    expect(status).toBe(200);
    expect(text).toContain('qunfa');
    const scripts = [...text.matchAll(/<script[^>]*src="([^"]+)"/g)].map(([, src]) => src ?? '');
    expect(scripts.length).toBeGreaterThan(0);
    for (const src of scripts) expect((await board(`/${src}`)).status).toBe(200);
    expect(headers.get('content-security-policy')).toContain("script-src 'self';");
    expect(headers.get('x-powered-by')).toBeNull();
  });

  it('lets nobody click where a click costs a send', async () => {
    const shown = await shownQueues();

    expect(Object.fromEntries(shown.map(({ name, readOnlyMode }) => [name, readOnlyMode]))).toEqual(
      {
        campaigns: true,
        media: false,
        news: true,
        receipts: false,
        followers: false,
        webhooks: false,
        upkeep: false,
      },
    );
  });

  it('shows a lane while it is open, read-only', async () => {
    const own = await aWorld({ url, prefix: `${prefix}-lanes` });
    const { id } = (await own.post('/v1/campaigns', aCampaign())).json;
    const stores = openRecord({
      redis,
      prefix: `${prefix}-lanes`,
      retainMs: DAY,
      submitTimeoutMs: 1,
      now: Date.now,
    });
    await stores.campaigns.layBatches(id, [newBatch(1, 25)], {});

    const { json } = await own.call('GET', '/board/api/queues', { key: null });

    expect(json.queues).toContainEqual(
      expect.objectContaining({ name: 'send.default', readOnlyMode: true, allowRetries: false }),
    );
  });

  it.each([
    ['add a campaign', '/api/queues/campaigns/add'],
    ['add a job to a queue that may be clicked', '/api/queues/receipts/add'],
    ['empty a queue', '/api/queues/media/empty'],
    ['obliterate a queue', '/api/queues/upkeep/obliterate'],
    ['pause a queue', '/api/queues/media/pause'],
    ['pause every queue', '/api/queues/pause'],
    ['promote a root', '/api/queues/campaigns/promote'],
    ['change a pace', '/api/queues/media/concurrency'],
  ])('does not %s', async (_what, path) => {
    const body = { name: 'x', data: {}, concurrency: 9 };
    const before = await redis.keys(`${prefix}:*`);

    const tried = await Promise.all(
      ['PUT', 'POST', 'PATCH'].map((method) => board(path, method, body)),
    );

    expect(tried.map(({ status }) => status).filter((status) => status < 400)).toEqual([]);
    expect((await redis.keys(`${prefix}:*`)).sort()).toEqual(before.sort());
  });

  it('shows ids and nothing else of a job, whoever put it there', async () => {
    const body = aCampaign({ message: { type: 'text', content: 'words for followers' } });
    await queues.campaigns.add('accept-campaign', body, { jobId: 'order-1', delay: DAY });
    const { id } = (await world.post('/v1/campaigns', aCampaign())).json;

    const [campaigns] = await shownQueues('activeQueue=campaigns&status=latest&page=1');
    const job = await board('/api/queues/campaigns/order-1');

    expect(campaigns?.jobs.map(({ data }) => data)).toContainEqual({ campaignId: id });
    expect(job.json.job.data).toEqual({ account: 'default' });
    for (const text of [JSON.stringify(campaigns), job.text]) {
      expect(text).not.toContain('words for followers');
      expect(text).not.toContain(openIds(1)[0]);
    }
  });

  it('says so where everything is the sandbox', async () => {
    const sandboxed = await aWorld(
      { url, prefix: `${prefix}-sandbox` },
      { WECHAT_APP_ID: '', WECHAT_APP_SECRET: '' },
    );

    const { text } = await sandboxed.call('GET', '/board/', { key: null });

    expect(text).toContain('sandbox: no follower gets anything');
    expect((await board('/')).text).not.toContain('sandbox');
  });
});
