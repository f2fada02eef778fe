import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newBatch } from '../../src/shared/campaign/batch.ts';
import { DAY } from '../../src/shared/platform/time.ts';
import { openRecord, type Stores } from '../../src/shared/record/record.ts';
import { testRedis } from '../support/redis.ts';
import { aCampaign, KEY, OTHER_KEY, startWorld, type World } from './world.ts';

const { redis, url, prefix } = testRedis();
let world: World;
let stores: Stores;
beforeAll(async () => {
  world = await startWorld({ url, prefix }, { WECHAT_APPROVAL: 'everyone' });
  stores = openRecord({ redis, prefix, retainMs: DAY, submitTimeoutMs: 1, now: Date.now });
});
afterAll(() => world.stop());

const enqueue = async (changes = {}): Promise<string> =>
  (await world.post('/v1/campaigns', aCampaign(changes))).json.id;

/** Its batches are held: nobody knows whether WeChat has them. */
async function heldCampaign(batches: number): Promise<string> {
  const id = await enqueue();
  const numbers = Array.from({ length: batches }, (_, at) => at + 1);
  await stores.campaigns.layBatches(
    id,
    numbers.map((no) => newBatch(no, 5)),
    {},
  );
  const at = Date.now();
  for (const no of numbers) {
    const ref = { campaignId: id, no };
    await stores.batches.apply(ref, { type: 'attempt-started', at });
    await stores.batches.apply(ref, { type: 'outcome-unknown', nextAttemptAt: at });
    await stores.batches.apply(ref, { type: 'held', reason: 'outcome-unknown', at });
  }
  return id;
}

const resolve = (id: string, no: number | string, body: unknown) =>
  world.post(`/v1/campaigns/${id}/batches/${no}/resolve`, body);

describe('a campaign', () => {
  it('is paused, resumed and cancelled, each as often as one likes', async () => {
    const id = await enqueue();
    const states: string[] = [];
    for (const step of ['pause', 'pause', 'resume', 'resume', 'cancel', 'cancel']) {
      const { status, json } = await world.post(`/v1/campaigns/${id}/${step}`);
      expect(status).toBe(200);
      states.push(json.state);
    }

    expect(states.slice(0, 4)).toEqual(['paused', 'paused', 'scheduled', 'scheduled']);
    const { audit } = (await world.get(`/v1/campaigns/${id}/audit`)).json;
    expect(audit.map(({ action }: { action: string }) => action)).toEqual([
      'accepted',
      'pause',
      'resume',
      'cancel',
    ]);
  });

  it('to everyone waits for the approval of another than who enqueued it', async () => {
    const { json } = await world.post(
      '/v1/campaigns',
      aCampaign({ audience: { type: 'everyone' } }),
    );
    expect(json).toMatchObject({ state: 'paused', pausedFor: ['approval'] });
    const step = (name: string, key = KEY, body: object = { seen: 0 }) =>
      world.call('POST', `/v1/campaigns/${json.id}/${name}`, {
        ...{ key, body: JSON.stringify(body) },
        headers: { 'content-type': 'application/json' },
      });

    expect((await step('resume')).json).toMatchObject({ status: 409, code: 'approval-needed' });
    expect((await step('approve')).json).toMatchObject({
      status: 403,
      code: 'approval-by-another',
    });
    // Whoever approves says what they saw.
    expect((await step('approve', OTHER_KEY, {})).status).toBe(422);
    expect((await step('approve', OTHER_KEY, { seen: 7 })).json.code).toBe('moved');
    expect((await step('approve', OTHER_KEY)).json).toMatchObject({ state: 'scheduled' });
  });

  it('is 404 where there is none, and where the id is none', async () => {
    for (const id of ['0'.repeat(18), 'x', '%7B']) {
      for (const step of ['pause', 'resume', 'cancel', 'approve', 'retry', 'batches/1/resolve']) {
        const body = BODIES[step];
        const { status, json } = await world.post(`/v1/campaigns/${id}/${step}`, body);

        expect({ status, code: json.code }).toEqual({ status: 404, code: 'campaign-not-found' });
      }
    }
  });
});

