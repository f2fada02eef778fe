import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CampaignPlan, type PlanInput, planOf } from '../../../src/shared/campaign/plan.ts';
import { adviceWords } from '../../../src/shared/contract/plan-words.ts';
import { DAY, HOUR } from '../../../src/shared/platform/time.ts';

/** A time of one fixed day in Beijing. */
const beijing = (text: string): number => Date.parse(`${text}+08:00`);
const NOW = beijing('2026-11-23T10:00:00');

const account: PlanInput['account'] = {
  name: 'shop',
  kind: 'service',
  callsPerMinute: 60,
  callsPerDay: 100,
  approval: 'never',
};

const input = (given: Partial<PlanInput> = {}): PlanInput => ({
  account,
  audience: { type: 'list', listId: 'a_12345678' },
  recipients: 25_001,
  message: { type: 'text', content: 'hello' },
  route: { videoAs: 'mpvideo', newsBy: 'uploadnews' },
  calls: {},
  toEveryone: { today: 0, thisMonth: 0 },
  ahead: 0,
  laneFreeAt: 0,
  sendAt: NOW,
  notAfter: NOW + DAY,
  now: NOW,
  ...given,
});

const said = ({ advice }: CampaignPlan): string =>
  advice.map((one) => adviceWords(one, 'en')).join('\n');

const articles: PlanInput['message'] = {
  type: 'news',
  ignoreReprint: false,
  articles: [
    { thumb: { upload: 'm_1' }, title: 'One', content: '<p><img src="upload:m_2"></p>' },
    { thumb: { upload: 'm_1' }, title: 'Two', content: '<p></p>' },
  ],
};

