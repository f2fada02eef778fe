import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Agent } from 'undici';
import { describe, expect, it } from 'vitest';
import {
  type CampaignEvent,
  type CampaignSummary,
  type Client,
  fillUploads,
  makeClient,
  type NewCampaign,
  QunfaError,
} from '../../src/client/index.ts';
import { HOUR } from '../../src/shared/platform/time.ts';
import { openIds } from '../support/open-ids.ts';
import { testRedis } from '../support/redis.ts';
import { startWorld } from './world.ts';

const EXAMPLES = join(import.meta.dirname, '../../examples');

const world = await startWorld(testRedis());
const client = makeClient({ url: world.producerUrl });

const inAnHour = (): string => new Date(Date.now() + HOUR).toISOString();
let texts = 0;
/** Never the same twice, so that the guard against the same content stays out of the way. */
function aText(more: Partial<NewCampaign> = {}): NewCampaign {
  texts += 1;
  return {
    account: 'default',
    audience: { type: 'tag', tagId: 2 },
    message: { type: 'text', content: `hello ${texts}` },
    ...more,
  };
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

const failureOf = async (work: Promise<unknown>): Promise<QunfaError> => {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(QunfaError);
  return error as QunfaError;
};

describe('a campaign enqueued by the client', () => {
  it('is watched from where it stands to its end', async () => {
    const { id } = await client.campaigns.create(aText({ name: 'to the end' }));

    const events = await all(client.campaigns.watch(id));

    const last = events.at(-1) as CampaignEvent;
    expect(last.type).toBe('end');
    expect(last.campaign).toMatchObject({ id, state: 'completed', outcome: 'delivered' });
    expect(events.filter(({ type }) => type === 'end')).toHaveLength(1);
    expect(await client.campaigns.get(id)).toMatchObject({
      ...last.campaign,
      links: expect.anything(),
    });
    const [batch] = await all(client.campaigns.batches(id));
    expect(batch).toMatchObject({ no: 1, state: 'settled', receipt: { status: 'delivered' } });
  });

  it('is told with every mistake at once where it is wrong', async () => {
    const wrong = { account: 'default', audience: { type: 'all' }, message: { type: 'text' } };

    const error = await failureOf(client.campaigns.create(wrong as unknown as NewCampaign));

    expect(error).toMatchObject({ status: 422, code: 'invalid-campaign' });
    expect(error.errors.map(({ path }) => path).sort()).toEqual([
      'audience.type',
      'message.content',
    ]);
  });

  it('is the same one under the same key, and a conflict with another body', async () => {
    const body = aText();
    const key = { idempotencyKey: 'nightly 2026-12-01' };

    const first = await client.campaigns.create(body, key);

    expect((await client.campaigns.create(body, key)).id).toBe(first.id);
    expect(await failureOf(client.campaigns.create(aText(), key))).toMatchObject({
      status: 409,
      code: 'idempotency-key-reused',
      campaignId: first.id,
    });
  });

  it('keeps the guard against the same content twice, which a key of ours would switch off', async () => {
    const body = aText();
    const first = await client.campaigns.create(body);

    const error = await failureOf(client.campaigns.create(body));

    expect(error).toMatchObject({ code: 'same-content', campaignId: first.id });
  });

  it('is paused, resumed and cancelled, and says who did so', async () => {
    const accepted = await client.campaigns.create(aText({ sendAt: inAnHour() }));
    const { id } = accepted;

    const paused = await client.campaigns.pause(accepted);
    expect(paused).toMatchObject({ state: 'paused', inFlight: [] });
    const resumed = await client.campaigns.resume(paused);
    expect(resumed).not.toHaveProperty('pausedFor');
    await client.campaigns.cancel(resumed);

    const audit = await client.campaigns.audit(id);
    const byPeople = audit.filter(({ by }) => by === 'local').map(({ action }) => action);
    expect(byPeople).toEqual(['accepted', 'pause', 'resume', 'cancel']);
  });

  it('is handed back as it is now where it moved after it was seen', async () => {
    const accepted = await client.campaigns.create(aText({ sendAt: inAnHour() }));
    const paused = await client.campaigns.pause(accepted);

    const error = await failureOf(client.campaigns.cancel(accepted));

    expect(error).toMatchObject({
      code: 'moved',
      campaign: { id: accepted.id, version: paused.version, state: 'paused' },
    });
    await client.campaigns.cancel(error.campaign ?? accepted);
  });

  it('is planned without being kept', async () => {
    const before = (await all(client.campaigns.list())).length;

    const plan = await client.campaigns.plan(
      aText({ audience: { type: 'openids', openids: openIds(20_001) } }),
    );

    expect(plan).toMatchObject({ recipients: 20_001, batches: 3 });
    expect(await all(client.campaigns.list())).toHaveLength(before);
  });
});

describe('an operator’s calls', () => {
  it('move a campaign that has not begun, on the version that was seen', async () => {
    const accepted = await client.campaigns.create(aText({ sendAt: inAnHour() }));
    const sendAt = new Date(Date.now() + 7_200_000).toISOString();

    const moved = await client.campaigns.reschedule(accepted, { sendAt, note: 'later' });

    expect(moved).toMatchObject({ id: accepted.id, sendAt });
    const error = await failureOf(client.campaigns.reschedule(accepted, { sendAt: inAnHour() }));
    expect(error).toMatchObject({ code: 'moved' });
    const log = await all(client.audit({ action: 'reschedule' }));
    expect(log.find(({ campaignId }) => campaignId === accepted.id)).toMatchObject({
      ...{ account: 'default', action: 'reschedule', note: 'later' },
    });
    await client.campaigns.cancel(moved);
  });

  it('show what needs an operator, how many of each kind, and take one off by acknowledging', async () => {
    const nobody = { audience: { type: 'group', groupId: '999' } } as const;
    const { id } = await client.campaigns.create(aText(nobody));
    let ended: CampaignSummary | undefined;
    for await (const { campaign } of client.campaigns.watch(id)) ended = campaign;
    const mine = async () =>
      (await all(client.attention.list({ account: 'default', limit: 1 }))).filter(
        ({ campaign }) => campaign?.id === id,
      );

    expect(await mine()).toMatchObject([{ kind: 'campaign-failed' }]);
    expect((await client.attention.counts())['campaign-failed']).toBeGreaterThan(0);
    await client.campaigns.acknowledge({ id, version: ended?.version ?? -1 });
    expect(await mine()).toEqual([]);
  });

  it('read what became of articles', async () => {
    const accepted = await client.campaigns.create(aText({ sendAt: inAnHour() }));

    expect(await client.campaigns.statistics(accepted.id)).toMatchObject({
      ...{ id: accepted.id, articles: [], missing: 'no-articles' },
    });
    await client.campaigns.cancel(accepted);
  });
});

describe('lists', () => {
  it('are read over all their pages', async () => {
    const ids: string[] = [];
    for (let i = 0; i < 5; i += 1) {
      ids.push((await client.campaigns.create(aText({ account: 'plain' }))).id);
    }

    const listed = await all(client.campaigns.list({ account: 'plain', limit: 2 }));

    expect(listed.map(({ id }) => id)).toEqual(ids.reverse());
  });

  it('ask for no page that nobody wants', async () => {
    let calls = 0;
    const counting = makeClient({
      url: world.producerUrl,
      fetch: (...args) => {
        calls += 1;
        return fetch(...args);
      },
    });

    for await (const _ of counting.campaigns.list({ limit: 2 })) break;

    expect(calls).toBe(1);
  });
});

describe('media', () => {
  it('go by path or by bytes, and the same content has the same id', async () => {
    const path = join(EXAMPLES, 'media/photo.jpg');

    const byPath = await client.media.upload(path);
    const byBytes = await client.media.upload(await readFile(path), { filename: 'other.jpg' });

    expect(byPath).toMatchObject({ type: 'image', format: 'jpg', filename: 'photo.jpg' });
    expect(byBytes.id).toBe(byPath.id);
    expect(await client.media.get(byPath.id)).toMatchObject({ id: byPath.id, atWechat: [] });
  });

  it('are told apart from what is none', async () => {
    const error = await failureOf(client.media.upload(Buffer.from('no picture')));

    expect(error).toMatchObject({ status: 422, code: 'media-unfit' });
  });

  it('named by path in a campaign are uploaded and filled in', async () => {
    const text = await readFile(join(EXAMPLES, 'news-one.json'), 'utf8');

    const filled = await fillUploads(JSON.parse(text) as NewCampaign, {
      folder: EXAMPLES,
      upload: async (bytes, filename) => (await client.media.upload(bytes, { filename })).id,
    });

    expect(JSON.stringify(filled)).not.toContain('media/');
    expect(JSON.stringify(filled)).toMatch(/<img src=\\"upload:m_[0-9a-f]{32}\\"/);
    expect(await client.campaigns.create({ ...filled, account: 'drafts' })).toMatchObject({
      account: 'drafts',
    });
  });
});

describe('audiences', () => {
  const many = openIds(30_000);
  const expected = { received: 30_001, duplicates: 1, invalid: 0, recipients: 30_000 };

  async function* streamed(): AsyncGenerator<string> {
    yield* many;
    yield many[0] as string;
  }

  it('are streamed in from what yields one OpenID after the other', async () => {
    expect(await client.audiences.upload(streamed())).toMatchObject(expected);
  });

  it('are streamed in as bytes of a format', async () => {
    const csv = `id,who\n${[...many, many[0]].map((id, n) => `${n},${id}`).join('\n')}\n`;

    const list = await client.audiences.upload(new Blob([csv]).stream(), {
      format: 'csv',
      column: 'who',
      account: 'default',
      name: 'from the CRM',
    });

    expect(list).toMatchObject({ ...expected, name: 'from the CRM', account: 'default' });
    expect(await client.audiences.get(list.id)).toEqual(list);
  });

  it('that make no sense are refused in words', async () => {
    const error = await failureOf(
      client.audiences.upload(new Blob(['a,b\n1,2\n']).stream(), { format: 'csv' }),
    );

    expect(error).toMatchObject({ status: 422, code: 'audience-unreadable' });
  });

  it('leave nothing behind when the source breaks', async () => {
    async function* breaking(): AsyncGenerator<string> {
      yield* many;
      throw new Error('the database is gone');
    }
    const before = await all(client.audiences.list());

    await expect(client.audiences.upload(breaking())).rejects.toThrow(/database is gone/);

    expect(await all(client.audiences.list())).toEqual(before);
  });
});

describe('a retry', () => {
  it('says how: in halves, or without some', async () => {
    const accepted = await client.campaigns.create(aText());

    const both = await failureOf(
      client.campaigns.retry(accepted, { split: true, without: [...openIds(1)] }),
    );

    expect(both.errors).toEqual([
      { code: 'split-or-without', path: '', message: 'either split or without' },
    ]);
    expect(await failureOf(client.campaigns.retry(accepted, { split: true }))).toMatchObject({
      code: 'nothing-refused',
    });
  });
});

describe('a client', () => {
  it('can go another way, by a dispatcher of undici’s own', async () => {
    const agent = new Agent();
    const other: Client = makeClient({ url: world.producerUrl, dispatcher: agent });

    expect(await other.campaigns.plan(aText())).toMatchObject({ batches: 1 });
    await agent.close();
  });

  it('says what is wrong with its address when it is made', () => {
    expect(() => makeClient({ url: 'localhost:3000' })).toThrow(/address of the producer/);
  });

  it('says that nobody is there, and where', async () => {
    // Nothing is there, and it is none of the ports that fetch does not even dial.
    const away = makeClient({ url: 'http://127.0.0.1:2', patienceMs: 0 });

    expect(await failureOf(away.campaigns.get('x'))).toMatchObject({
      status: 0,
      code: 'unreachable',
      detail: expect.stringMatching(
        /http:\/\/127\.0\.0\.1:2 cannot be reached \(ECONNREFUSED\).*running/,
      ),
    });
  });
});
