import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { beijingDay } from '../../src/shared/campaign/quota-window.ts';
import { DAY } from '../../src/shared/platform/time.ts';
import { makeKeys } from '../../src/shared/record/keys.ts';
import { makeClock } from '../support/clock.ts';
import { testRedis } from '../support/redis.ts';
import { aCampaign, KEY, OTHER_KEY, startWorld, type World } from './world.ts';

const { redis, url, prefix } = testRedis();
const clock = makeClock();
const board = { BOARD_USER: 'ann', BOARD_PASSWORD: 'ann-and-her-long-password' };
let world: World;
let id = '';
const firstDay = beijingDay(clock.now());
beforeAll(async () => {
  world = await startWorld({ url, prefix }, { WECHAT_APPROVAL: 'always', ...board }, clock.now);
  id = (await world.post('/v1/campaigns', aCampaign({ name: '=1+1' }))).json.id;
  clock.turn(DAY);
  await world.call('POST', `/v1/campaigns/${id}/reject`, {
    ...{ key: OTHER_KEY, headers: { 'content-type': 'application/json' } },
    body: '{"seen":0,"note":"not, this week"}',
  });
  await world.post('/v1/accounts/default/pause');
  const credentials = Buffer.from(`ann:${board.BOARD_PASSWORD}`).toString('base64');
  await fetch(`${world.url}/page/accounts/default/resume`, {
    method: 'POST',
    redirect: 'manual',
    headers: { authorization: `Basic ${credentials}`, origin: world.url },
  });
});
afterAll(() => world.stop());

const acts = async (query = ''): Promise<string[]> =>
  (await world.get(`/v1/audit${query}`)).json.audit.map(
    ({ by, action }: { by: string; action: string }) => `${by} ${action}`,
  );

describe('GET /v1/audit', () => {
  it('has what was done to campaigns and accounts, newest first, with who it was', async () => {
    const { json } = await world.get('/v1/audit');
    expect(json.audit).toMatchObject([
      { person: 'ann', action: 'account-resume', account: 'default' },
      { key: 'crm', action: 'account-pause', account: 'default' },
      { key: 'shop', action: 'reject', campaignId: id, note: 'not, this week' },
      { key: 'crm', action: 'accepted', campaignId: id, message: 'created it' },
    ]);
    expect(json.next).toBeNull();
  });

  it('is asked by person or key, account, action and day', async () => {
    expect(await acts('?by=ann')).toEqual(['board:ann account-resume']);
    expect(await acts('?by=crm&action=accepted')).toEqual(['crm accepted']);
    expect(await acts(`?until=${firstDay}`)).toEqual(['crm accepted']);
    expect(await acts(`?from=${beijingDay(clock.now())}`)).toHaveLength(3);
    expect(await acts('?account=other')).toEqual([]);
  });

  it('goes on where the page before ended', async () => {
    const seen: string[] = [];
    let cursor = '';
    for (;;) {
      const { json } = await world.get(`/v1/audit?limit=1${cursor}`);
      expect(json.audit).toHaveLength(1);
      seen.push(json.audit[0].action);
      if (json.next === null) break;
      cursor = `&cursor=${json.next}`;
    }
    expect(seen).toEqual(['account-resume', 'account-pause', 'reject', 'accepted']);
  });

  it('is looked through from its first day on, and no more of it than a page may', async () => {
    const sent = vi.spyOn(Redis.prototype, 'sendCommand');
    const all = await world.get('/v1/audit?from=1000-01-01&until=9999-12-31&action=recall');
    expect(all.json).toEqual({ audit: [], next: null });
    expect(sent.mock.calls.length).toBeLessThan(1_000);
    sent.mockRestore();

    const today = makeKeys(`${prefix}:record`).auditOn(beijingDay(clock.now()));
    const act = { at: clock.now(), by: 'shop', action: 'pause', account: 'default' };
    await redis.rpush(today, ...Array<string>(2_500).fill(JSON.stringify(act)));
    const first = (await world.get('/v1/audit?action=reject')).json;
    expect(first).toMatchObject({ audit: [], next: expect.any(String) });
    const second = (await world.get(`/v1/audit?action=reject&cursor=${first.next}`)).json;
    expect(second).toMatchObject({ audit: [{ action: 'reject' }], next: null });
  });

  it('comes as a file that a spreadsheet opens', async () => {
    const { status, headers, text } = await world.call('GET', '/v1/audit.csv?action=reject', {
      ...{ key: KEY, headers: { 'accept-language': 'zh' } },
    });
    expect(status).toBe(200);
    expect(headers.get('content-type')).toContain('text/csv');
    const [header, line, end] = text.replace(/^\ufeff/, '').split('\r\n');
    expect(header).toBe('at,person,key,account,campaignId,batch,action,message,note');
    expect(line).toMatch(new RegExp(`,,shop,default,${id},,reject,驳回,"not, this week"$`));
    expect(end).toBe('');
  });
});
