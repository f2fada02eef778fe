/**
 * Waits for what WeChat makes of a batch.
 *
 * Asleep until the callback has settled the batch and promotes it, or until its deadline. Then it
 * asks message/mass/get: to confirm an event that anybody could have written (plain mode), or
 * because none came. That call knows no counts, so the receipt honestly has none.
 */
import type { Job } from 'bullmq';
import type { Batch } from '../../shared/campaign/batch.ts';
import { type Receipt, uncounted } from '../../shared/campaign/receipt.ts';
import { AccountUnknown, type WechatFor } from '../../shared/delivery/wechat-accounts.ts';
import type { Telemetry } from '../../shared/platform/telemetry.ts';
import { DAY, SECOND } from '../../shared/platform/time.ts';
import { type AwaitReceiptPayload, awaitReceiptJob } from '../../shared/queue/jobs.ts';
import type { Arrival } from '../../shared/record/receipt-store.ts';
import type { Stores } from '../../shared/record/record.ts';
import { type MassStatus, massStatus } from '../../shared/wechat/mass.ts';
import type { InTurn } from '../lane/in-turn.ts';
import { sleepUntil } from '../lane/sleep.ts';

interface Dependencies {
  readonly stores: Stores;
  readonly wechatFor: WechatFor;
  readonly receiptDeadlineMs: number;
  readonly inTurn: InTurn;
  readonly telemetry: Telemetry;
  readonly now: () => number;
}

/** Right after a send WeChat may not know the message yet (40059), or still be sending. */
const CONFIRM_AGAIN = 5 * SECOND;
/** From the deadline on, while WeChat says "sending" or nothing of use; in deadlines. */
const PAUSES = [1 / 8, 3 / 8, 3 / 4, 3 / 2];
/** WeChat said nothing for this long, or for so many deadlines: it never will. */
const GIVE_UP = 2 * DAY;
const GIVE_UP_DEADLINES = 72;

export function makeAwaitReceipt(deps: Dependencies) {
  const { stores, wechatFor, inTurn, receiptDeadlineMs, telemetry, now } = deps;
  const { batches } = stores;
  const giveUpMs = Math.min(GIVE_UP, GIVE_UP_DEADLINES * receiptDeadlineMs);

  async function awaitReceipt(job: Job, token?: string): Promise<void> {
    const payload = awaitReceiptJob.payload.parse(job.data);
    const ref = { campaignId: payload.campaignId, no: payload.no };
    const batch = await batches.read(ref);
    if (batch?.state === 'settled') return fillIn(job, token, payload, batch);
    if (batch?.state !== 'submitted' || batch.msgId !== payload.msgId) return;

    const parked = await batches.parked(payload.account, payload.msgId);
    if (parked?.trusted) {
      await batches.take(payload.account, parked);
      return;
    }
    const deadline = batch.submittedAt + receiptDeadlineMs;
    if (!parked && now() < deadline) return sleepUntil(job, token, deadline);

    const tooSoon = await unlessAsked(payload, batch);
    if (tooSoon) return sleepUntil(job, token, tooSoon);
    const status = await ask(job, token, payload);
    const known = parked && confirmed(parked, status);
    if (known) return settle(payload, known, parked);
    // Whatever somebody wrote to us, what WeChat answers ends the waiting.
    const receipt = now() >= deadline ? asked(status, batch) : null;
    if (receipt) return settle(payload, receipt);
    return sleepUntil(job, token, nextLook(batch.submittedAt, now()));
  }

  /** Settled without counts, and then an event came that anybody could have written. */
  async function fillIn(
    job: Job,
    token: string | undefined,
    payload: AwaitReceiptPayload,
    batch: Extract<Batch, { state: 'settled' }>,
  ): Promise<void> {
    const { msgId, receipt } = batch;
    if (msgId !== payload.msgId || receipt.sent !== null) return;
    const parked = await batches.parked(payload.account, msgId);
    if (!parked) return;
    const tooSoon = await unlessAsked(payload, batch);
    if (tooSoon) return sleepUntil(job, token, tooSoon);
    const known = confirmed(parked, await ask(job, token, payload));
    if (known) await settle(payload, known, parked);
  }

  /** Each look is a call, and anybody can have this job woken in plain mode: one a pause. */
  async function unlessAsked(
    { account, msgId }: AwaitReceiptPayload,
    { submittedAt }: { submittedAt: number },
  ): Promise<number | null> {
    const at = await batches.askedAt(account, msgId);
    const next = at === 0 ? 0 : nextLook(submittedAt, at);
    return next > now() ? next : null;
  }

  async function ask(
    job: Job,
    token: string | undefined,
    { account, msgId }: AwaitReceiptPayload,
  ): Promise<MassStatus> {
    const answer = await inTurn(job, token, account, async () => {
      await batches.noteAsked(account, msgId);
      try {
        return await massStatus(wechatFor(account), msgId);
      } catch (error) {
        // Until the account is back, or until it is too late to ask.
        if (error instanceof AccountUnknown) return { kind: 'not-sent' as const };
        throw error;
      }
    });
    return answer.kind === 'ok' ? answer.value.status : 'unknown';
  }

  async function settle(
    payload: AwaitReceiptPayload,
    receipt: Receipt,
    parked?: Arrival,
  ): Promise<void> {
    const { campaignId, no, account, msgId } = payload;
    const outcome = await batches.settleByAsking({ campaignId, no }, msgId, receipt, parked);
    telemetry.receiptTaken(
      account,
      msgId,
      receipt.sent === null ? 'asked' : `confirmed-${outcome}`,
    );
  }

  /** The event's receipt, once WeChat itself says the same; null while it does not. */
  function confirmed({ receipt }: Arrival, status: MassStatus): Receipt | null {
    if (receipt.status === 'delivered') return status === 'sent' ? receipt : null;
    return status === 'failed' || status === 'deleted' ? receipt : null;
  }

  function asked(status: MassStatus, { submittedAt }: { submittedAt: number }): Receipt | null {
    switch (status) {
      case 'sent':
        return uncounted('delivered', 'told-sent');
      case 'failed':
        return uncounted('failed', 'told-failed');
      case 'deleted':
        return uncounted('unknown', 'told-deleted');
      case 'sending':
      case 'unknown':
        return now() > submittedAt + giveUpMs ? uncounted('unknown', 'no-answer') : null;
    }
  }

  /** Less and less often, from the moment of the last look on; and once at the deadline. */
  function nextLook(submittedAt: number, lookedAt: number): number {
    const deadline = submittedAt + receiptDeadlineMs;
    if (lookedAt < deadline) {
      const pause = Math.max(CONFIRM_AGAIN, (lookedAt - submittedAt) / 4);
      return Math.min(lookedAt + pause, Math.max(deadline, lookedAt + SECOND));
    }
    const late = lookedAt - deadline;
    const pauses = PAUSES.map((share) => share * receiptDeadlineMs);
    return (
      lookedAt + Math.max(SECOND, pauses.find((pause) => late < 2 * pause) ?? pauses.at(-1) ?? 0)
    );
  }

  return awaitReceipt;
}
