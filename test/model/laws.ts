/** What must hold in every state that the campaign and its surroundings can reach. */
import { EXIT, exitOf } from '../../src/cli/command.ts';
import { type Batch, isFinal } from '../../src/shared/campaign/batch.ts';
import { ended, type Rules } from './rules.ts';
import { BATCH_SIZE, followersOf, keyOf, type Scene, type State } from './state.ts';

export function makeLaws(rules: Rules, scene: Scene) {
  const everybody = Array.from({ length: scene.batches * BATCH_SIZE }, (_, at) => at);

  return function broken(state: State): string[] {
    const found = state.breach === null ? [] : [state.breach];
    found.push(...aboutFollowers(state));
    for (const batch of state.store.batches) found.push(...aboutBatch(state, batch));
    const { batches } = state.store;
    if (batches.length > 0 && batches.every(isFinal)) found.push(...aboutTheEnd(state));
    return found;
  };

  function* aboutFollowers(state: State): Iterable<string> {
    const { accepted, told, risked, store } = state;
    const keys = accepted.map(keyOf);
    const again = keys.find((key, at) => keys.indexOf(key) < at && !state.risked.includes(key));
    if (again) yield `WeChat accepted the key ${again} twice`;
    const unasked = accepted.filter(
      (one) => !told.includes(keyOf(one)) && !risked.includes(keyOf(one)),
    );
    const twice = everybody.find(
      (one) => unasked.filter(({ followers }) => followers.includes(one)).length > 1,
    );
    if (twice !== undefined) {
      yield `follower ${twice} gets it twice, and no operator said "not sent"`;
    }
    if (store.control.phase === 'accepted') return;
    const left = new Set(store.batches.flatMap(({ without = [] }) => without.map(Number)));
    const parts = store.batches.flatMap(followersOf);
    const lost = everybody.find((one) => !left.has(one) && !parts.includes(one));
    if (lost !== undefined) yield `follower ${lost} is in no batch`;
    const both = parts.find((one, at) => parts.indexOf(one) < at);
    if (both !== undefined) yield `follower ${both} is in two batches`;
  }

  function* aboutBatch(state: State, batch: Batch): Iterable<string> {
    const { no } = batch;
    const its = state.accepted.filter((one) => one.no === no);
    const untold = its.filter((one) => !state.told.includes(keyOf(one)) && !isUndone(state, one));
    if (NOTHING_WENT.includes(batch.state) && untold.length > 0) {
      yield `batch ${no} is ${batch.state}, and WeChat accepted it`;
    }
    if (batch.state === 'submitted' || batch.state === 'settled') {
      const message = state.accepted[Number(batch.msgId.slice(1))];
      if (message?.no !== no) yield `batch ${no} names a message that WeChat accepted for another`;
    }
    const isHeld = batch.state === 'held' && batch.reason === 'outcome-unknown';
    if (isHeld && !state.open.includes(keyOf(batch))) {
      yield `batch ${no} is held as unknown, and every call for it was answered`;
    }
    const heard = its.filter((one) => state.heard.includes(state.accepted.indexOf(one)));
    if (heard.length > 1 && !batch.twice && !state.forgot) {
      yield `WeChat named two messages of batch ${no}, and nothing says that it may be received twice`;
    }
    if (batch.twice && its.length < 2 && !isPerhapsTwice(state, no)) {
      yield `batch ${no} is said to be received twice, and one key was called`;
    }
  }

  /** What is said at the end: the outcome, the warnings, the exit code. */
  function* aboutTheEnd(state: State): Iterable<string> {
    const { store, accepted, told } = state;
    const tally = rules.tallyOfAll(store);
    const outcome = rules.outcomeOf(tally);
    const got = everybody.filter((one) =>
      accepted.some(({ followers }) => followers.includes(one)),
    );
    const wanted = store.batches.flatMap(followersOf);
    const isWhole = wanted.every((one) => got.includes(one));
    if (outcome === 'delivered' && !isWhole) yield 'the outcome is delivered, and not all got it';
    if (
      outcome === 'none' &&
      accepted.some((one) => !told.includes(keyOf(one)) && !isUndone(state, one))
    ) {
      yield 'the outcome is none, and WeChat accepted a batch';
    }
    const exit = exitOf({ state: rules.stateOf(ended(store), tally), outcome });
    if (exit === EXIT.done && !isWhole) yield 'the exit code is 0, and not all got it';
    const warnings = rules.warningsOf(tally, { correctedAt: undefined, followers: undefined });
    for (const [code, is] of SAYS) {
      const count = store.batches.filter(is).length;
      const said = warnings.find((warning) => warning.code === code);
      const batches = said && 'batches' in said ? said.batches : 0;
      if (batches !== count) yield `${count} batches are ${code}, and the warning says ${batches}`;
    }
  }
}

const NOTHING_WENT: readonly Batch['state'][] = ['pending', 'refused', 'cancelled'];

const SAYS: readonly (readonly [code: string, is: (batch: Batch) => boolean])[] = [
  ['abandoned', ({ state }) => state === 'abandoned'],
  ['refused', ({ state }) => state === 'refused'],
  ['maybe-twice', ({ twice }) => twice === true],
];

/** A backup does not know what WeChat accepted since. */
const isUndone = ({ restoredAt }: State, { at }: State['accepted'][number]): boolean =>
  restoredAt !== null && at <= restoredAt;

/** Another key of it was called, and perhaps accepted. */
const isPerhapsTwice = ({ open, accepted }: State, no: number): boolean =>
  new Set([...open, ...accepted.map(keyOf)].filter((key) => key.startsWith(`${no}-`))).size > 1;
