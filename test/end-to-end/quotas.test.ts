/** "Not now": minutes, days, months, approvals, accounts that are stopped. */
import type { Job } from 'bullmq';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { nextMonthMorning, nextMorning } from '../../src/shared/campaign/quota-window.ts';
import { DAY, HOUR, MINUTE, SECOND } from '../../src/shared/platform/time.ts';
import type { SharedQueue } from '../../src/shared/queue/jobs.ts';
import { anImage, aRequest, someNews, toOpenIds } from '../support/builders.ts';
import { startWorld, type World } from '../support/world.ts';

const world = await startWorld(
  { onTestFinished: (end) => afterAll(end) },
  { accounts: Array.from({ length: 16 }, (_, i) => ({ name: `a${i + 1}` })) },
);
const SEND = 'message/mass/send';
const iso = (at: number): string => new Date(at).toISOString();
const later = () => new Date(Date.now() + 60 * DAY).toISOString();

describe('an account whose minute is used up (45011)', () => {
  it('sleeps until the next minute, and says so', async () => {
    const account = world.nextAccount();
    world.faults.set('errcode', { account, path: SEND, errcode: 45011 });

    const id = await world.create(aRequest(account));

    const view = await world.untilView(id, 'waiting', ({ waiting }) => waiting !== undefined);
    expect(view).toMatchObject({ state: 'submitting', waiting: { reason: 'rate' } });
    const [call] = world.ledger.requests(SEND).filter((one) => one.account === account);
    const until = Date.parse(view.waiting?.until ?? '');
    expect(until - (call?.at ?? 0)).toBeGreaterThan(50 * SECOND);
    // The batch is recorded first, its lane right after.
    const lane = world.queues.lane(account);
    await world.until('the lane asleep', async () => (await lane.getRateLimitTtl()) > SECOND);
    expect((await world.stores.lanes.read(account)).sleep).toEqual({ reason: 'rate', until });

    await world.create(aRequest(account));
    await world.until('another job is there', async () => (await lane.getJobCounts()).prioritized);
    expect(await lane.getRateLimitTtl()).toBeGreaterThan(SECOND);
    expect(await lane.getActiveCount()).toBe(0);
    expect(world.sendCalls(account)).toEqual([45011]);
  });
});

describe('an account whose minute is used up, after calls of its own', () => {
  const refuseNext = (own: World) => own.faults.set('errcode', { path: SEND, errcode: 45011 });
  const waitOf = async (own: World): Promise<number> => {
    const id = await own.create(aRequest('default'));
    const { waiting } = await own.untilView(id, 'waiting', (view) => view.waiting !== undefined);
    return Date.parse(waiting?.until ?? '') - own.clock.now();
  };

  it('waits until the oldest of them is out of the minute; a whole one when refused again', async (t) => {
    const own = await startWorld(t);
    await own.ended(await own.create(aRequest('default')));
    await own.jump(40 * SECOND);
    refuseNext(own);

    const wait = await waitOf(own);

    expect(wait).toBeGreaterThan(10 * SECOND);
    expect(wait).toBeLessThan(21 * SECOND);
    refuseNext(own);
    await own.jump(21 * SECOND);
    const lane = () => own.stores.lanes.read('default');
    await own.until('asleep again', async () => {
      const { sleep } = await lane();
      return sleep && sleep.until > own.clock.now() + 50 * SECOND;
    });
  });
});

describe('an account that WeChat finds too fast (42010)', () => {
  it('goes one at a time from then on, and wide again later', async (t) => {
    const own = await startWorld(t);
    own.faults.set('errcode', { path: SEND, errcode: 42010 });

    const id = await own.create(aRequest('default', { audience: toOpenIds(30_000) }));
    const lane = own.queues.lane('default');
    await own.until('one at a time', async () => (await lane.getGlobalConcurrency()) === 1);

    expect(await own.ended(id)).toMatchObject({ outcome: 'delivered' });
    expect(own.messages('default')).toEqual({ 1: 30_000 });

    // Looked at while there is work.
    own.faults.hold({ path: SEND });
    await own.create(aRequest('default'));
    await own.jump(10 * MINUTE);
    await own.stores.lanes.release('default');
    await own.until('wide', async () => (await lane.getGlobalConcurrency()) === 4);
    own.faults.clear();
  });
});

