/**
 * Operators who pause, resume, cancel, approve, reject, retry and resolve in the middle of it all,
 * on what they last saw; sometimes two at once, with the same decision or the opposite one. What they
 * ask for is decided by the seed and by what they are shown.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type CampaignPlan, campaignPlan } from './campaign-plan.ts';
import type { ChaosWorld } from './chaos-world.ts';
import {
  type BatchView,
  type Counter,
  type Decision,
  OPERATORS,
  type Operator,
  resolution,
  type View,
} from './counter.ts';
import { type Dice, dice } from './seeded.ts';

const SHOWN = 25;
const ENDED = ['completed', 'cancelled', 'failed'];

type Wish =
  | 'pause'
  | 'resume'
  | 'cancel'
  | 'approve'
  | 'reject'
  | 'retry'
  | 'split'
  | 'without'
  | 'resolve'
  | 'resolve-all';

/** Of two at once, when they do not agree. */
const OPPOSITES: Readonly<Partial<Record<Wish, readonly Wish[]>>> = {
  pause: ['resume', 'cancel'],
  resume: ['pause', 'cancel'],
  cancel: ['resume', 'pause'],
  approve: ['reject', 'pause'],
  reject: ['approve'],
  retry: ['split', 'cancel'],
  split: ['without', 'retry'],
  without: ['split'],
  resolve: ['resolve', 'cancel'],
  'resolve-all': ['resolve'],
};

interface Dependencies {
  readonly seed: number;
  readonly sandbox: ChaosWorld['sandbox'];
  readonly counter: Counter;
}

export function makePeople({ seed, sandbox, counter }: Dependencies) {
  let pairs = 0;

  async function work(by: Operator, over: AbortSignal): Promise<void> {
    const chance = dice(seed, `operator ${by}`);
    while (!over.aborted) {
      await sleep(chance.between(50, 500));
      await turn(by, chance);
    }
  }

  async function turn(by: Operator, chance: Dice): Promise<void> {
    const views = await counter.list(by, SHOWN);
    if (!views) return;
    const view = choose(views, chance);
    if (!view) return;
    const plan = planOf(view);
    const wish = wishFor(view, plan, chance);
    const decision = await decide(by, { view, plan, wish, chance });
    if (!decision) return;
    const other = chance.chance(0.35)
      ? await decide(by, { view, plan, wish: besides(wish, chance), chance })
      : null;
    // What was seen may be another one by now.
    if (chance.chance(0.4)) await sleep(chance.between(0, 2_000));
    const colleague = chance.pick(OPERATORS);
    if (other) pairs += 1;
    await Promise.all([counter.act(by, decision), other && counter.act(colleague, other)]);
  }

  async function decide(
    by: Operator,
    { view, plan, wish, chance }: { view: View; plan: CampaignPlan; wish: Wish; chance: Dice },
  ): Promise<Decision | null> {
    const seen = chance.chance(0.8) ? { seen: view.version } : {};
    const about = { campaign: view.id, keys: [], ...seen };
    switch (wish) {
      case 'retry':
        return { ...about, step: 'retry', path: 'retry' };
      case 'split':
        return { ...about, step: 'retry', path: 'retry', body: { split: true } };
      case 'without': {
        const openIds = openIdsOf(plan);
        // A group, a tag or everyone: only WeChat knows who that is.
        if (openIds.length === 0) return null;
        const without = Array.from({ length: chance.between(1, 3) }, () => chance.pick(openIds));
        const body = { without };
        return { ...about, step: 'retry', path: 'retry', body, without: without.length };
      }
      case 'resolve':
      case 'resolve-all':
        return resolve(by, view, { all: wish === 'resolve-all', chance });
      case 'reject':
        return { ...about, step: wish, path: wish, body: { note: 'not like this' } };
      default:
        return { ...about, step: wish, path: wish };
    }
  }

  /** By what WeChat has; now and then wrong, or without an opinion. */
  async function resolve(
    by: Operator,
    view: View,
    { all, chance }: { all: boolean; chance: Dice },
  ): Promise<Decision | null> {
    const unknown = ((await counter.batches(by, view.id)) ?? []).filter(({ state }) => {
      return state === 'held' || state === 'abandoned';
    });
    if (unknown.length === 0) return null;
    const as = chance.weighted({ 'not-sent': 3, 'given-up': 2 });
    if (all) {
      return {
        campaign: view.id,
        step: `resolve: ${as}`,
        keys: unknown.map(({ clientMsgId }) => clientMsgId),
        seen: view.version,
        path: 'batches/all-held/resolve',
        body: { as },
      };
    }
    const batch = chance.pick(unknown);
    const send = (await sandbox.sends()).find(
      ({ clientMsgId }) => clientMsgId === batch.clientMsgId,
    );
    const decision = resolution(view.id, batch, saying(batch, { as, msgId: send?.msgId, chance }));
    // A message id belongs to the batch as it was seen.
    if (decision.step === 'resolve: sent' || chance.chance(0.85)) return decision;
    const { seen: _, ...blind } = decision;
    return blind;
  }

  return {
    work: (over: AbortSignal) => Promise.all(OPERATORS.map((by) => work(by, over))),
    pairs: () => pairs,
  };
}