describe('a plan', () => {
  it('spends one call a batch, at the pace of the lane', () => {
    const plan = planOf(input());

    expect(plan).toMatchObject({
      recipients: 25_001,
      batches: 3,
      rate: { perMinute: 60 },
      begins: '2026-11-23T02:00:00.000Z',
      ends: '2026-11-23T02:00:02.000Z',
      fitsNotAfter: true,
    });
    expect(plan.calls).toEqual({ 'message/mass/send': 3 });
    const send = { perDay: 100, usedToday: 0, left: 100 };
    expect(plan.quota).toEqual({ 'message/mass/send': send });
  });

  it('does not fit when its last call is at notAfter', () => {
    expect(planOf(input({ notAfter: NOW + 2_000 })).fitsNotAfter).toBe(false);
    expect(planOf(input({ notAfter: NOW + 2_001 })).fitsNotAfter).toBe(true);
  });

  it.each([
    ['to a list', { audience: { type: 'list', listId: 'a_12345678' } }],
    ['of a subscription account', { account: { ...account, kind: 'subscription' } }],
  ] as const)('%s does not wait for earlier sends to everyone', (_, changes) => {
    const everyone = { audience: { type: 'everyone' }, recipients: null } as const;
    const toEveryone = { today: 1, thisMonth: 4 };

    const plan = planOf(input({ ...everyone, toEveryone, ...changes }));

    expect(plan.begins).toBe(new Date(NOW).toISOString());
  });

  it('for the night of the next month does not wait for the morning after this one', () => {
    const everyone = { audience: { type: 'everyone' }, recipients: null } as const;
    const sendAt = beijing('2026-12-01T00:30:00');

    const plan = planOf(input({ ...everyone, sendAt, toEveryone: { today: 0, thisMonth: 4 } }));

    expect(plan.begins).toBe(new Date(sendAt).toISOString());
  });

  it.each([
    [{ today: 0, thisMonth: 3 }, '2026-11-23T10:00:00'],
    [{ today: 1, thisMonth: 2 }, '2026-11-24T08:00:00'],
    [{ today: 0, thisMonth: 4 }, '2026-12-01T08:00:00'],
  ])('of a send to everyone begins when the account may send one (%j)', (toEveryone, begins) => {
    const everyone = { audience: { type: 'everyone' }, recipients: null, toEveryone } as const;
    const at = beijing(begins);

    const plan = planOf(input({ ...everyone, notAfter: NOW + DAY - HOUR * 3 }));

    expect(plan.begins).toBe(new Date(at).toISOString());
    const isLate = at > NOW + DAY - HOUR * 3;
    expect(plan.fitsNotAfter).toBe(!isLate);
    expect(plan.advice.some(({ code }) => code === 'ends-late')).toBe(isLate);
    expect(planOf(input({ ...everyone, sendAt: beijing('2026-12-02T09:00:00') })).begins).toBe(
      '2026-12-02T01:00:00.000Z',
    );
  });

  it('spends one call on a tag, whose size only WeChat knows', () => {
    const plan = planOf(input({ audience: { type: 'tag', tagId: 2 }, recipients: null }));

    expect(plan).toMatchObject({
      recipients: null,
      batches: 1,
      calls: { 'message/mass/sendall': 1 },
    });
  });

  it('goes on at eight in the morning in Beijing when the day is used up', () => {
    const plan = planOf(input({ recipients: 3_000_000, notAfter: NOW + 4 * DAY }));

    expect(plan.batches).toBe(300);
    expect(plan.ends).toBe(new Date(beijing('2026-11-25T08:01:39')).toISOString());
    expect(plan.fitsNotAfter).toBe(true);
    const facts = { recipients: 3_000_000, batches: 300, days: 3, perDay: 100 };
    expect(plan.advice).toContainEqual({ code: 'days-needed', ...facts });
    expect(said(plan)).toContain(
      '3 million OpenIDs need 300 calls: 3 days at 100 calls a day. A tag needs one.',
    );
  });

  it('counts what was called today, by either way of sending', () => {
    const calls = { 'message/mass/send': 60, 'message/mass/sendall': 39 };
    const plan = planOf(input({ calls }));

    expect(plan.quota['message/mass/send']).toEqual({ perDay: 100, usedToday: 99, left: 1 });
    expect(plan.ends).toBe(new Date(beijing('2026-11-24T08:00:01')).toISOString());
    expect(said(plan)).toContain('1 mass send of shop is left today');
  });

  it('says that what does not fit before notAfter is cancelled', () => {
    const plan = planOf(input({ recipients: 3_000_000 }));

    expect(plan.fitsNotAfter).toBe(false);
    expect(said(plan)).toContain('after notAfter (2026-11-24 10:00 Beijing time)');
  });

  it('does not stop at midnight while calls of the new day are there', () => {
    const sendAt = beijing('2026-11-23T23:59:58');
    const plan = planOf(input({ recipients: 50_000, sendAt, notAfter: sendAt + DAY }));

    expect(plan.ends).toBe(new Date(beijing('2026-11-24T00:00:02')).toISOString());
    const slow = { account: { ...account, callsPerMinute: 1 }, recipients: 20_000 };
    const late = beijing('2026-11-23T23:59:30');
    expect(planOf(input({ ...slow, sendAt: late })).ends).toBe(
      new Date(beijing('2026-11-24T00:00:30')).toISOString(),
    );
  });

  it('has the calls of a new day after midnight, and of today only today', () => {
    const sendAt = beijing('2026-11-23T23:59:58');
    const few = { account: { ...account, callsPerDay: 3 }, recipients: 50_000 };
    const used = { 'message/mass/send': 3 };

    expect(planOf(input({ ...few, sendAt })).ends).toBe(
      new Date(beijing('2026-11-24T00:00:02')).toISOString(),
    );
    const tomorrow = planOf(input({ ...few, recipients: 30_000, sendAt: NOW + DAY, calls: used }));
    expect(tomorrow.ends).toBe(new Date(NOW + DAY + 2_000).toISOString());
  });

  it('waits behind the calls of other campaigns, and for a sleeping lane', () => {
    const plan = planOf(input({ ahead: 10, laneFreeAt: NOW + HOUR }));

    expect(plan.begins).toBe(new Date(NOW + HOUR).toISOString());
    expect(plan.ends).toBe(new Date(NOW + HOUR + 12_000).toISOString());
    expect(said(plan)).toContain('10 calls of other campaigns may go before it');
  });

  it('names why a stopped account sends nothing', () => {
    const plan = planOf(input({ laneStopped: { code: 'refused-by-wechat', errcode: 40164 } }));

    expect(plan.advice[0]).toMatchObject({ code: 'lane-stopped', stop: { errcode: 40164 } });
    expect(said(plan)).toContain('nothing goes out until an operator resumes it');
  });

  it('needs each file once, and one uploadnews for all batches', () => {
    const plan = planOf(input({ message: articles }));

    expect(plan.calls).toEqual({
      'media/upload': 1,
      'media/uploadimg': 1,
      'media/uploadnews': 1,
      'message/mass/send': 3,
    });
  });

  it('uploads a video, and makes of it what followers get', () => {
    const media = { upload: 'm_1' };
    const message = { type: 'video', media, title: 'One', description: 'Two' } as const;

    const { calls } = planOf(input({ message }));

    expect(calls).toEqual({ 'media/upload': 1, 'media/uploadvideo': 1, 'message/mass/send': 3 });
  });

  it('needs a draft a batch where drafts are the route', () => {
    const plan = planOf(
      input({
        message: articles,
        route: { videoAs: 'mpvideo', newsBy: 'draft' },
      }),
    );

    expect(plan.calls).toMatchObject({ 'draft/add': 3, 'material/add_material': 1 });
  });

  it('makes drafts on the day that their batches go, as many as a day allows', () => {
    const plan = planOf(
      input({
        message: articles,
        recipients: 25_000_000,
        account: { ...account, callsPerDay: 100_000, callsPerMinute: 60_000 },
        route: { videoAs: 'mpvideo', newsBy: 'draft' },
      }),
    );

    expect(plan.calls).toMatchObject({ 'draft/add': 2_500 });
    expect(plan.ends?.slice(0, 10)).toBe('2026-11-25');
  });

  it('counts the drafts that were made today', () => {
    const route = { videoAs: 'mpvideo', newsBy: 'draft' } as const;
    const calls = { 'draft/add': 998 };
    const many = { ...account, callsPerDay: 100_000 };

    const plan = planOf(input({ message: articles, account: many, route, calls }));

    expect(plan.ends).toBe(new Date(beijing('2026-11-24T08:00:00')).toISOString());
  });

  it('needs a copy of a draft of the console for each of several batches, and says so', () => {
    const message = { type: 'news', mediaId: 'D', ignoreReprint: false } as const;

    const plan = planOf(input({ message }));

    expect(plan.calls).toMatchObject({ 'draft/add': 3 });
    expect(said(plan)).toContain('each of the 3 batches gets a copy');
  });

  it('begins tomorrow morning when the articles cannot be uploaded today', () => {
    const plan = planOf(input({ message: articles, calls: { 'media/uploadnews': 10 } }));

    expect(plan.begins).toBe(new Date(beijing('2026-11-24T08:00:00')).toISOString());
    expect(said(plan)).toContain('media/uploadnews are used up');
    const last = planOf(input({ message: articles, calls: { 'media/uploadnews': 9 } }));
    expect(last.begins).toBe(new Date(NOW).toISOString());
  });

  it('gives a subscription account one send a day', () => {
    const plan = planOf(
      input({
        account: { ...account, kind: 'subscription' },
        audience: { type: 'everyone' },
        recipients: null,
        calls: { 'message/mass/sendall': 1 },
      }),
    );

    expect(plan.quota['message/mass/sendall']).toEqual({ perDay: 1, usedToday: 1, left: 0 });
    expect(plan.begins).toBe(new Date(NOW).toISOString());
    expect(plan.ends).toBe(new Date(beijing('2026-11-24T08:00:00')).toISOString());
  });

  it('says nothing of the end while the followers are not counted', () => {
    const plan = planOf(input({ audience: { type: 'followers' }, recipients: null }));

    expect(plan).toMatchObject({ batches: null, ends: null, fitsNotAfter: null });
    expect(plan.calls).toEqual({});
  });

  it('never makes more calls on a Beijing day than a day has, nor faster than the lane', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 8_000_000 }),
        fc.integer({ min: 1, max: 200 }),
        fc.integer({ min: 1, max: 120 }),
        fc.integer({ min: 0, max: 3 * DAY }),
        (recipients, callsPerDay, callsPerMinute, later) => {
          const sendAt = NOW + later;
          const plan = planOf(
            input({
              recipients,
              sendAt,
              notAfter: sendAt + 1_000 * DAY,
              account: { ...account, callsPerDay, callsPerMinute },
            }),
          );
          const batches = plan.batches ?? 0;
          const ends = Date.parse(plan.ends ?? '');
          const days = Math.ceil(batches / callsPerDay);

          expect(ends - sendAt).toBeGreaterThanOrEqual(
            days === 1 ? ((batches - 1) * 60_000) / callsPerMinute - 1 : (days - 2) * DAY,
          );
          expect(ends).toBeLessThan(sendAt + (days + 8) * DAY);
        },
      ),
      { numRuns: 200 },
    );
  });
});
