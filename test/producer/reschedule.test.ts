/** What an approver looks at, and what a campaign that has not begun can still become. */
import { describe, expect, it } from 'vitest';
import { DAY, HOUR } from '../../src/shared/platform/time.ts';
import { makeClock } from '../support/clock.ts';
import { testRedis } from '../support/redis.ts';
import { aCampaign, aPrefix, aWorld, mediaFile, OTHER_KEY, type World } from './world.ts';

const { redis, url } = testRedis();
const clock = makeClock();
const began = clock.now();
const time = (ms: number): string => new Date(began + ms).toISOString();

const aProducer = async (environment = {}) => {
  const prefix = aPrefix();
  const world = await aWorld({ url, prefix }, environment, clock.now);
  return { world, prefix };
};

const json = { 'content-type': 'application/json' };
const patch = (world: World, id: string, body: object) =>
  world.call('PATCH', `/v1/campaigns/${id}`, { headers: json, body: JSON.stringify(body) });
const approve = (world: World, id: string, seen: number) =>
  world.call('POST', `/v1/campaigns/${id}/approve`, {
    ...{ key: OTHER_KEY, headers: json, body: JSON.stringify({ seen }) },
  });

describe('GET /v1/campaigns/:id', () => {
  it('shows what goes out, by whom and when, also while it waits for approval', async () => {
    const { world } = await aProducer({ WECHAT_APPROVAL: 'always' });
    const photo = await world.call('POST', '/v1/media', {
      headers: { 'content-type': 'image/jpeg' },
      body: mediaFile('photo.jpg'),
    });
    const message = { type: 'image', media: { upload: photo.json.id } };
    const sendAt = time(DAY);

    const { json: made } = await world.post('/v1/campaigns', aCampaign({ message, sendAt }));

    expect((await world.get(made.links.self)).json).toMatchObject({
      ...{ state: 'paused', pausedFor: ['approval'], createdBy: 'crm' },
      ...{ version: 0, sendAt, message },
    });
  });
});

describe('PATCH /v1/campaigns/:id', () => {
  it('moves one that has not begun, with its notAfter, its lists and its files', async () => {
    const { world, prefix } = await aProducer();
    const message = { type: 'image', media: { base64: mediaFile('photo.jpg').toString('base64') } };
    const sendAt = time(HOUR);
    const { json: made } = await world.post('/v1/campaigns', aCampaign({ message, sendAt }));

    const later = time(200 * DAY);
    const { status, json: moved } = await patch(world, made.id, { sendAt: later, seen: 0 });

    expect({ status, ...moved }).toMatchObject({
      ...{ status: 200, state: 'scheduled', version: 1, sendAt: later },
      notAfter: time(201 * DAY),
    });
    const { audit } = (await world.get(`/v1/campaigns/${made.id}/audit`)).json;
    expect(audit.at(-1)).toMatchObject({ action: 'reschedule', by: 'crm', sendAt: later });
    const [list = ''] = await redis.keys(`${prefix}:record:audience:*`);
    expect(await redis.pttl(list)).toBeGreaterThan(200 * DAY);
    const day = later.slice(0, 10);
    const { campaigns } = (await world.get(`/v1/campaigns?from=${day}`)).json;
    expect(campaigns).toMatchObject([{ id: made.id }]);
  });

  it('makes an approval void, since it was given for another time', async () => {
    const { world } = await aProducer({ WECHAT_APPROVAL: 'always' });
    const { json: made } = await world.post('/v1/campaigns', aCampaign({ sendAt: time(DAY) }));
    const approved = await approve(world, made.id, 0);
    expect(approved.json).toMatchObject({ state: 'scheduled' });

    const moved = await patch(world, made.id, { sendAt: time(2 * DAY) });

    expect(moved.json).toMatchObject({ state: 'paused', pausedFor: ['approval'] });
    expect((await approve(world, made.id, approved.json.version)).json.code).toBe('moved');
    expect((await approve(world, made.id, moved.json.version)).json.state).toBe('scheduled');
  });

  it('is not approved on a version that was moved since it was looked at', async () => {
    const { world } = await aProducer({ WECHAT_APPROVAL: 'always' });
    const { json: made } = await world.post('/v1/campaigns', aCampaign({ sendAt: time(DAY) }));
    await patch(world, made.id, { sendAt: time(2 * DAY) });

    expect((await approve(world, made.id, 0)).json).toMatchObject({ status: 409, code: 'moved' });
  });

  it.each([
    ['a time that has passed', { sendAt: time(-HOUR) }, 'sendAt'],
    ['an end before the start', { sendAt: time(DAY), notAfter: time(HOUR) }, 'notAfter'],
    ['a time without a zone', { sendAt: '2026-12-01T09:00:00' }, 'sendAt'],
  ])('refuses %s', async (_what, body, path) => {
    const { world } = await aProducer();
    const { json: made } = await world.post('/v1/campaigns', aCampaign({ sendAt: time(DAY) }));
    const { status, json: refused } = await patch(world, made.id, body);
    expect({ status, paths: refused.errors.map((one: { path: string }) => one.path) }).toEqual({
      status: 422,
      paths: [path],
    });
  });

  it('refuses one that was cancelled, or is none', async () => {
    const { world } = await aProducer();
    const { json: made } = await world.post('/v1/campaigns', aCampaign({ sendAt: time(DAY) }));
    await world.post(`/v1/campaigns/${made.id}/cancel`);
    const sendAt = time(2 * DAY);

    expect((await patch(world, made.id, { sendAt })).json).toMatchObject({
      ...{ status: 409, code: 'campaign-over' },
    });
    expect((await patch(world, '0'.repeat(18), { sendAt })).status).toBe(404);
  });
});
