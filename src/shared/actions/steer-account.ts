/** A person stops an account's lane, or lets it go on after whatever had stopped it. */
import { pauseOf } from '../campaign/lane.ts';
import type { AllQueues } from '../queue/queues.ts';
import { wakeCampaign, wakeLane } from '../queue/wake-campaign.ts';
import type { AuditLog } from '../record/audit-log.ts';
import type { CampaignStore } from '../record/campaign-store.ts';
import type { LaneStore } from '../record/lane-store.ts';

interface Dependencies {
  readonly lanes: Omit<LaneStore, 'beat'>;
  readonly auditLog: Pick<AuditLog, 'note'>;
  readonly campaigns: Pick<CampaignStore, 'openOf' | 'read'>;
  readonly queues: AllQueues;
  readonly now: () => number;
}

export type SteerAccount = ReturnType<typeof makeSteerAccount>;

export function makeSteerAccount({ lanes, campaigns, auditLog, queues, now }: Dependencies) {
  /** Calls under way end; nothing new of this account is called. May be repeated. */
  async function pause(account: string, by: string): Promise<void> {
    const at = now();
    const isNew = await lanes.pause(account, { at, by, code: 'by-operator' });
    if (isNew) await auditLog.note(account, { at, by, action: 'account-pause' });
  }

  /**
   * Takes away every reason to stand still: a person's, WeChat's, a pause that the lane gave
   * itself. Jobs that are woken look at the record before they call, so an unanswered call is not
   * repeated before its time.
   */
  async function resume(account: string, by: string): Promise<void> {
    await lanes.release(account);
    await auditLog.note(account, { at: now(), by, action: 'account-resume' });
    await goOn(account);
  }

  async function goOn(account: string): Promise<void> {
    await wakeLane(queues, account);
    for (const id of await campaigns.openOf(account)) {
      const { control } = (await campaigns.read(id)) ?? {};
      // Its files, articles or followers wait for WeChat, outside the lane.
      if (control?.waiting && control.phase !== 'submitting') await wakeCampaign(queues, id);
    }
  }

  /** Of these, the accounts that the workers paused: Redis had been restored, or no worker had run. */
  async function restored(accounts: Iterable<string>): Promise<string[]> {
    const found = await Promise.all(
      [...accounts].map(async (account) => {
        const { restored: stop } = await lanes.read(account);
        return stop ? [account] : [];
      }),
    );
    return found.flat();
  }

  /**
   * Ends that pause of those. What an operator or WeChat stopped, one of them or another, stays so.
   *
   * @returns their names.
   */
  async function resumeRestored(accounts: readonly string[], by: string): Promise<string[]> {
    const resumed = await restored(accounts);
    for (const account of resumed) {
      const rest = await lanes.releaseRestored(account);
      await auditLog.note(account, { at: now(), by, action: 'account-resume' });
      if (!pauseOf(rest)) await goOn(account);
    }
    return resumed;
  }

  return { pause, resume, restored, resumeRestored };
}
