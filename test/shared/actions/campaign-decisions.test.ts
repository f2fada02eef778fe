import { describe, expect, it } from 'vitest';
import {
  acknowledged,
  approved,
  asSeen,
  cancelled,
  type Decided,
  paused,
  rejected,
  rescheduled,
  resumed,
} from '../../../src/shared/actions/campaign-decisions.ts';
import { type Control, NEW_CONTROL, PAUSE_REASONS } from '../../../src/shared/campaign/campaign.ts';

const anna = { at: 1, by: 'anna' } as const;
const ben = { at: 2, by: 'ben' } as const;
const BY_SHOP = { createdBy: 'shop' } as const;

const control = (changes: Partial<Control> = {}): Control => ({ ...NEW_CONTROL, ...changes });
const ENDED = control({ phase: 'ended', endedAt: 1 });
const CANCELLED = control({ cancelled: { ...anna, reason: 'operator' } });
const REJECTED = control({ cancelled: { ...anna, reason: 'rejected' } });
const LATE = control({ cancelled: { at: 1, by: 'qunfa', reason: 'not-after' } });
const PAUSED = control({ pauses: { operator: anna } });
const WAITS = control({ pauses: { approval: anna } });
const WAITS_PAUSED = control({ pauses: { approval: anna, operator: anna } });
const APPROVED = control({ approved: anna });

const refusal = (decided: Decided) => ('refused' in decided ? decided.refused : decided);

describe('a decision about a campaign that is over', () => {
  const STEPS: readonly (readonly [string, (of: Control) => Decided])[] = [
    ['pause', (of) => paused(of, ben)],
    ['resume', resumed],
    ['approve', (of) => approved(of, BY_SHOP, ben)],
    ['reject', (of) => rejected(of, ben)],
    ['cancel', (of) => cancelled(of, ben)],
    ['reschedule', (of) => rescheduled(of, ben)],
  ];

  it.each(STEPS)('is refused once it has ended: %s', (step, decide) => {
    expect(refusal(decide(ENDED))).toEqual({ code: 'campaign-over', step });
  });

  it.each(STEPS.filter(([step]) => step !== 'resume' && step !== 'cancel'))(
    'is refused once it is cancelled: %s',
    (step, decide) => {
      expect(refusal(decide(CANCELLED))).toEqual({ code: 'campaign-over', step });
      expect(refusal(decide(LATE))).toEqual({ code: 'campaign-over', step });
    },
  );

  it('is refused even where it was approved, or waits for an approval', () => {
    const over = { code: 'campaign-over', step: 'approve' };
    expect(refusal(approved({ ...APPROVED, phase: 'ended' }, BY_SHOP, ben))).toEqual(over);
    expect(refusal(approved({ ...WAITS, phase: 'ended' }, BY_SHOP, ben))).toEqual(over);
  });
});

describe('a pause', () => {
  it('is one reason more, and not taken in twice', () => {
    const after = paused(WAITS, ben) as Control;

    expect(after.pauses).toEqual({ approval: anna, operator: ben });
    expect(paused(after, anna)).toBe(after);
  });
});

describe('a resume', () => {
  it.each(PAUSE_REASONS.filter((reason) => reason !== 'approval'))('lifts %s', (reason) => {
    expect(resumed(control({ pauses: { [reason]: anna } }))).toEqual(NEW_CONTROL);
  });

  it('lifts what else there is, and leaves the approval to another', () => {
    expect(resumed(WAITS_PAUSED)).toEqual(WAITS);
    expect(refusal(resumed(WAITS))).toEqual({ code: 'approval-needed' });
  });

  it('changes nothing where nothing is paused, though it was cancelled', () => {
    expect(resumed(NEW_CONTROL)).toBe(NEW_CONTROL);
    expect(resumed(CANCELLED)).toBe(CANCELLED);
  });
});