const BODIES: Readonly<Record<string, object>> = {
  approve: { seen: 0 },
  'batches/1/resolve': { as: 'not-sent' },
};

describe('a retry', () => {
  it('does not take a body that it cannot read for none', async () => {
    const id = await enqueue();

    const { status, json } = await world.call('POST', `/v1/campaigns/${id}/retry`, {
      headers: { 'content-type': 'text/plain' },
      body: JSON.stringify({ without: ['oNeverThisOne_____'] }),
    });

    expect({ status, code: json.code }).toEqual({ status: 415, code: 'content-type-unsupported' });
  });
});

describe('a held batch', () => {
  it('is warned of by a code, and by a sentence in the language of the caller', async () => {
    const id = await heldCampaign(2);
    const zh = { headers: { 'accept-language': 'zh-CN,zh;q=0.9,en;q=0.8' } };
    const path = `/v1/campaigns/${id}`;

    const [english] = (await world.get(path)).json.warnings;
    const [chinese] = (await world.call('GET', path, zh)).json.warnings;

    expect(english).toEqual({
      code: 'held',
      batches: 2,
      message: expect.stringMatching(/^2 batches held/),
    });
    expect(chinese).toEqual({ ...english, message: expect.stringMatching(/^2 个批次/) });
  });

  it('was sent under the id that a person names, to the last digit', async () => {
    const id = await heldCampaign(1);
    const msgId = '9223372036854775805';

    const { status } = await resolve(id, 1, { as: 'sent', msgId, note: 'seen in the console' });

    expect(status).toBe(200);
    const { batches } = (await world.get(`/v1/campaigns/${id}/batches`)).json;
    expect(batches).toMatchObject([{ state: 'submitted', msgId }]);
    const { audit } = (await world.get(`/v1/campaigns/${id}/audit`)).json;
    expect(audit.at(-1)).toMatchObject({ by: 'crm', note: 'seen in the console', batch: 1 });
  });

  it('goes out again under a new key, or is given up', async () => {
    const id = await heldCampaign(2);

    await resolve(id, 1, { as: 'not-sent' });
    await resolve(id, 2, { as: 'given-up' });

    const { batches } = (await world.get(`/v1/campaigns/${id}/batches`)).json;
    expect(batches).toMatchObject([
      { state: 'pending', clientMsgId: `${id}-1-1` },
      { state: 'abandoned', reason: 'outcome-unknown' },
    ]);
  });

  it('is decided together with all others, but never under one message id', async () => {
    const id = await heldCampaign(3);

    const together = await resolve(id, 'all-held', { as: 'sent', msgId: '1' });
    expect(together.json).toMatchObject({ status: 422, code: 'one-msg-id' });

    const { json } = await resolve(id, 'all-held', { as: 'given-up' });
    expect(json.batches).toMatchObject({ held: 0, abandoned: 3, refused: 0 });
  });

  it.each([
    ['no decision', {}, 'as'],
    ['another word', { as: 'maybe' }, 'as'],
    ['no message id', { as: 'sent' }, 'msgId'],
    ['a message id that JSON has rounded', { as: 'sent', msgId: 9223372036854776000 }, 'msgId'],
    ['an unknown field', { as: 'not-sent', why: 'x' }, ''],
    ['a novel', { as: 'given-up', note: 'x'.repeat(501) }, 'note'],
  ])('is not decided by %s', async (_what, body, path) => {
    const id = await heldCampaign(1);

    const { status, json } = await resolve(id, 1, body);

    expect(status).toBe(422);
    expect(json.errors.map((mistake: { path: string }) => mistake.path)).toEqual([path]);
  });

  it.each(['0', '2', '-1', '1.5', 'x', 'all'])('is not number %s', async (no) => {
    const id = await heldCampaign(1);

    const { status, json } = await resolve(id, no, { as: 'not-sent' });

    expect({ status, code: json.code }).toEqual({ status: 404, code: 'batch-not-found' });
  });
});
