/**
 * Two acts on one campaign or account at the same time, by two operators, every pair, in both orders:
 * the first is held in the middle (before its commit, or while WeChat has its call), the second is done
 * as a whole, then the first goes on. What is there afterwards must be what one of the two orders leaves.
 */
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { makeRecallCampaign } from '../../src/shared/actions/recall-campaign.ts';
import { makeSteerAccount } from '../../src/shared/actions/steer-account.ts';
import { makeSteerCampaign } from '../../src/shared/actions/steer-campaign.ts';
import { makeTakeReceipt } from '../../src/shared/actions/take-receipt.ts';
import { BATCH_STATES, type Batch, newBatch } from '../../src/shared/campaign/batch.ts';
import { type PauseReason, pausedBy, rfc3339 } from '../../src/shared/campaign/campaign.ts';
import { makeIdentityOf } from '../../src/shared/platform/identity.ts';
import type { Redis } from '../../src/shared/platform/redis.ts';
import { HOUR, MINUTE } from '../../src/shared/platform/time.ts';
import { makeKeys, recordOf } from '../../src/shared/record/keys.ts';
import { openRecord, type Stores } from '../../src/shared/record/record.ts';
import { aRequest, receipt, toOpenIds } from '../support/builders.ts';
import { aJob } from '../support/parts.ts';
import { startWorld } from '../support/world.ts';

const world = await startWorld(
  { onTestFinished: (end) => afterAll(end) },
  // Events come by hand only, and jobs run by hand only.
  { hosts: [], pace: { pushDelayMs: 10 * MINUTE } },
);
const { redis, prefix, clock, queues, config } = world;
const { now } = clock;
const keys = makeKeys(recordOf(prefix));

const ACTS = [
  'pause',
  'resume',
  'cancel',
  'retry',
  'resolve',
  'approve',
  'reject',
  'reschedule',
  'lay-out',
  'recall',
  'receipt',
  'sweep',
  'submit',
  'call',
] as const;
const ACCOUNT_ACTS = ['account-pause', 'account-resume', 'resume-restored'] as const;
type AccountAct = (typeof ACCOUNT_ACTS)[number];
type Act = (typeof ACTS)[number] | AccountAct;

/** These are held at WeChat, the others before their commit. */
const HELD_AT: Partial<Record<Act, string>> = {
  recall: 'message/mass/delete',
  call: 'message/mass/send',
};
const STOPS: readonly Act[] = ['pause', 'cancel', 'account-pause'];
/** Nothing may stop the first of these before it is held. */
const GOES_OUT: readonly Act[] = ['submit', 'call', 'lay-out'];
/** On a campaign that has no batches yet. Of the others, these find something to do there, too. */
const BEFORE_IT_BEGINS: readonly Act[] = ['reschedule', 'lay-out'];
const ALSO_BEFORE: readonly Act[] = ['pause', 'resume', 'cancel', 'approve', 'reject'];
/** By its number, what each batch is for. */
const [PENDING, REFUSED, HELD, SENT, OVERDUE] = [1, 2, 3, 4, 5];
const FIRST = 'anna';
const SECOND = 'bert';
/** Each moves the campaign to a time of their own. */
const MOVED_TO: Readonly<Record<string, number>> = {
  [FIRST]: now() + 10 * HOUR,
  [SECOND]: now() + 20 * HOUR,
};

interface Scene {
  readonly id: string;
  /** Of the batch that WeChat has. */
  readonly msgId: string;
}

/** A campaign with something for both acts, the first of which must get as far as where it is held. */
async function begin(first: Act, second: Act): Promise<Scene> {
  const isBefore =
    BEFORE_IT_BEGINS.includes(first) ||
    (BEFORE_IT_BEGINS.includes(second) && ALSO_BEFORE.includes(first));
  const { lanes, campaigns } = world.stores;
  await lanes.release('default');
  const id = await world.create(aRequest('default', { audience: toOpenIds(10) }));
  begun.push(id);
  const msgId = isBefore ? `7${now()}` : await withBatches(id, first, second);
  if (GOES_OUT.includes(first)) return { id, msgId };
  const at = now();
  const isOne = (...acts: readonly Act[]) => acts.includes(first) || acts.includes(second);
  const pausedFor = (reason: PauseReason) =>
    campaigns.control(id, (control) => pausedBy(control, reason, { at, by: 'carl' }));
  if (isOne('resume') && first !== 'pause') await pausedFor('operator');
  if (isOne('approve', 'reject')) await pausedFor('approval');
  if (isOne('account-resume', 'resume-restored')) {
    const restored = { at, by: 'qunfa', code: 'redis-restored', minutes: 90 } as const;
    await lanes.set('default', 'restored', restored);
  }
  if (isOne('account-resume')) {
    const refused = { at, by: 'qunfa', code: 'refused-by-wechat', errcode: 48001 } as const;
    await lanes.set('default', 'paused', refused);
  }
  return { id, msgId };
}

