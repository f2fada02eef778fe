/**
 * Whoever decides about a campaign or its account as a whole, by the product's own decisions
 * (campaign-decisions.ts), and the job that lays out the batches when the time has come.
 */
import type { Decided } from '../../src/shared/actions/campaign-decisions.ts';
import { isPaused } from '../../src/shared/campaign/campaign.ts';
import { HOUR } from '../../src/shared/platform/time.ts';
import type { Rules } from './rules.ts';
import {
  batchesOf,
  keyOf,
  plus,
  type Scene,
  type State,
  type Step,
  type Store,
  spend,
  timesOf,
  write,
} from './state.ts';

const BY_SHOP = { createdBy: 'shop' } as const;

export function makePlanners(rules: Rules, scene: Scene) {
  function* steps(state: State): Iterable<Step> {
    if (state.left.steers > 0) yield* steers(spend(state, 'steers'));
    if (state.left.accounts > 0) yield* steersAccount(spend(state, 'accounts'));
    if (scene.begins === 'laid') return;
    if (state.left.moves > 0) yield* reschedules(spend(state, 'moves'));
    yield* approver(state);
    yield* root(state);
  }

  const wordAt = ({ now }: State, by: string) => ({ at: now, by });

  /** Null where it is refused, or so already. */
  function decided(state: State, control: Decided, changed: Partial<Store> = {}): State | null {
    if ('refused' in control || control === state.store.control) return null;
    return write(state, { control, ...changed });
  }

  function* steers(state: State): Iterable<Step> {
    const { control } = state.store;
    const word = wordAt(state, 'anna');
    const resumed = decided(state, rules.resumed(control));
    if (resumed) yield ['an operator resumes', { ...resumed, stopped: false }];
    const paused = decided(state, rules.paused(control, word));
    if (paused) yield ['an operator pauses', { ...paused, stopped: true }];
    const cancelled = decided(state, rules.cancelled(control, word));
    if (cancelled) yield ['an operator cancels', { ...cancelled, stopped: true }];
  }

  /** After a restore the resume is an operator's word that what is open may go out again. */
  function* steersAccount(state: State): Iterable<Step> {
    const { lane } = state.store;
    if (!lane.paused) {
      const paused = { ...wordAt(state, 'anna'), code: 'by-operator' } as const;
      const stopped = { ...write(state, { lane: { ...lane, paused } }), accountStopped: true };
      yield ['an operator pauses the account', stopped];
    }
    if (!lane.paused && !lane.restored) return;
    const known = lane.restored ? state.accepted.map(keyOf) : [];
    const risked = known.reduce<readonly string[]>(plus, state.risked);
    const open = { ...write(state, { lane: {} }), accountStopped: false, risked };
    yield ['an operator resumes the account', open];
  }

  /** To other times, an hour later or at once. */
  function* reschedules(state: State): Iterable<Step> {
    const { store, now } = state;
    const word = { at: store.version, by: 'anna' };
    const lasts = store.notAfter - store.sendAt;
    const choices = [
      ['an hour later', store.sendAt + HOUR],
      ['at once', now],
    ] as const;
    for (const [when, sendAt] of choices) {
      if (sendAt < now) continue;
      const times = { sendAt, notAfter: sendAt + lasts };
      const next = decided(state, rules.rescheduled(store.control, word), times);
      if (next) yield [`an operator reschedules it: ${when}`, { ...next, promised: times }];
    }
  }

  /** Looks, and decides when the campaign may be another one already; or decides without a look. */
  function* approver(state: State): Iterable<Step> {
    const { approver: seen, left } = state;
    if (seen !== null) {
      const over = { ...state, approver: null };
      yield* approves(over, seen, seen.version);
      yield* rejects(over, seen.version);
      return;
    }
    if (left.approvals === 0) return;
    const spent = spend(state, 'approvals');
    yield ['an approver looks', { ...spent, approver: state.store }];
    yield* approves(spent, state.store, undefined);
    yield* rejects(spent, undefined);
  }

  function* approves(state: State, meant: Store, seen: number | undefined): Iterable<Step> {
    const { control, version } = state.store;
    const made = rules.approved(control, BY_SHOP, wordAt(state, 'ben'));
    const next = decided(state, rules.asSeen(made, { control, version, seen }));
    if (next) {
      yield [
        seen === undefined ? 'an approver approves it' : 'the approver approves what he saw',
        { ...next, approved: timesOf(meant) },
      ];
    } else if (seen !== undefined) {
      yield ['the approver is told that it moved', state];
    }
  }

  function* rejects(state: State, seen: number | undefined): Iterable<Step> {
    const { control, version } = state.store;
    const made = rules.rejected(control, wordAt(state, 'ben'));
    const next = decided(state, rules.asSeen(made, { control, version, seen }));
    if (next) yield ['the approver rejects it', { ...next, stopped: true }];
  }

  /** As run-campaign.ts and layBatches do it; its first try goes by what it looked at. */
  function* root(state: State): Iterable<Step> {
    const { store, now, root: seen } = state;
    const { control, sendAt, notAfter } = store;
    if (seen !== null) {
      const from = rules.isSameControl(store, seen) ? seen : store;
      const isNow = rules.mayBeLaid(from.control, from.sendAt, now);
      const over = { ...state, root: null };
      if (!isNow) {
        yield ['its batches are not laid out: it moved', over];
        return;
      }
      const laid = { ...from.control, phase: 'submitting' } as const;
      const next = write(over, { control: laid, batches: batchesOf(scene) });
      yield ['its batches are laid out', next];
      return;
    }
    if (control.phase !== 'accepted' || control.cancelled) return;
    if (now >= notAfter) {
      const cancelled = { at: now, by: 'qunfa', reason: 'not-after' } as const;
      yield ['the sweeper ends it: too late', write(state, { control: { ...control, cancelled } })];
    } else if (!isPaused(control) && now >= sendAt) {
      yield ['the job of the campaign looks', { ...state, root: store }];
    }
  }

  return { steps };
}
