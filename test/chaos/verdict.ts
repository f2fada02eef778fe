/**
 * The judgement: the sandbox's ledger against what was accepted and what the record says of it.
 */

import { type Batch, batchKey } from '../../src/shared/campaign/batch.ts';
import type { FailureCode } from '../../src/shared/campaign/failure.ts';
import { EMPTY_TALLY, type Tally, tallyChange } from '../../src/shared/campaign/progress.ts';
import type { CampaignView } from '../../src/shared/contract/campaign-view.ts';
import { failureWords } from '../../src/shared/contract/campaign-words.ts';
import type { CampaignRecord } from '../../src/shared/record/read-campaign.ts';
import type { CampaignPlan } from './campaign-plan.ts';
import { PLANTED_REFUSALS } from './fault-plan.ts';
import type { LedgerSend, LedgerSummary } from './sandbox-admin.ts';

export interface Case {
  readonly plan: CampaignPlan;
  /** Its enqueuer was told that it is accepted. */
  readonly isAcknowledged: boolean;
  /** Campaigns of this name; one, if all is well. */
  readonly found: readonly CampaignView[];
  readonly record: CampaignRecord | null;
  readonly batches: readonly Batch[];
  readonly ledger: LedgerSummary;
  readonly sends: readonly LedgerSend[];
  /** At most so many OpenIDs were left out by an operator. */
  readonly leftOut: number;
  /** Whether an operator said that what WeChat has under this key was not sent. */
  readonly wasSaidNotSent: (key: string) => boolean;
}

export interface Verdict {
  /** Followers who should have got it, by our own word, and did not. */
  readonly lost: number;
  /** In words; none means that everything is as it should be. */
  readonly findings: readonly string[];
  readonly batches: number;
  readonly recipients: number;
  readonly held: readonly string[];
  /** WeChat's no, said and meant: what the faults asked for. */
  readonly refused: readonly string[];
}

export function judge(one: Case): Verdict {
  const { plan, found, record, batches, ledger, sends, leftOut, wasSaidNotSent } = one;
  const findings: string[] = [];
  const held: string[] = [];
  const refused: string[] = [];
  const [view] = found;
  const times = Object.entries(ledger.messagesPerFollower);
  const recipients = times.reduce((sum, [, many]) => sum + many, 0);
  const result = (lost: number): Verdict => ({
    lost,
    findings: findings.map((words) => `${plan.name} (${view?.id ?? 'no id'}) ${words}`),
    batches: batches.length,
    recipients,
    held: held.map((words) => `${plan.name} ${words}`),
    refused: refused.map((words) => `${plan.name} ${words}`),
  });

  if (!view || !record) return result(plan.recipients);
  const { control, tally } = record;
  if (control.failed) {
    const { code } = control.failed;
    const isStale = code === 'refused-by-wechat' && control.failed.errcode === 40007;
    (isStale || code === 'media-id-unknown' ? refused : findings).push(
      `failed: ${failureWords(control.failed, 'en')}`,
    );
    return result(0);
  }
  const recounted = recount(batches);
  for (const field of Object.keys(EMPTY_TALLY) as (keyof Tally)[]) {
    // It grows with what happened, not with what is.
    if (field === 'version' || recounted[field] === tally[field]) continue;
    findings.push(`counts ${tally[field]} ${field}, and its batches ${recounted[field]}`);
  }

  let lost = 0;
  let due = plan.recipients;
  for (const batch of batches) {
    const key = batchKey(view.id, batch);
    const mine = sends.filter(({ clientMsgId }) => clientMsgId === key);
    const [send] = mine;
    const size = batch.size ?? plan.recipients;
    if (mine.length > 1) findings.push(`batch ${batch.no} was taken ${mine.length} times`);
    switch (batch.state) {
      case 'settled': {
        const { receipt, msgId } = batch;
        if (send?.msgId !== msgId) {
          findings.push(`batch ${batch.no} claims message ${msgId}; WeChat has ${send?.msgId}`);
        }
        const got = send?.received ?? 0;
        if (receipt.status === 'delivered') lost += Math.max(0, size - got);
        if (receipt.sent !== null && receipt.sent !== got) {
          findings.push(`batch ${batch.no} says ${receipt.sent} got it; it was ${got}`);
        }
        if (receipt.status === 'unknown') findings.push(`batch ${batch.no} settled as unknown`);
        if ((receipt.status === 'delivered') !== isDelivered(send)) {
          findings.push(`batch ${batch.no} says ${receipt.status}; WeChat: ${send?.status}`);
        }
        break;
      }
      case 'held':
        held.push(`batch ${batch.no}: ${batch.reason}, at WeChat: ${send ? 'yes' : 'no'}`);
        break;
      case 'abandoned':
        held.push(`batch ${batch.no}: given up, at WeChat: ${send ? 'yes' : 'no'}`);
        break;
      case 'refused':
        if (send) findings.push(`batch ${batch.no} says refused, and WeChat has taken it`);
        (wasPlanted(batch.errcode, batch.failure.code) ? refused : findings).push(
          `batch ${batch.no} refused: ${batch.errcode ?? ''} ${batch.failure.code}`,
        );
        break;
      case 'cancelled':
        if (send) findings.push(`batch ${batch.no} is cancelled, and WeChat has taken it`);
        break;
      default:
        findings.push(`batch ${batch.no} is still ${batch.state}`);
    }
    due -= size;
  }
  const neverCut = control.cancelled !== undefined && batches.length === 0;
  if ((due < 0 || due > leftOut) && !neverCut) findings.push(`${due} recipients are in no batch`);
  const keys = new Set(batches.map((batch) => batchKey(view.id, batch)));
  for (const { clientMsgId = '' } of sends) {
    if (!keys.has(clientMsgId) && !wasSaidNotSent(clientMsgId))
      findings.push(`WeChat has ${clientMsgId}, which no batch is`);
  }
  if (lost > 0) findings.push(`did not reach ${lost} followers`);
  return result(lost);
}

const wasPlanted = (errcode: number | undefined, code: FailureCode): boolean =>
  [40007, ...PLANTED_REFUSALS].includes(errcode ?? 0) ||
  ['media-id-unknown', 'media-missing', 'record-lost', 'audience-gone'].includes(code);

const isDelivered = (send: LedgerSend | undefined): boolean =>
  send !== undefined && /^send ?success$/.test(send.status);

function recount(batches: readonly Batch[]): Tally {
  const sums: Record<string, number> = { ...EMPTY_TALLY };
  for (const batch of batches) {
    for (const [field, by] of tallyChange(null, batch)) sums[field] = (sums[field] ?? 0) + by;
  }
  return sums as Tally;
}