describe.each([
  ['a day', 45009, 'service', 'daily-quota', nextMorning],
  ['a day or a month (service account)', 45028, 'service', 'send-quota', nextMorning],
  ['a month', 45040, 'service', 'monthly-quota', nextMonthMorning],
  ['a day (subscription account)', 45028, 'subscription', 'daily-quota', nextMorning],
] as const)('a campaign whose account may not send for %s', (_, errcode, kind, reason, next) => {
  it('waits until eight in the morning, Beijing time, with the same key, and then goes', async (t) => {
    const own = await startWorld(t, { accounts: [{ name: 'default', kind }] });
    own.faults.set('errcode', {
      errcode,
      path: kind === 'service' ? SEND : 'message/mass/sendall',
    });
    const audience = kind === 'service' ? toOpenIds() : { type: 'everyone' };

    const id = await own.create(aRequest('default', { audience, notAfter: later() }));
    const view = await own.untilView(id, 'waiting', ({ waiting }) => waiting !== undefined);

    const until = next(own.clock.now());
    expect(view.waiting).toEqual({ reason, until: new Date(until).toISOString() });
    expect(own.sendCalls('default')).toEqual([errcode]);

    const lane = own.queues.lane('default');
    const job = await own.until('it sleeps', async () => (await lane.getDelayed())[0]);
    await own.jump(until - own.clock.now() - MINUTE);
    await job.promote();
    await own.until('it was looked at', async () => {
      const tries = (await lane.getJob(job.id ?? ''))?.attemptsStarted ?? 0;
      return tries > 1 && (await lane.getActiveCount()) === 0;
    });
    expect(own.sendCalls('default')).toEqual([errcode]);

    await own.jump(2 * MINUTE);
    expect(await own.ended(id)).toMatchObject({ outcome: 'delivered' });
    expect(own.sendCalls('default')).toEqual([errcode, 0]);
  });
});

describe('an account that an operator resumes after its day was used up', () => {
  it('calls for a campaign of priority 1 before one of 9', async (t) => {
    const own = await startWorld(t);
    own.faults.set('errcode', { path: SEND, errcode: 45009 });
    const create = (content: string, priority: number) =>
      own.create(
        aRequest('default', { message: { type: 'text', content }, priority, notAfter: later() }),
      );
    const lane = own.queues.lane('default');
    const last = await create('last', 9);
    await own.until('asleep', () => lane.getDelayedCount());
    const first = await create('first', 1);
    await own.until('it waits', async () => (await lane.getJobCounts()).prioritized);

    await own.steerAccount.resume('default', 'ann');
    await Promise.all([own.ended(first), own.ended(last)]);

    const sent = own.ledger.requests(SEND).filter(({ errcode }) => errcode === 0);
    expect(sent.map(({ body }) => /"content":"([^"]*)"/.exec(body ?? '')?.[1])[0]).toBe('first');
  });
});

describe('a service account that has sent to everyone four times this month', () => {
  it('still sends to groups and OpenIDs; only what is to everyone waits', async (t) => {
    const own = await startWorld(t, { limits: { everyonePerMonth: 0, everyonePerDay: null } });
    const toEveryone = aRequest('default', { audience: { type: 'everyone' }, notAfter: later() });
    const waiting = await own.create(toEveryone);
    const view = await own.untilView(waiting, 'waiting', (seen) => seen.waiting !== undefined);
    await own.until('it sleeps', () => own.queues.lane('default').getDelayedCount());

    const toGroup = await own.create(
      aRequest('default', { audience: { type: 'group', groupId: '2' } }),
    );
    const toList = await own.create(aRequest('default'));

    expect(view.waiting?.reason).toBe('send-quota');
    expect(await own.ended(toGroup)).toMatchObject({ outcome: 'delivered' });
    expect(await own.ended(toList)).toMatchObject({ outcome: 'delivered' });
    expect(own.sendCalls('default')).toEqual([45028, 0, 0]);
  });
});

