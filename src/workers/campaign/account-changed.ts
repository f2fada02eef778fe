/**
 * A campaign belongs to the AppID and the WeChat that its account's name stood for when it was
 * accepted. Once an operator has given the name to another, nothing of it may be called any more:
 * what was not called never is, an unanswered call is held, and a receipt is not waited for.
 */
import type { Job } from 'bullmq';
import type { Batch } from '../../shared/campaign/batch.ts';
import type { Campaign } from '../../shared/campaign/campaign.ts';
import { uncounted } from '../../shared/campaign/receipt.ts';
import {
  awaitReceiptJob,
  readFollowersJob,
  submitBatchJob,
  uploadMediaJob,
  uploadNewsJob,
} from '../../shared/queue/jobs.ts';
import type { Tools } from '../tools.ts';

type Dependencies = Pick<Tools, 'stores' | 'recordEvent' | 'now'> & {
  /** @throws {ServiceError} where it is this process that is out of date. */
  readonly checkInstallation: () => Promise<void>;
  /** Told once, when a campaign has ended. */
  readonly onEnd: (campaign: Campaign) => Promise<void>;
};

/** Jobs that may call WeChat, besides the root, which reads its campaign itself. */
const MAY_CALL: readonly string[] = [
  readFollowersJob.name,
  uploadMediaJob.name,
  uploadNewsJob.name,
  submitBatchJob.name,
  awaitReceiptJob.name,
];

export type CloseIfAccountChanged = ReturnType<typeof makeCloseIfAccountChanged>;

export function makeCloseIfAccountChanged(deps: Dependencies) {
  const { stores, checkInstallation, recordEvent, now } = deps;
  const { campaigns, batches, identityOf } = stores;

  return { job, root };

  /** @returns whether the job is over, since its campaign's account is another one by now. */
  async function job({ name, data }: Job): Promise<boolean> {
    if (!MAY_CALL.includes(name)) return false;
    const { campaignId } = data as { campaignId: string };
    const campaign = await campaigns.spec(campaignId);
    return campaign !== null && closed(campaign);
  }

  /** @returns whether the campaign has ended therefore. */
  async function root(campaign: Campaign): Promise<boolean> {
    return (await closed(campaign)) && end(campaign);
  }

  async function closed(campaign: Campaign): Promise<boolean> {
    const { id, account, identity } = campaign;
    // An account that is not configured here has no identity, and says so itself.
    if ([identity, account].includes(identityOf(account))) return false;
    await checkInstallation();
    for (const batch of await batches.all(id)) await close(campaign, batch);
    return true;
  }

  async function close(campaign: Campaign, batch: Batch): Promise<void> {
    const { no, state } = batch;
    const code = 'account-changed';
    const at = now();
    const hasMoved = (current: Batch): boolean => current.state !== state;
    if (state === 'pending') {
      await recordEvent(campaign, no, { type: 'refused', failure: { code }, at }, hasMoved);
    } else if (state === 'submitting') {
      await recordEvent(campaign, no, { type: 'held', reason: code, at }, hasMoved);
    } else if (batch.state === 'submitted') {
      const ref = { campaignId: campaign.id, no };
      await batches.settleByAsking(ref, batch.msgId, uncounted('unknown', code));
    }
  }

  /** @returns false where a batch is held, and the root goes on waiting for the operator. */
  async function end(campaign: Campaign): Promise<boolean> {
    const { control } = (await campaigns.read(campaign.id)) ?? {};
    const isLaidOut = control?.phase === 'submitting' || control?.phase === 'ended';
    const failure = { code: 'account-changed' } as const;
    if (!(await campaigns.end(campaign.id, isLaidOut ? undefined : failure))) return false;
    await deps.onEnd(campaign);
    return true;
  }
}
