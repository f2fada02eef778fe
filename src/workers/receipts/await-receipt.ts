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
import { AccountUnknown } from '../../shared/delivery/wechat-accounts.ts';
import { DAY, SECOND } from '../../shared/platform/time.ts';
import type { AwaitReceiptPayload } from '../../shared/queue/jobs.ts';
import type { Arrival } from '../../shared/record/receipt-store.ts';
import { type MassStatus, massStatus } from '../../shared/wechat/mass.ts';
import { type Handler, until, type Wait } from '../job.ts';
import type { InTurn } from '../lane/in-turn.ts';
import type { Tools } from '../tools.ts';

type Dependencies = Pick<Tools, 'config' | 'stores' | 'wechatFor' | 'telemetry' | 'now'> & {
  readonly inTurn: InTurn;
};

type Settled = Extract<Batch, { state: 'settled' }>;

/** Right after a send WeChat may not know the message yet (40059), or still be sending. */
const CONFIRM_AGAIN = 5 * SECOND;
/** From the deadline on, while WeChat says "sending" or nothing of use; in deadlines. */
const PAUSES = [1 / 8, 3 / 8, 3 / 4, 3 / 2];
/** WeChat said nothing for this long, or for so many deadlines: it never will. */
const GIVE_UP = 2 * DAY;
const GIVE_UP_DEADLINES = 72;

export function makeAwaitReceipt(deps: Dependencies): Handler<AwaitReceiptPayload> {
  const { config, stores, wechatFor, inTurn, telemetry, now } = deps;
  const { batches } = stores;
  const { receiptDeadlineMs } = config.pace;
  const giveUpMs = Math.min(GIVE_UP, GIVE_UP_DEADLINES * receiptDeadlineMs);

  return async function awaitReceipt(payload, job) {
    const { campaignId, no, account, msgId } = payload;
    const batch = await batches.read({ campaignId, no });
    if (batch?.state === 'settled') return fillIn(job, payload, batch);
    if (batch?.state !== 'submitted' || batch.msgId !== msgId) return null;

    const parked = await batches.parked(account, msgId);
    if (parked?.trusted) {
      await batches.take(account, parked);
      return null;
    }
    const deadline = batch.submittedAt + receiptDeadlineMs;
    if (!parked && now() < deadline) return until(deadline);

    const asking = await ask(job, payload, batch);
    if ('wait' in asking) return asking.wait;
    const { status } = asking;
    const known = parked && confirmed(parked, status);
    if (known) return settle(payload, known, parked);
    // Whatever somebody wrote to us, what WeChat answers ends the waiting.
    const receipt = now() >= deadline ? asked(status, batch) : null;
    if (receipt) return settle(payload, receipt);
    return until(nextLook(batch.submittedAt, now()));
  };

  /** Settled without counts, and then an event came that anybody could have written. */
  async function fillIn(
    job: Job,
    payload: AwaitReceiptPayload,
    batch: Settled,
  ): Promise<Wait | null> {
    const { msgId, receipt } = batch;
    if (msgId !== payload.msgId || receipt.sent !== null) return null;
    const parked = await batches.parked(payload.account, msgId);
    if (!parked) return null;
    const asking = await ask(job, payload, batch);
    if ('wait' in asking) return asking.wait;
    const known = confirmed(parked, asking.status);
    return known && settle(payload, known, parked);
  }

  /** Each look is a call, and anybody can have this job woken in plain mode: one a pause. */
  async function ask(
    job: Job,
    { account, msgId }: AwaitReceiptPayload,
    { submittedAt }: { readonly submittedAt: number },
  ): Promise<{ readonly status: MassStatus } | { readonly wait: Wait }> {
    const at = await batches.askedAt(account, msgId);
    const next = at === 0 ? 0 : nextLook(submittedAt, at);
    if (next > now()) return { wait: until(next) };
    const turn = await inTurn(job, account, async () => {
      await batches.noteAsked(account, msgId);
      try {
        return await massStatus(wechatFor(account), msgId);
      } catch (error) {
        // Until the account is back, or until it is too late to ask.
        if (error instanceof AccountUnknown) return { kind: 'not-sent' as const };
        throw error;
      }
    });
    if ('wait' in turn) return turn;
    return { status: turn.done.kind === 'ok' ? turn.done.value.status : 'unknown' };
  }

  async function settle(
    payload: AwaitReceiptPayload,
    receipt: Receipt,
    parked?: Arrival,
  ): Promise<null> {
    const { campaignId, no, account, msgId } = payload;
    const outcome = await batches.settleByAsking({ campaignId, no }, msgId, receipt, parked);
    const isConfirmed = receipt.sent !== null && outcome === 'settled';
    telemetry.receiptTaken(
      ...([account, msgId] as const),
      receipt.sent === null ? 'asked' : isConfirmed ? 'confirmed' : outcome,
    );
    return null;
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
}
