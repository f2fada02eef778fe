import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newBatch } from '../../src/shared/campaign/batch.ts';
import { DAY } from '../../src/shared/platform/time.ts';
import { openRecord, type Stores } from '../../src/shared/record/record.ts';
import { testRedis } from '../support/redis.ts';
import { aCampaign, aWorld, KEY, startWorld, type World } from './world.ts';

const { redis, url, prefix } = testRedis();
let world: World;
let stores: Stores;
beforeAll(async () => {
  world = await startWorld({ url, prefix });
  stores = openRecord({ redis, prefix, retainMs: DAY, submitTimeoutMs: 1, now: Date.now });
});
afterAll(() => world.stop());

interface Told {
  readonly event: string;
  // biome-ignore lint/suspicious/noExplicitAny: whatever came, looked at by the test
  readonly data: any;
}

/** Every event of a campaign, as it comes. */
async function* eventsOf(at: World, id: string, signal?: AbortSignal): AsyncGenerator<Told> {
  const response = await fetch(`${at.url}/v1/campaigns/${id}/events`, {
    headers: { authorization: `Bearer ${KEY}` },
    ...(signal ? { signal } : {}),
  });
  expect(response.headers.get('content-type')).toContain('text/event-stream');
  let text = '';
  for await (const piece of response.body ?? []) {
    text += Buffer.from(piece).toString();
    const parts = text.split('\n\n');
    text = parts.pop() ?? '';
    for (const part of parts) {
      const fields = Object.fromEntries(
        part.split('\n').map((line) => [line.split(': ')[0], line.slice(line.indexOf(': ') + 2)]),
      );
      if (fields.event) yield { event: fields.event, data: JSON.parse(fields.data) };
    }
  }
}

const next = async (events: AsyncGenerator<Told>): Promise<Told> => (await events.next()).value;

/** Of 64 bits, as WeChat's are; each campaign's is another. */
let lastMsgId = 9_223_372_036_854_775_807n;

/** A campaign with three batches that went out, refused, and without a count. */
async function settledCampaign(): Promise<{ id: string; msgId: string }> {
  const { id } = (await world.post('/v1/campaigns', aCampaign())).json;
  await stores.campaigns.layBatches(
    id,
    [1, 2, 3].map((no) => newBatch(no, 8)),
    {},
  );
  const at = Date.now();
  for (const no of [1, 2, 3]) {
    await stores.batches.apply({ campaignId: id, no }, { type: 'attempt-started', at });
  }
  const msgId = String(lastMsgId--);
  await stores.batches.accepted({ campaignId: id, no: 1 }, { type: 'accepted', msgId, at });
  await stores.batches.settleByAsking({ campaignId: id, no: 1 }, msgId, {
    status: 'delivered',
    code: '=send "success"',
    reason: 'sent',
    total: 8,
    eligible: 7,
    sent: 6,
    failed: 1,
  });
  const failure = { code: 'refused-by-wechat', errcode: 45028 } as const;
  const refused = { type: 'refused', errcode: 45028, failure, at } as const;
  await stores.batches.apply({ campaignId: id, no: 2 }, refused);
  return { id, msgId };
}

describe('GET /v1/campaigns/:id/events', () => {
  it('tells how the campaign stands at once, then each change, then the end', async () => {
    const { id } = (await world.post('/v1/campaigns', aCampaign())).json;
    const events = eventsOf(world, id);

    expect(await next(events)).toMatchObject({ event: 'campaign', data: { state: 'scheduled' } });
    await world.post(`/v1/campaigns/${id}/pause`);
    expect(await next(events)).toMatchObject({ event: 'campaign', data: { state: 'paused' } });
    await world.post(`/v1/campaigns/${id}/cancel`);
    await stores.campaigns.end(id);

    const rest: Told[] = [];
    for await (const told of events) rest.push(told);
    expect(rest.at(-1)).toMatchObject({ event: 'end', data: { id, state: 'cancelled' } });
    expect(rest.at(-1)?.data).toEqual(rest.at(-2)?.data);
  });

  it('tells the end of a campaign that has ended already', async () => {
    const { id } = (await world.post('/v1/campaigns', aCampaign())).json;
    await world.post(`/v1/campaigns/${id}/cancel`);
    await stores.campaigns.end(id);

    const told: Told[] = [];
    for await (const one of eventsOf(world, id)) told.push(one);

    expect(told.map(({ event }) => event)).toEqual(['campaign', 'end']);
  });

  it('ends when the producer stops', async () => {
    const own = await aWorld({ url, prefix });
    const { id } = (await own.post('/v1/campaigns', aCampaign())).json;
    const events = eventsOf(own, id);
    await next(events);

    const stopped = own.stop();

    expect((await events.next()).done).toBe(true);
    await stopped;
  });
});

describe('GET /v1/campaigns/:id/batches', () => {
  it('shows every batch with its ids as WeChat gave them, to the last digit', async () => {
    const { id, msgId } = await settledCampaign();

    const { json } = await world.get(`/v1/campaigns/${id}/batches`);

    expect(json).toMatchObject({
      next: null,
      batches: [
        {
          no: 1,
          state: 'settled',
          size: 8,
          clientMsgId: `${id}-1-0`,
          msgId,
          receipt: { status: 'delivered', total: 8, eligible: 7, sent: 6, failed: 1 },
        },
        { no: 2, state: 'refused', errcode: 45028, error: { code: 'refused-by-wechat' } },
        { no: 3, state: 'submitting', attempts: 1 },
      ],
    });
  });

  it('comes by pages', async () => {
    const { id } = await settledCampaign();

    const { json } = await world.get(`/v1/campaigns/${id}/batches?from=2&limit=1`);

    expect([json.batches.map(({ no }: { no: number }) => no), json.next]).toEqual([[2], 3]);
  });
});

describe('GET /v1/campaigns/:id/results.csv', () => {
  it('is a line a batch, with nothing where nobody knows and no formula for a spreadsheet', async () => {
    const { id } = await settledCampaign();

    const { headers, text } = await world.get(`/v1/campaigns/${id}/results.csv`);

    expect(headers.get('content-type')).toContain('text/csv');
    const [header, first = '', second, third, last] = text.split('\r\n');
    expect(header).toBe(
      'batch,state,size,clientMsgId,msgId,attempts,submittedAt,settledAt,status,code,meaning,total,eligible,sent,failed,errcode,reason,message',
    );
    expect(first).toContain(
      `"'=send ""success""",sent; single followers may have failed,8,7,6,1,,,`,
    );
    expect(second).toMatch(`2,refused,8,${id}-2-0,,1,,,,,,,,,,45028,refused-by-wechat,"no mass`);
    expect(third).toBe(`3,submitting,8,${id}-3-0,,1,,,,,,,,,,,,`);
    expect(last).toBe('');
  });
});
