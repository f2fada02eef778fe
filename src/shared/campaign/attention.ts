/** What needs an operator, and what a campaign's control says about it. Pure. */
import { type Control, isEnded, wasCutShort } from './campaign.ts';
import type { Tally } from './progress.ts';

/** Worst first. Of a campaign, but for those of ACCOUNT_KINDS. */
export const ATTENTION_KINDS = [
  /** Batches are held. */
  'outcome-unknown',
  'approval-needed',
  'account-stopped',
  /** WeChat's IP list does not have the address of one of our hosts. */
  'address-refused',
  /** An administrator has to agree in WeChat (89504, 89505). */
  'wechat-approval',
  /** By the system itself. */
  'campaign-paused',
  'batches-refused',
  /** Ended as failed, or cut short by `notAfter`. */
  'campaign-failed',
  /** Batches that WeChat accepted have no event after ten minutes. */
  'no-callback',
  'webhook-failing',
] as const;
export type AttentionKind = (typeof ATTENTION_KINDS)[number];

const ACCOUNT_KINDS = ['account-stopped', 'address-refused', 'no-callback'] as const;
export type AccountAttentionKind = (typeof ACCOUNT_KINDS)[number];
export type CampaignAttentionKind = Exclude<AttentionKind, AccountAttentionKind>;

/** Those that stay until an operator acknowledges them, if nothing else is done about them. */
export const ACKNOWLEDGED_KINDS = [
  'batches-refused',
  'campaign-failed',
  'webhook-failing',
] as const satisfies readonly CampaignAttentionKind[];

/** Which count of the tally keeps a campaign in the index. */
export const COUNTED_KINDS = { held: 'outcome-unknown', refused: 'batches-refused' } as const;

/** Those that follow from the control. */
export const CONTROL_KINDS = ['approval-needed', 'campaign-paused', 'campaign-failed'] as const;

/** Since when a campaign needs an operator, by its control; undefined where it does not. */
export function controlNeeds(
  control: Control,
  tally: Tally,
): Partial<Record<(typeof CONTROL_KINDS)[number], number>> {
  const { failed, cancelled, acknowledged, endedAt, pauses = {} } = control;
  if (isEnded(control)) {
    const isLate = cancelled?.reason === 'not-after' && wasCutShort(tally);
    const since = failed?.at ?? (isLate ? endedAt : undefined);
    const isSeen = since === undefined || (acknowledged && acknowledged.at >= since);
    return isSeen ? {} : { 'campaign-failed': since };
  }
  if (cancelled) return {};
  const paused = pauses['message-id-taken'] ?? pauses['followers-incomplete'];
  return {
    ...(pauses.approval ? { 'approval-needed': pauses.approval.at } : {}),
    ...(paused ? { 'campaign-paused': paused.at } : {}),
  };
}

/** What the system does about it by itself: nothing, or this at its time. */
export const NEXT_CODES = ['nothing', 'cancels', 'tries-again', 'asks-wechat'] as const;

/** What the operator must do. */
export const TODO_CODES = [
  'resolve',
  'approve-or-reject',
  'resume-account',
  'add-address',
  'agree-in-wechat',
  'resume-or-cancel',
  'retry-or-acknowledge',
  'acknowledge',
  'check-callback',
  'fix-webhook',
  'replay-webhook',
] as const;