describe.each(['everyone', 'every-send'] as const)(
  'a service account whose sends to everyone are limited by day and month (%s)',
  (serviceUnits) => {
    const limits = { everyonePerDay: 1, everyonePerMonth: 4 };
    const request = (content: string, notAfter: string) =>
      aRequest('default', {
        audience: { type: 'everyone' },
        message: { type: 'text', content },
        notAfter,
      });

    it('tries again the next morning, and waits for the month once its four are known', async (t) => {
      const own = await startWorld(t, { limits, switches: { serviceUnits } });
      const until = async (id: string) => {
        const { waiting } = await own.untilView(id, 'waits', (view) => view.waiting !== undefined);
        return waiting;
      };
      await own.jump(nextMonthMorning(own.clock.now()) - own.clock.now());

      for (const day of [1, 2, 3, 4]) {
        const id = await own.create(request(`day ${day}`, later()));
        if (day > 1) {
          const waiting = await until(id);
          const morning = nextMorning(own.clock.now());
          expect(waiting).toMatchObject({ reason: 'send-quota', until: iso(morning) });
          await own.jump(morning - own.clock.now() + 1);
        }
        expect(await own.ended(id)).toMatchObject({ outcome: 'delivered' });
      }

      const soon = iso(own.clock.now() + 3 * DAY);
      const fifth = await until(await own.create(request('the fifth', soon)));
      expect(fifth).toEqual({
        reason: 'monthly-quota',
        until: iso(nextMonthMorning(own.clock.now())),
        missesNotAfter: true,
      });
    });
  },
);

describe('a campaign whose articles, files or followers must wait', () => {
  it.each([
    ['media/uploadnews', 45009, 'daily-quota', { message: someNews() }],
    ['media/upload', 45011, 'rate', { message: anImage() }],
    ['media/upload', 40164, 'address-refused', { message: anImage() }],
    ['user/get', 45009, 'daily-quota', { audience: { type: 'followers' } }],
    ['groups/get', -1, 'wechat-busy', { audience: { type: 'group', groupId: '2' } }],
  ])(
    'says why and until when (%s, %i: %s), and then goes',
    async (path, errcode, reason, asked) => {
      const own = await startWorld({ onTestFinished });
      own.faults.set('errcode', { path, errcode });

      const id = await own.create(aRequest('default', { ...asked, notAfter: later() }));
      const view = await own.untilView(id, 'waiting', ({ waiting }) => waiting !== undefined);

      expect(view.waiting?.reason).toBe(reason);
      const until = Date.parse(view.waiting?.until ?? '');
      if (reason === 'daily-quota') expect(until).toBe(nextMorning(own.clock.now()));
      await own.jump(until - own.clock.now() + 1);
      expect(await own.ended(id)).toMatchObject({ outcome: 'delivered' });
      expect((await own.stores.campaigns.read(id))?.control).not.toHaveProperty('waiting');
    },
  );
});

describe('an answer of WeChat that is not as it should be', () => {
  it.each(['bom-answer', 'control-byte'] as const)(
    'is read, at every call of a campaign (%s)',
    async (fault) => {
      const account = world.nextAccount();
      world.faults.set(fault, { account, times: null });

      const id = await world.create(aRequest(account, { message: someNews() }));

      expect(await world.ended(id)).toMatchObject({ outcome: 'delivered' });
      expect(world.sendCalls(account)).toEqual([0]);
    },
  );

  it('is called unreadable, not busy, and asked for again', async (t) => {
    const own = await startWorld(t);
    own.faults.set('html-answer', { path: 'groups/get' });

    const id = await own.create(
      aRequest('default', { audience: { type: 'group', groupId: '2' }, notAfter: later() }),
    );
    const { waiting } = await own.untilView(id, 'waiting', (view) => view.waiting !== undefined);

    expect(waiting?.reason).toBe('wechat-unreadable');
    await own.jump(MINUTE);
    expect(await own.ended(id)).toMatchObject({ outcome: 'delivered' });
  });

  it('leaves the outcome of an accepted send unknown, and the key is asked about again', async (t) => {
    const own = await startWorld(t);
    own.faults.set('raw-answer', { path: SEND, text: '<html>', processed: true });

    const id = await own.create(aRequest('default', { notAfter: later() }));
    const { waiting } = await own.untilView(id, 'waiting', (view) => view.waiting !== undefined);

    expect(waiting?.reason).toBe('outcome-unknown');
    await own.jump(2 * MINUTE);
    expect(await own.ended(id)).toMatchObject({ outcome: 'delivered' });
    expect(own.messages('default')).toEqual({ 1: 25 });
  });
});

