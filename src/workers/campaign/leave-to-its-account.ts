/**
 * A campaign belongs to the AppID and the WeChat that its account's name stood for when it was
 * accepted. Once an operator has given the name to another, nothing of it may be called any more:
 * what was not called never is, an unanswered call is held, and a receipt is not waited for.
 */
import type { Job } from 'bullmq';
import type { Campaign } from '../../shared/campaign/campaign.ts';
import { uncounted } from '../../shared/campaign/receipt.ts';
import type { IdentityOf } from '../../shared/platform/identity.ts';
import type { Telemetry } from '../../shared/platform/telemetry.ts';
import {
  awaitReceiptJob,
  readFollowersJob,
  runCampaignJob,
  submitBatchJob,
  uploadMediaJob,
  uploadNewsJob,
} from '../../shared/queue/jobs.ts';
import type { Stores } from '../../shared/record/record.ts';

interface Dependencies {
  readonly stores: Pick<Stores, 'campaigns' | 'batches'> & { readonly identityOf: IdentityOf };
  /** @throws {ServiceError} where it is this process that is out of date. */
  readonly checkInstallation: () => Promise<void>;
  /** Told once, when a campaign has ended. */
  readonly onEnd: (campaign: Campaign) => Promise<void>;
  readonly telemetry: Telemetry;
  readonly now: () => number;
}

/** Jobs that may call WeChat. */
const MAY_CALL: readonly string[] = [
  runCampaignJob.name,
  readFollowersJob.name,
  uploadMediaJob.name,
  uploadNewsJob.name,
  submitBatchJob.name,
  awaitReceiptJob.name,
];

export function makeLeaveToItsAccount(deps: Dependencies) {
  const { stores, checkInstallation, telemetry, now } = deps;
  const { campaigns, batches, identityOf } = stores;

  /** @returns whether the job is over, since its campaign is another account's by now. */
  return async function leaveToItsAccount({ name, data }: Job): Promise<boolean> {
    if (!MAY_CALL.includes(name)) return false;
    const { campaignId } = data as { campaignId: string };
    const campaign = await campaigns.spec(campaignId);
    if (!campaign || campaign.identity === identityOf(campaign.account)) return false;
    // An account that is not configured here has no identity, and says so itself.
    if (identityOf(campaign.account) === campaign.account) return false;
    await checkInstallation();
    await closeBatches(campaign);
    if (name !== runCampaignJob.name) return true;
    return end(campaign);
  };

  async function closeBatches(campaign: Campaign): Promise<void> {
    const at = now();
    for (const batch of await batches.all(campaign.id)) {
      const ref = { campaignId: campaign.id, no: batch.no };
      const isAsItWas = { unless: (current: typeof batch) => current.state !== batch.state };
      if (batch.state === 'pending') {
        await batches.apply(
          ref,
          { type: 'refused', failure: { code: 'account-changed' }, at },
          isAsItWas,
        );
      } else if (batch.state === 'submitting') {
        const event = { type: 'held', reason: 'account-changed', at } as const;
        const held = await batches.apply(ref, event, isAsItWas);
        if (held.state === 'held') telemetry.batchHeld(campaign, held, held.reason);
      } else if (batch.state === 'submitted') {
        await batches.settleByAsking(ref, batch.msgId, uncounted('unknown', 'account-changed'));
      }
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
