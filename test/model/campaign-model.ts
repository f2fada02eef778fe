/**
 * One campaign and all that surrounds it, as a model to search. The rules are the product's own;
 * what is modelled is how stores, workers, operators and WeChat use them.
 */
import { isFinal, isUnknown } from '../../src/shared/campaign/batch.ts';
import { isPaused } from '../../src/shared/campaign/campaign.ts';
import { pauseOf } from '../../src/shared/campaign/lane.ts';
import { makeLaws } from './laws.ts';
import { makeOperators } from './operators.ts';
import { makePlanners } from './planners.ts';
import { RULES, type Rules } from './rules.ts';
import type { Model } from './search.ts';
import { nameOf, type Scene, type State, type Store, startOf } from './state.ts';
import { makeSurroundings } from './surroundings.ts';
import { makeWorkers } from './workers.ts';

export function campaignModel(scene: Scene, changed: Partial<Rules> = {}): Model<State> {
  const rules: Rules = { ...RULES, ...changed };
  const workers = makeWorkers(rules, scene);
  const around = makeSurroundings(rules, workers, scene);
  const operators = makeOperators(rules, workers);
  const planners = makePlanners(rules, scene);
  return {
    start: startOf(scene),
    *steps(state) {
      yield* workers.steps(state);
      yield* around.steps(state);
      yield* operators.steps(state);
      yield* planners.steps(state);
    },
    name: (state) => nameOf(state, scene.skew === 0),
    broken: makeLaws(rules, scene),
  };
}

const CALM = {
  decisions: 0,
  splits: 0,
  looks: 0,
  steers: 0,
  deaths: 0,
  forgets: 0,
  copies: 0,
  approvals: 0,
  moves: 0,
  accounts: 0,
  restores: 0,
} as const;
const MOST_STEPS = 600;

/** Over, or an operator must act first. */
function isOver({ batches, control, lane }: Store): boolean {
  if (control.phase === 'accepted') return isPaused(control) || control.cancelled !== undefined;
  const waits = isPaused(control) || pauseOf(lane) !== undefined;
  return batches.every(
    (batch) => isFinal(batch) || isUnknown(batch) || (waits && batch.state === 'pending'),
  );
}

/** In this order; what comes first is done first. */
const CALM_STEPS: readonly RegExp[] = [
  /sweeper|cancel reaches|moved$|Redis|laid out|records|is asked what became|event of message \d+ comes$/,
  /accepts it$|names its message$|makes no call|too late/,
  /looks/,
  /pass$/,
];

/**
 * Nothing disturbs it any more: time passes, workers work, WeChat answers, events come.
 *
 * @returns why it does not end, or null when every batch is final, or waits for an operator.
 */
export function whyEndless(start: State, scene: Scene): string | null {
  const model = campaignModel(scene);
  let at: State = { ...start, left: { ...CALM, ticks: 1, calls: 1 } };
  for (let count = 0; count < MOST_STEPS; count += 1) {
    if (isOver(at.store)) return null;
    const calm: State = { ...at, left: { ...CALM, ticks: 1, calls: 1 } };
    const all = [...model.steps(calm)];
    const next = CALM_STEPS.map((kind) => all.find(([sentence]) => kind.test(sentence))).find(
      (step) => step !== undefined,
    );
    if (!next) return `nothing happens any more: ${at.store.batches.map(({ state }) => state)}`;
    at = next[1];
  }
  return `no end after ${MOST_STEPS} steps: ${at.store.batches.map(({ state }) => state)}`;
}