describe('an account that waits for its administrator', () => {
  it.each([89504, 89505])('says so (%i), and asks again after half an hour', async (errcode) => {
    const account = world.nextAccount();
    world.faults.set('errcode', { account, path: SEND, errcode });

    const id = await world.create(aRequest(account));

    const view = await world.untilView(id, 'waiting', ({ waiting }) => waiting !== undefined);
    expect(view.waiting?.reason).toBe('wechat-approval');
    const until = Date.parse(view.waiting?.until ?? '');
    const [call] = world.ledger.requests(SEND).filter((one) => one.account === account);
    expect(Math.round((until - (call?.at ?? 0)) / MINUTE)).toBe(30);
  });
});

describe('a person who has mended what WeChat objected to, and resumes the account', () => {
  it.each<[string, number, string, 'lane' | SharedQueue]>([
    [SEND, 89505, 'wechat-approval', 'lane'],
    [SEND, 40164, 'address-refused', 'lane'],
    [SEND, 50002, 'account-paused', 'lane'],
    ['media/upload', 40164, 'address-refused', 'media'],
    ['media/uploadnews', 45009, 'daily-quota', 'news'],
    ['groups/get', 40164, 'address-refused', 'campaigns'],
  ])('waits for nothing more (%s, %i, %s)', async (path, errcode, reason, asleepIn) => {
    const account = world.nextAccount();
    world.faults.set('errcode', { account, path, errcode });
    const audience = path === 'groups/get' ? { type: 'group', groupId: '2' } : toOpenIds();
    const id = await world.create(aRequest(account, { audience, message: someNews() }));
    await world.untilView(id, 'waiting', ({ waiting }) => waiting?.reason === reason);
    const { queues } = world;
    const queue = asleepIn === 'lane' ? queues.lane(account) : queues[asleepIn];
    await world.until('it sleeps', async () => {
      const jobs: Job<{ campaignId?: string }>[] = await queue.getDelayed();
      return jobs.some((job) => job.data.campaignId === id);
    });

    await world.steerAccount.resume(account, 'ann');

    expect(await world.ended(id)).toMatchObject({ outcome: 'delivered' });
    if (path === SEND) expect(world.sendCalls(account)).toEqual([errcode, 0]);
  });
});

describe('an account that WeChat has stopped (50002)', () => {
  it('burns no further call, tells a person, and goes on when it is resumed', async () => {
    const account = world.nextAccount();
    world.faults.set('errcode', { account, path: SEND, errcode: 50002 });

    const id = await world.create(aRequest(account));
    const { paused } = await world.until('paused', async () => {
      const lane = await world.stores.lanes.read(account);
      return lane.paused && lane;
    });
    expect(paused).toMatchObject({ errcode: 50002, by: 'wechat' });
    const next = await world.create(aRequest(account));
    await world.untilView(next, 'waiting', ({ waiting }) => waiting?.reason === 'account-paused');
    await world.until('both sleep', async () => {
      return (await world.queues.lane(account).getDelayedCount()) === 2;
    });
    expect(world.sendCalls(account)).toEqual([50002]);

    await world.steerAccount.resume(account, 'ann');

    expect(await world.ended(id)).toMatchObject({ outcome: 'delivered' });
    expect(await world.ended(next)).toMatchObject({ outcome: 'delivered' });
    expect(world.sendCalls(account)).toEqual([50002, 0, 0]);
  });
});

describe('an account that may not send to OpenIDs (48001)', () => {
  it('still sends to everyone', async () => {
    const account = world.nextAccount();
    world.faults.set('errcode', { account, path: SEND, errcode: 48001 });

    const id = await world.create(aRequest(account));
    await world.untilView(id, 'waiting', ({ waiting }) => waiting?.reason === 'account-paused');
    const blocked = await world.until(
      'sends stopped',
      async () => (await world.stores.lanes.read(account)).sendBlocked,
    );
    expect(blocked).toMatchObject({ errcode: 48001 });

    const everyone = await world.create(aRequest(account, { audience: { type: 'everyone' } }));
    expect(await world.ended(everyone)).toMatchObject({ outcome: 'delivered' });
    expect((await world.view(id)).state).toBe('submitting');
  });
});