/** @returns the message id of the batch that WeChat has. */
async function withBatches(id: string, ...acts: readonly Act[]): Promise<string> {
  const { stores } = world;
  const laid = [PENDING, REFUSED, HELD, SENT].map((no = 0) => ({
    ...newBatch(no, 2),
    range: { from: 2 * no - 2, to: 2 * no },
  }));
  const overdue = { ...newBatch(OVERDUE ?? 0, 2), range: { from: 8, to: 10 } };
  // An unanswered call would keep the pending batch waiting; then that one is the overdue one.
  const isOverdue = acts.includes('sweep') && acts[0] !== 'call';
  const isAlone = isOverdue && !acts.includes('submit');
  await stores.campaigns.layBatches(id, isAlone ? [...laid, overdue] : laid, { recipients: 10 });
  const apply = (no = 0, ...events: Parameters<Stores['batches']['apply']>[1][]) =>
    events.reduce(async (before, event) => {
      await before;
      await stores.batches.apply({ campaignId: id, no }, event);
    }, Promise.resolve());
  await world.jobs.submitBatch({ campaignId: id, no: SENT ?? 0, generation: 0, run: 0 }, aJob());
  const at = now();
  const failure = { code: 'refused-by-wechat', errcode: 40003 } as const;
  await apply(REFUSED, { type: 'attempt-started', at }, { type: 'refused', failure, at });
  await apply(
    HELD,
    { type: 'attempt-started', at },
    { type: 'outcome-unknown', nextAttemptAt: at },
    { type: 'held', reason: 'outcome-unknown', at },
  );
  if (isOverdue) {
    const late = { type: 'attempt-started', at: at - 23 * HOUR } as const;
    await apply(isAlone ? OVERDUE : PENDING, late, { type: 'outcome-unknown', nextAttemptAt: at });
  }
  if (acts.includes('recall')) await asNews(id);
  const sent = (await stores.batches.read({ campaignId: id, no: SENT ?? 0 })) as Batch;
  return 'msgId' in sent ? sent.msgId : '';
}

/** Only articles and videos can be recalled; what they bring along is of no matter here. */
async function asNews(id: string): Promise<void> {
  const text = (await redis.hget(keys.campaign(id), 'spec')) ?? '';
  await redis.hset(keys.campaign(id), 'spec', text.replace('"text"', '"news"'));
}

/** What each act is, by whom, and with the stores that it goes by. */
async function perform(act: Act, by: string, { id, msgId }: Scene, through = redis) {
  const stores = openRecord({
    redis: through,
    retainMs: config.retainMs,
    submitTimeoutMs: config.pace.submitTimeoutMs,
    identityOf: makeIdentityOf(config, () => world.accounts),
    now,
    prefix,
  });
  const parts = world.parts(stores);
  const { wechatFor } = world;
  const steer = makeSteerCampaign({
    stores,
    queues,
    enqueueRoot: parts.enqueueRoot,
    wechatFor,
    now,
  });
  const steerAccount = makeSteerAccount({ ...stores, queues, now });
  const createdAt = now();
  switch (act) {
    case 'pause':
    case 'resume':
    case 'cancel':
    case 'approve':
    case 'reject':
      return steer[act](id, by);
    case 'reschedule':
      return steer.reschedule(id, by, { sendAt: rfc3339(MOVED_TO[by] ?? 0) });
    case 'account-pause':
      return steerAccount.pause('default', by);
    case 'account-resume':
      return steerAccount.resume('default', by);
    case 'resume-restored':
      return steerAccount.resumeRestored(['default'], by);
    case 'lay-out': {
      const root = await queues.campaigns.getJob(`c-${id}`);
      return root && parts.runCampaign({ campaignId: id }, root);
    }
    case 'retry':
      return steer.retry(id, by, { as: 'is' });
    case 'resolve':
      return steer.resolve(id, HELD ?? 0, { as: by === FIRST ? 'not-sent' : 'given-up' }, by);
    case 'receipt': {
      const { take } = makeTakeReceipt({ batches: stores.batches, queues });
      return take('default', { msgId, receipt: receipt(), createdAt, trusted: true });
    }
    case 'recall': {
      const { accounts } = world;
      const recall = makeRecallCampaign({ stores, accounts: () => accounts, wechatFor, now });
      return recall(id, {}, by, 'en');
    }
    case 'sweep':
      return parts.sweep({}, aJob());
    case 'submit':
    case 'call':
      return parts.submitBatch({ campaignId: id, no: PENDING ?? 0, generation: 0, run: 0 }, aJob());
  }
}

interface Held {
  readonly arrived: Promise<unknown>;
  readonly release: () => void;
  readonly through: Redis;
}

