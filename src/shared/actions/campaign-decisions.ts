/** What each decision of an operator makes of a campaign's control, or why it is refused. Pure. */
import { isSamePerson } from '../campaign/approval.ts';
import {
  approvalVoid,
  type Campaign,
  type Control,
  type Decision,
  isEnded,
  PAUSE_REASONS,
  pausedBy,
  withoutPauses,
} from '../campaign/campaign.ts';
import { type ProblemOf, type Refused, refuse } from '../contract/problem.ts';

export type Decided = Control | Refused;

export const paused = (control: Control, word: Decision): Decided =>
  isOver(control) ? over('pause') : pausedBy(control, 'operator', word);

export function resumed(control: Control): Decided {
  if (isEnded(control)) return over('resume');
  const { approval, ...others } = control.pauses ?? {};
  if (Object.keys(others).length > 0) return withoutPauses(control, RESUMABLE);
  return approval ? APPROVAL_NEEDED : control;
}

/** By another key than the one that enqueued it: two people, or two systems, must agree. */
export function approved(
  control: Control,
  { createdBy }: Pick<Campaign, 'createdBy'>,
  word: NonNullable<Control['approved']>,
): Decided {
  if (isOver(control)) return over('approve');
  if (control.approved) return control;
  if (!control.pauses?.approval) return NO_APPROVAL_NEEDED;
  if (isSamePerson(word.by, createdBy)) return refuse({ code: 'approval-by-another', createdBy });
  return { ...withoutPauses(control, ['approval']), approved: word };
}

/** The other answer to a campaign that waits for approval: it is cancelled, with the reason. */
export function rejected(control: Control, word: Decision & { readonly note?: string }): Decided {
  if (control.cancelled?.reason === 'rejected') return control;
  if (isOver(control)) return over('reject');
  if (!control.pauses?.approval) return NO_APPROVAL_NEEDED;
  const cancelled = { ...word, reason: 'rejected' as const };
  return { ...withoutPauses(control, PAUSE_REASONS), cancelled };
}

export function cancelled(control: Control, word: Decision): Decided {
  if (control.cancelled) return control;
  if (isEnded(control)) return over('cancel');
  const stop = { ...word, reason: 'operator' as const };
  return { ...withoutPauses(control, PAUSE_REASONS), cancelled: stop };
}

/** What failed or was refused stays so, and leaves the list of what needs an operator. */
export const acknowledged = (control: Control, word: Decision): Control => ({
  ...control,
  acknowledged: word,
});

/** Of one that has not begun. An approval was given for the times as they were: it is void. */
export function rescheduled(control: Control, word: Decision): Decided {
  if (isOver(control)) return over('reschedule');
  if (control.phase !== 'accepted') return refuse({ code: 'already-begun' });
  const moved = { ...control, rescheduled: word };
  return control.approved ? approvalVoid(moved, word.at) : moved;
}

/**
 * A decision on another version is not done. What is so already was decided by a repeat of it, or by
 * somebody who agrees.
 */
export function asSeen(
  decided: Decided,
  { control, version, seen }: { control: Control; version: number; seen: number | undefined },
): Decided {
  if (decided === control || 'refused' in decided) return decided;
  return seen === undefined || seen === version ? decided : refuse({ code: 'moved' });
}

const isOver = (control: Control): boolean => isEnded(control) || control.cancelled !== undefined;

export const over = (step: ProblemOf<'campaign-over'>['step']): Refused =>
  refuse({ code: 'campaign-over', step });

const RESUMABLE = PAUSE_REASONS.filter((reason) => reason !== 'approval');

const APPROVAL_NEEDED = refuse({ code: 'approval-needed' });
const NO_APPROVAL_NEEDED = refuse({ code: 'no-approval-needed' });