describe('a host that is not on the account’s IP list (40164)', () => {
  it('does not stop the account for another host', async (t) => {
    const own = await startWorld(t);
    own.faults.set('errcode', { path: SEND, errcode: 40164 });
    const id = await own.create(aRequest('default'));
    const view = await own.untilView(id, 'waiting', ({ waiting }) => waiting !== undefined);

    expect(view.waiting?.reason).toBe('address-refused');
    const lane = await own.until('the host is noted', async () => {
      const found = await own.stores.lanes.read('default');
      return found.refusedHosts && found;
    });
    expect(lane.paused).toBeUndefined();
    expect(Object.keys(lane.refusedHosts ?? {})).toEqual(['host-1']);
    await own.until('a person is told', () =>
      own.logged.lines.some(({ event }) => event === 'lane.stopped'),
    );

    await own.jump(5 * MINUTE);
    expect(await own.ended(id)).toMatchObject({ outcome: 'delivered' });
  });

  it('stops the account once a second host is refused', async (t) => {
    const own = await startWorld(t, { hosts: [] });
    own.faults.set('errcode', { path: SEND, errcode: 40164, times: null });
    const one = await own.startHost('host-1');
    const id = await own.create(aRequest('default'));
    await own.untilView(id, 'waiting', ({ waiting }) => waiting !== undefined);
    await one.stop();

    await own.startHost('host-2');
    await own.jump(5 * MINUTE);

    await own.until('paused', async () => (await own.stores.lanes.read('default')).paused);
    const queue = own.queues.lane('default');
    const asleep = await own.until('it sleeps', async () => (await queue.getDelayed())[0]);
    expect(own.sendCalls('default')).toEqual([40164, 40164]);

    await own.jump(HOUR);
    await own.until('it was looked at', async () => {
      const job = await queue.getJob(asleep.id ?? '');
      return (await job?.isDelayed()) && (job?.attemptsStarted ?? 0) > asleep.attemptsStarted;
    });
    expect(own.sendCalls('default')).toEqual([40164, 40164]);
  });
});

describe('a token that another client has replaced', () => {
  it('costs one more token call, and no repeat of the send beyond the one', async () => {
    const account = world.nextAccount();
    await world.ended(await world.create(aRequest(account)));
    const before = world.ledger.calls(account).stable_token;
    world.faults.set('token-replaced', { account, path: SEND });

    const id = await world.create(aRequest(account));

    expect(await world.ended(id)).toMatchObject({ outcome: 'delivered' });
    expect(world.ledger.calls(account).stable_token).toBe((before ?? 0) + 1);
    expect(world.sendCalls(account)).toEqual([0, 40001, 0]);
  });
});

describe('an account whose fresh token WeChat refuses again', () => {
  it('is stopped, with its cause, and burns no further call', async (t) => {
    const own = await startWorld(t);
    own.faults.set('errcode', { path: SEND, errcode: 40001, times: null });

    const id = await own.create(aRequest('default'));
    const view = await own.untilView(id, 'waiting', ({ waiting }) => waiting !== undefined);

    expect(view.waiting?.reason).toBe('account-paused');
    const { paused } = await own.until('stopped', async () => {
      const lane = await own.stores.lanes.read('default');
      return lane.paused && lane;
    });
    expect(paused).toMatchObject({ code: 'fresh-token-refused', errcode: 40001 });
    await own.create(aRequest('default'));
    await own.until('both sleep', async () => {
      return (await own.queues.lane('default').getDelayedCount()) === 2;
    });
    expect(own.sendCalls('default')).toEqual([40001, 40001]);
  });
});

describe('an account that may not send to OpenIDs, with one of these unanswered', () => {
  it('still sends to tags', async (t) => {
    const own = await startWorld(t);
    own.faults.set('reset-before', { path: SEND, times: 1 });
    own.faults.set('errcode', { path: SEND, errcode: 48001, times: null });
    await own.create(aRequest('default', { notAfter: later() }));
    await own.until('blocked', async () => (await own.stores.lanes.read('default')).sendBlocked);

    const toTag = await own.create(aRequest('default', { audience: { type: 'tag', tagId: 2 } }));

    expect(await own.ended(toTag)).toMatchObject({ outcome: 'delivered' });
  });
});

describe('a token call that WeChat answers with -1', () => {
  it('leaves no outcome unknown: nothing was sent', async (t) => {
    const own = await startWorld(t);
    own.faults.set('errcode', { path: 'stable_token', errcode: -1 });

    const id = await own.create(aRequest('default'));
    const view = await own.untilView(id, 'waiting', ({ waiting }) => waiting !== undefined);

    expect(view.waiting?.reason).toBe('wechat-busy');
    expect(await own.batch(id)).toMatchObject({ state: 'pending', attempts: 0 });
    expect(own.sendCalls('default')).toEqual([]);
  });
});