function saying(
  { state }: BatchView,
  { as, msgId, chance }: { as: 'not-sent' | 'given-up'; msgId: string | undefined; chance: Dice },
) {
  if (msgId !== undefined && chance.chance(0.75)) return { as: 'sent', msgId } as const;
  if (as === 'not-sent' && state === 'abandoned' && chance.chance(0.8)) {
    return { as, mayBeReceivedTwice: true } as const;
  }
  return { as } as const;
}

/** Those that ask for a decision before those that go on, and these before those that have ended. */
function choose(views: readonly View[], chance: Dice): View | null {
  const asking = views.filter((view) => needsSomeone(view));
  const open = views.filter(({ state }) => !ENDED.includes(state));
  const some = [asking, open, views].filter((list) => list.length > 0);
  if (some.length === 0) return null;
  const from = chance.chance(0.6) ? some[0] : chance.pick(some);
  return from ? chance.pick(from) : null;
}

const countOf = ({ batches }: View, state: string): number => batches[state] ?? 0;

const needsSomeone = (view: View): boolean =>
  (view.pausedFor?.length ?? 0) > 0 ||
  ['held', 'abandoned', 'refused'].some((state) => countOf(view, state) > 0);

function wishFor(view: View, plan: CampaignPlan, chance: Dice): Wish {
  const isOpen = !ENDED.includes(view.state);
  const isPaused = view.pausedFor !== undefined;
  const isRefused = countOf(view, 'refused') > 0;
  const isUnknown = countOf(view, 'held') + countOf(view, 'abandoned') > 0;
  const isList = openIdsOf(plan).length > 0;
  return chance.weighted<Wish>({
    pause: isOpen && !isPaused ? 12 : 0.5,
    resume: isPaused ? 14 : 0.5,
    cancel: isOpen ? 1.5 : 0.5,
    approve: view.pausedFor?.includes('approval') ? 12 : 0.2,
    reject: view.pausedFor?.includes('approval') ? 2 : 0.2,
    retry: isRefused ? 6 : 0.5,
    split: isRefused && isList ? 6 : 0.2,
    without: isRefused && isList ? 6 : 0,
    resolve: isUnknown ? 10 : 0,
    'resolve-all': isUnknown ? 2 : 0,
  });
}

const besides = (wish: Wish, chance: Dice): Wish =>
  chance.chance(0.5) ? wish : chance.pick(OPPOSITES[wish] ?? [wish]);

/** From its name, `chaos-<seed>-<n>`. */
function planOf({ name }: View): CampaignPlan {
  const [, seed, n] = name.split('-').map(Number);
  return campaignPlan(seed ?? 0, n ?? 0);
}

function openIdsOf({ audience }: CampaignPlan): readonly string[] {
  const { openids, openIds } = audience as { openids?: string[]; openIds?: string[] };
  return openids ?? openIds ?? [];
}