describe('an approval', () => {
  it('is kept with who gave it, and leaves other pauses', () => {
    expect(approved(WAITS, BY_SHOP, ben)).toEqual(control({ approved: ben }));
    expect(approved(WAITS_PAUSED, BY_SHOP, ben)).toEqual({ ...PAUSED, approved: ben });
    const read = { ...ben, draft: 'abc' };
    expect(approved(WAITS, BY_SHOP, read)).toEqual(control({ approved: read }));
  });

  it('is not given twice: the first one stays', () => {
    expect(approved(APPROVED, BY_SHOP, ben)).toBe(APPROVED);
  });

  it.each(['shop', 'board:shop'])('is not %s, who submitted it', (by) => {
    expect(refusal(approved(WAITS, BY_SHOP, { at: 2, by }))).toEqual({
      code: 'approval-by-another',
      createdBy: 'shop',
    });
  });

  it.each([
    ['nothing', NEW_CONTROL],
    ['an operator', PAUSED],
  ])('is refused where %s is waited for', (_, of) => {
    expect(refusal(approved(of, BY_SHOP, ben))).toEqual({ code: 'no-approval-needed' });
    expect(refusal(rejected(of, ben))).toEqual({ code: 'no-approval-needed' });
  });
});

describe('a rejection', () => {
  it('cancels with the reason and its note, and ends every pause', () => {
    expect(rejected(WAITS_PAUSED, { ...ben, note: 'not like this' })).toEqual(
      control({ cancelled: { ...ben, note: 'not like this', reason: 'rejected' } }),
    );
  });

  it('is done once, ended or not', () => {
    const ended = { ...REJECTED, phase: 'ended' } as const;
    expect(rejected(REJECTED, ben)).toBe(REJECTED);
    expect(rejected(ended, ben)).toBe(ended);
  });
});

describe('a cancel', () => {
  it('ends every pause', () => {
    expect(cancelled(WAITS_PAUSED, ben)).toEqual(
      control({ cancelled: { ...ben, reason: 'operator' } }),
    );
  });

  it('is done once, ended or not, whatever the reason was', () => {
    const ended = { ...CANCELLED, phase: 'ended' } as const;
    for (const of of [CANCELLED, REJECTED, LATE, ended]) expect(cancelled(of, ben)).toBe(of);
  });
});

describe('an acknowledgement', () => {
  it('changes nothing else, in whatever state', () => {
    expect(acknowledged(ENDED, ben)).toEqual({ ...ENDED, acknowledged: ben });
  });
});

describe('another time', () => {
  it('is noted with who gave it', () => {
    expect(rescheduled(NEW_CONTROL, ben)).toEqual(control({ rescheduled: ben }));
    expect(rescheduled(PAUSED, ben)).toEqual({ ...PAUSED, rescheduled: ben });
  });

  it('voids an approval: it was given for the time as it was', () => {
    expect(rescheduled(APPROVED, ben)).toEqual(
      control({ rescheduled: ben, pauses: { approval: { at: 2, by: 'qunfa' } } }),
    );
  });

  it.each(['preparing', 'submitting'] as const)('is too late when %s', (phase) => {
    expect(refusal(rescheduled(control({ phase }), ben))).toEqual({ code: 'already-begun' });
  });
});

describe('a decision on what was seen', () => {
  const from = (seen: number | undefined) => ({ control: WAITS, version: 7, seen });
  const decided = control({ approved: ben });

  it('is done on that version, and where no version was named', () => {
    expect(asSeen(decided, from(7))).toBe(decided);
    expect(asSeen(decided, from(undefined))).toBe(decided);
  });

  it.each([6, 8, 0])('is not done on another one: %s', (seen) => {
    expect(refusal(asSeen(decided, from(seen)))).toEqual({ code: 'moved' });
  });

  it('says why it is refused, and that it is so already, on any version', () => {
    const no = resumed(ENDED);
    expect(asSeen(no, from(6))).toBe(no);
    expect(asSeen(WAITS, from(6))).toBe(WAITS);
  });
});
