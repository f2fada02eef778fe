/** Checks in the sandbox's ledger, not in our own record, what every follower received. */
import type { RunningSandbox } from '../sandbox/start.ts';
import type { CampaignSummary } from '../shared/contract/campaigns.ts';

export interface Audit {
  readonly messages: number;
  readonly recipients: number;
  readonly duplicates: number;
  readonly lost: number;
  /** Sentences; empty if everything is as expected. */
  readonly findings: readonly string[];
}

export function auditLedger(
  views: readonly CampaignSummary[],
  { ledger, account }: RunningSandbox['sandbox'],
): Audit {
  const findings: string[] = [];
  let recipients = 0;
  let duplicates = 0;
  let lost = 0;
  for (const view of views) {
    const expected = expectedOf(view, account(view.account));
    const times = ledger.messagesPerFollower(`${view.id}-`);
    const once = times[1] ?? 0;
    const more = Object.entries(times)
      .filter(([n]) => Number(n) > 1)
      .reduce((sum, [, many]) => sum + many, 0);
    const missing = Math.max(0, expected - once - more);
    recipients += once + more;
    duplicates += more;
    lost += missing;
    const wrong = [
      ...(view.state === 'completed' ? [] : [`is ${view.state}, not completed`]),
      ...(view.state === 'completed' && view.outcome !== 'delivered'
        ? [`ended as ${view.outcome}`]
        : []),
      ...(more > 0 ? [`reached ${more} followers more than once`] : []),
      ...(missing > 0 ? [`did not reach ${missing} followers`] : []),
      ...(view.receipt.sent === once + more ? [] : [`reports ${view.receipt.sent} as sent`]),
    ];
    findings.push(...wrong.map((finding) => `${view.name} (${view.id}) ${finding}`));
  }
  return { messages: ledger.sends().length, recipients, duplicates, lost, findings };
}

type Account = ReturnType<RunningSandbox['sandbox']['account']>;

/** How many should have received it, by the sandbox's own lists. */
function expectedOf({ audience, recipients }: CampaignSummary, account: Account): number {
  const sizeOf = (members: Account['groups'][number]['members'] | undefined): number =>
    members === undefined ? 0 : 'from' in members ? members.to - members.from : members.length;
  switch (audience.type) {
    case 'group':
      return sizeOf(account.groups.find(({ id }) => String(id) === audience.groupId)?.members);
    case 'tag':
      return sizeOf(account.tags.find(({ id }) => id === audience.tagId)?.members);
    case 'everyone':
      return account.followers.count;
    default:
      return recipients ?? 0;
  }
}
