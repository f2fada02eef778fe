/**
 * Every order in which things can happen to one campaign, to a stated depth. `MODEL=deep` searches
 * farther, for minutes.
 */
import { describe, expect, it } from 'vitest';
import type { Batch } from '../../src/shared/campaign/batch.ts';
import { PAUSE_REASONS, withoutPauses } from '../../src/shared/campaign/campaign.ts';
import { MINUTE } from '../../src/shared/platform/time.ts';
import { campaignModel, whyEndless } from './campaign-model.ts';
import { RULES, type Rules } from './rules.ts';
import { type Explored, explore } from './search.ts';
import type { Budget, Scene, State } from './state.ts';

const CALM: Budget = {
  ticks: 3,
  calls: 2,
  deaths: 0,
  decisions: 0,
  splits: 0,
  looks: 0,
  steers: 0,
  forgets: 0,
  copies: 0,
  approvals: 0,
  moves: 0,
  accounts: 0,
  restores: 0,
};
const MOST = 6_000_000;

const scene = (
  budget: Partial<Budget>,
  { batches = 1, skew = 0, begins = 'laid' }: Partial<Scene> = {},
): Scene => ({ budget: { ...CALM, ...budget }, batches, skew, begins });

type Row = readonly [what: string, scene: Scene];

const SCENES: readonly Row[] = [
  ['a worker dies, an operator decides', scene({ deaths: 1, decisions: 1 })],
  ['an operator pauses, resumes and cancels', scene({ steers: 2, decisions: 1 })],
  ['two operators decide, one of them late', scene({ decisions: 2, looks: 1, ticks: 2 })],
  [
    'a refused batch is halved, or goes without one',
    scene({ decisions: 1, splits: 1, calls: 3, ticks: 1 }),
  ],
  ['every event comes thrice, or never', scene({ copies: 2, decisions: 1 })],
  ['Redis forgets its newest writes', scene({ forgets: 1, steers: 1 })],
  ['the second worker is five minutes ahead', scene({ deaths: 1 }, { skew: 5 * MINUTE })],
  ['the second worker is five minutes behind', scene({ deaths: 1 }, { skew: -5 * MINUTE })],
  ['three calls over two days', scene({ ticks: 6, calls: 3 })],
  ['two batches at once', scene({ ticks: 2 }, { batches: 2 })],
  [
    'it is rescheduled while its time comes',
    scene({ moves: 2, steers: 1, calls: 1 }, { begins: 'planned' }),
  ],
  [
    'an approver approves what he saw, and it is rescheduled',
    scene({ approvals: 2, moves: 1, calls: 1, steers: 1, ticks: 2 }, { begins: 'unapproved' }),
  ],
  ['an operator pauses and resumes the account', scene({ accounts: 3, deaths: 1 })],
  ['Redis is restored from a backup', scene({ restores: 1, accounts: 1, ticks: 1 })],
];

const DEEP: readonly Row[] = [
  ['two workers die, an operator decides twice', scene({ deaths: 2, decisions: 2, ticks: 4 })],
  ['three calls over two days, a worker dies', scene({ ticks: 6, calls: 3, deaths: 1 })],
  ['two batches, four calls', scene({ calls: 4 }, { batches: 2 })],
  ['two batches, an operator stops them', scene({ calls: 3, steers: 1 }, { batches: 2 })],
  ['halves, a worker dies', scene({ decisions: 1, splits: 1, calls: 3, deaths: 1 })],
  ['Redis is restored, two steps of time', scene({ restores: 1, ticks: 2 })],
  [
    'approvals, and two other times',
    scene({ approvals: 2, moves: 2, calls: 1, steers: 1 }, { begins: 'unapproved' }),
  ],
  ['Redis forgets twice', scene({ forgets: 2, decisions: 1, steers: 1 })],
];

describe('a campaign, whatever happens in whatever order', () => {
  it.each(process.env.MODEL === 'deep' ? [...SCENES, ...DEEP] : SCENES)(
    'keeps every law, and ends: %s',
    (_, its) => {
      const explored = explore(campaignModel(its), MOST);

      expect(told(explored)).toBe('');
      expect(explored.complete).toBe(true);
      expect(explored.states).toBeGreaterThan(5_000);
      for (const state of explored.sample) expect(whyEndless(state, its)).toBeNull();
    },
  );
});

/** A sentence a line. */
const told = ({ violation }: Explored<State>): string =>
  violation ? [...violation.path, `BROKEN: ${violation.law}`].join('\n') : '';