function hold(act: Act, { id }: Scene): Held {
  const path = HELD_AT[act];
  if (path !== undefined) {
    const { arrived, release } = world.faults.hold({ path });
    return { arrived, release, through: redis };
  }
  let arrive = (): void => undefined;
  let release = (): void => undefined;
  const arrived = new Promise<void>((resolve) => {
    arrive = resolve;
  });
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  let isDone = false;
  /** The first commit about the account; about the campaign, that depends on what was read before. */
  const isIt = (args: readonly unknown[]): boolean => {
    if (isDone) return false;
    if (isOfAccount(act)) return args.includes(LANE);
    const checks = Number(args[2 + Number(args[1])]);
    return checks > 0 && args.some((one) => String(one).includes(id));
  };
  const through = new Proxy(redis, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      if (name !== 'evalsha') return value.bind(target);
      return async (...args: unknown[]) => {
        if (isIt(args)) {
          isDone = true;
          arrive();
          await released;
        }
        return value.apply(target, args);
      };
    },
  });
  return { arrived, release, through };
}

const isOfAccount = (act: Act): boolean => ACCOUNT_ACTS.some((one) => one === act);
const LANE = keys.lane(world.stores.identityOf('default'));

/** What the acts left, without what differs from run to run. */
async function leftBy({ id }: Scene) {
  const { stores } = world;
  const record = await stores.campaigns.read(id);
  const batches = await stores.batches.all(id);
  const lane = await stores.lanes.read('default');
  const attention = await stores.attention.entries();
  const sends = world.ledger.sends((send) => send.clientMsgId?.startsWith(`${id}-`) ?? false);
  return {
    pauses: Object.entries(record?.control.pauses ?? {}).map(([why, { by }]) => `${why} ${by}`),
    phase: record?.control.phase,
    cancelled: record?.control.cancelled?.reason,
    cancelledBy: record?.control.cancelled?.by,
    approved: record?.control.approved?.by,
    rescheduled: record?.control.rescheduled?.by,
    movedTo: Object.values(MOVED_TO).find((time) => time === record?.campaign.sendAt),
    stops: Object.entries(lane).map(([why, stop]) => [why, Object(stop).by]),
    needs: attention.filter(({ kind }) => kind === 'account-stopped').length,
    batches: batches.map(({ state, generation, twice, resolved }) => {
      return { state, generation, twice, resolved: resolved?.as };
    }),
    sends: sends.map(({ clientMsgId }) => clientMsgId?.slice(id.length)).sort(),
  };
}

const callsOf = ({ id }: Scene): number =>
  world.ledger.requests().filter(({ clientMsgId }) => clientMsgId?.startsWith(`${id}-`)).length;

async function inTurn(scene: Scene, ...acts: readonly (readonly [Act, string])[]) {
  for (const [act, by] of acts) await perform(act, by, scene);
  return leftBy(scene);
}

const everyPair = (acts: readonly Act[]) =>
  acts.flatMap((first) => acts.map((second) => [first, second] as const));
const PAIRS = [...everyPair(ACTS), ...everyPair([...ACCOUNT_ACTS, 'submit', 'call'])].filter(
  ([first, second], at, all) => all.findIndex(([a, b]) => a === first && b === second) === at,
);
let hit = 0;
const begun: string[] = [];

/** Else each sweep would look at the campaigns of all pairs before. */
afterEach(async () => {
  const ids = begun.splice(0);
  if (ids.length === 0) return;
  await redis.zrem(keys.open(), ...ids);
  await redis.zrem(keys.campaigns(), ...ids);
  await redis.unlink(...ids.flatMap((id) => [keys.campaign(id), keys.batches(id), keys.tally(id)]));
});

describe('while it is held in the middle,', () => {
  it.each(PAIRS)(
    '%s is met by %s, and one of both orders is what is left',
    async (first, second) => {
      const scene = await begin(first, second);
      const { arrived, release, through } = hold(first, scene);
      const held = perform(first, FIRST, scene, through);
      const reached = await Promise.race([arrived.then(() => 'held'), held.then(() => 'over')]);
      hit += reached === 'held' ? 1 : 0;

      await perform(second, SECOND, scene);
      const before = callsOf(scene);
      release();
      await held;

      expect(reached).toBe('held');
      const left = await leftBy(scene);
      const orders = [
        await inTurn(await begin(first, second), [first, FIRST], [second, SECOND]),
        await inTurn(await begin(first, second), [second, SECOND], [first, FIRST]),
      ];
      expect(orders).toContainEqual(left);
      // A call that WeChat has already is what a stop names as in flight.
      if (STOPS.includes(second) && first !== 'call') expect(callsOf(scene)).toBe(before);
      expect(new Set(left.sends).size).toBe(left.sends.length);
      const { tally } = (await world.stores.campaigns.read(scene.id)) ?? {};
      const counted = BATCH_STATES.map((state) => [
        state,
        left.batches.filter((batch) => batch.state === state).length,
      ]);
      expect(tally).toMatchObject(Object.fromEntries(counted));
    },
  );

  it('meets every act by every act', () => {
    expect(hit).toBe(PAIRS.length);
  });
});
