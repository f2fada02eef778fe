/** The product's rules, as the model uses them. A test replaces one to see that the search finds it. */
import {
  approved,
  asSeen,
  cancelled,
  paused,
  rejected,
  rescheduled,
  resumed,
} from '../../src/shared/actions/campaign-decisions.ts';
import { advance, latenessOf, onStop } from '../../src/shared/campaign/advance-batch.ts';
import { awaits } from '../../src/shared/campaign/batch.ts';
import { type Control, mayBeLaid, mayStart, stateOf } from '../../src/shared/campaign/campaign.ts';
import { halvesOf } from '../../src/shared/campaign/divide.ts';
import { stopOf } from '../../src/shared/campaign/lane.ts';
import { outcomeOf } from '../../src/shared/campaign/outcome.ts';
import { EMPTY_TALLY, type Tally, tallyChange } from '../../src/shared/campaign/progress.ts';
import { callableUntil, repeatDeadline } from '../../src/shared/campaign/repeat-steps.ts';
import { warningsOf } from '../../src/shared/campaign/warnings.ts';
import { HEARTBEAT_TOO_OLD } from '../../src/shared/record/lane-store.ts';
import { lastLook } from '../../src/workers/lane/last-look.ts';
import { comesBefore, mayAdopt } from '../../src/workers/lane/may-adopt.ts';
import { readSubmission } from '../../src/workers/lane/read-submission.ts';
import { isSame, isSameControl, type Store } from './state.ts';

/** What the commit of an intent checks (batch-store.ts, startAttempt). */
const isStill = (now: Store, seen: Store, no: number): boolean =>
  isSameControl(now, seen) && isSame(now, seen, no);

/** What it checks besides: nobody stopped the account, and Redis is the one that the workers left. */
const isOpen = ({ lane }: Store): boolean => stopOf(lane, 'send') === undefined;
const isTooOld = (beatAt: number, now: number): boolean => beatAt < now - HEARTBEAT_TOO_OLD;

/** Whether a decision is still about what was seen (resolve-held.ts). */
const isMeant = (now: Store, seen: Store, no: number): boolean =>
  now.batches[no - 1]?.version === seen.batches[no - 1]?.version;

/** The last look before a call's first byte: `since` and `until` by the worker's clock. */
const mayCall = (intent: { readonly since: number; readonly until: number }, now: number) =>
  lastLook({ at: intent.since, until: intent.until, now: () => now })() === null;

export const tallyOfAll = ({ batches }: Store): Tally => {
  const tally: Record<string, number> = { ...EMPTY_TALLY };
  for (const batch of batches) {
    for (const [field, by] of tallyChange(null, batch)) tally[field] = (tally[field] ?? 0) + by;
  }
  return tally as unknown as Tally;
};

export const ended = ({ control }: Store): Control => ({ ...control, phase: 'ended' });

export const RULES = {
  advance,
  approved,
  asSeen,
  awaits,
  callableUntil,
  cancelled,
  comesBefore,
  repeatDeadline,
  halvesOf,
  isMeant,
  isOpen,
  isSameControl,
  isStill,
  isTooOld,
  latenessOf,
  mayBeLaid,
  mayCall,
  mayAdopt,
  mayStart,
  onStop,
  outcomeOf,
  paused,
  readSubmission,
  rejected,
  rescheduled,
  resumed,
  stateOf,
  tallyOfAll,
  warningsOf,
};

export type Rules = typeof RULES;