describe('the search', () => {
  const { advance, tallyOfAll } = RULES;

  /** The batch before or after one kind of event, changed. */
  const changing = (
    type: string,
    when: 'before' | 'after',
    change: (batch: Batch) => Batch,
  ): Partial<Rules> => ({
    advance(batch, event) {
      if (event.type !== type) return advance(batch, event);
      return when === 'before' ? advance(change(batch), event) : change(advance(batch, event));
    },
  });
  const asAnswered = (batch: Batch): Batch =>
    batch.state === 'submitting' ? { ...batch, unanswered: false } : batch;
  const some: Scene = scene({ deaths: 1, decisions: 1, steers: 1 });
  const long: Scene = scene({ ticks: 6 });
  const siblings: Scene = scene({ ticks: 1 }, { batches: 2 });

  const unapproved: Scene = scene({ approvals: 1, moves: 1, steers: 1 }, { begins: 'unapproved' });
  const restored: Scene = scene({ restores: 1 });

  it.each<[broken: string, rules: Partial<Rules>, law: RegExp, its?: Scene]>([
    [
      'a key that is repeated for ever',
      { callableUntil: (_, notAfter) => notAfter },
      /WeChat accepted the key 1-0 twice/,
      long,
    ],
    [
      'a repeat that is made however late after its intent',
      { mayCall: () => true },
      /a call for batch 1 begins after notAfter/,
      long,
    ],
    ['an acceptance that comes late and is refused', { latenessOf: () => null }, /a rule refuses/],
    [
      'an intent that does not look at pause and cancel',
      { isStill: (now, seen, no) => now.batches[no - 1] === seen.batches[no - 1] },
      /after an acknowledged stop/,
    ],
    ['an intent that does not look at the batch', { isStill: () => true }, /./],
    [
      'a refusal that forgets an unanswered call',
      changing('refused', 'before', asAnswered),
      /is refused, and WeChat accepted it/,
    ],
    [
      'a put-off that forgets an unanswered call',
      changing('put-back', 'before', asAnswered),
      /is pending, and WeChat accepted it/,
    ],
    [
      'a repeat that forgets an unanswered call',
      changing('attempt-started', 'after', asAnswered),
      /and WeChat accepted it/,
    ],
    [
      'an answer to an earlier call that decides about a later one',
      { awaits: ({ state }) => state === 'submitting' },
      /./,
    ],
    [
      'a repeat that goes on after a cancel',
      { onStop: (batch, at) => (batch.state === 'pending' ? { type: 'cancelled', at } : null) },
      /which WeChat put off, is called after a cancel|no end/,
      scene({ steers: 1, calls: 3, ticks: 5 }),
    ],
    [
      'a batch that is held although WeChat said "not now"',
      {
        advance: (batch, event) =>
          event.type === 'put-back' && batch.state === 'submitting'
            ? advance(batch, { type: 'held', reason: 'outcome-unknown', at: 0 })
            : advance(batch, event),
      },
      /is held as unknown, and every call for it was answered/,
    ],
    [
      'an id that any batch adopts',
      { mayAdopt: () => true },
      /names a message that WeChat accepted for another/,
      siblings,
    ],
    [
      'a decision about another version',
      { isMeant: () => true },
      /gets it twice, and no operator|a rule refuses/,
      scene({ calls: 3, decisions: 1, looks: 1 }),
    ],
    [
      'a half that is forgotten',
      { halvesOf: (range, kept) => halves(range, kept) },
      /is in no batch/,
      scene({ decisions: 1, splits: 1 }),
    ],
    [
      'what was given up, told as refused',
      {
        tallyOfAll: (store) => {
          const tally = tallyOfAll(store);
          return { ...tally, refused: tally.refused + tally.abandoned, abandoned: 0 };
        },
      },
      /the outcome is none, and WeChat accepted|are abandoned, and the warning says 0/,
    ],
    [
      'an outcome that calls some delivery delivered',
      { outcomeOf: (tally) => (tally.settled > 0 ? 'delivered' : RULES.outcomeOf(tally)) },
      /the outcome is delivered, and not all got it/,
      siblings,
    ],
    [
      'batches that are laid out though the campaign was put off',
      { mayBeLaid: () => true },
      /begins before sendAt/,
      scene({ moves: 1 }, { begins: 'planned' }),
    ],
    [
      'batches that are laid out by the times of an earlier look',
      { isSameControl: () => true },
      /begins before sendAt/,
      scene({ moves: 1 }, { begins: 'planned' }),
    ],
    [
      'an approval that outlives other times',
      { rescheduled: (control, word) => ({ ...control, rescheduled: word }) },
      /begins, and nobody approved it for/,
      unapproved,
    ],
    [
      'an approval of another version than was seen',
      { asSeen: (decided) => decided },
      /begins, and nobody approved it for/,
      unapproved,
    ],
    [
      'a resume that stands for an approval',
      { resumed: (control) => withoutPauses(control, PAUSE_REASONS) },
      /begins, and nobody approved it for/,
      unapproved,
    ],
    [
      'a rejection that only ends the wait',
      { rejected: (control) => withoutPauses(control, ['approval']) },
      /after an acknowledged stop|nobody approved/,
      unapproved,
    ],
    [
      'an intent that does not look at the account’s pause',
      { isOpen: () => true },
      /begins while the account is stopped/,
      scene({ accounts: 1 }),
    ],
    [
      'a stop after a restore that nothing looks at',
      { isOpen: ({ lane }) => lane.paused === undefined },
      /begins while the account is stopped/,
      restored,
    ],
    [
      'a restore that nobody notices',
      { isTooOld: () => false },
      /WeChat accepted the key 1-0 twice/,
      restored,
    ],
    [
      'a key accepted twice that is not said',
      changing('accepted-late', 'after', (batch) => {
        const { twice: _, ...rest } = batch;
        return rest as Batch;
      }),
      /nothing says that it may be received twice/,
    ],
  ])('finds %s, and tells the shortest way there', (_, rules, law, its = some) => {
    const { violation } = explore(campaignModel(its, rules), MOST);

    expect(violation?.law).toMatch(law);
    expect(violation?.path.length).toBeGreaterThan(2);
  });

  const halves: Rules['halvesOf'] = (range, kept) => {
    const both = RULES.halvesOf(range, kept);
    if (!both) return null;
    const [lower, upper] = both;
    return [lower, { ...upper, range: { from: upper.range.from + 1, to: upper.range.to } }];
  };
});
