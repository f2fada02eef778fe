/** Checks in the sandbox's ledger, not in our own record, what every follower received. */
import type { RunningSandbox } from '../sandbox/start.ts';
import { STATE_WORDS } from '../shared/campaign/state-words.ts';
import type { CampaignSummary } from '../shared/contract/campaigns.ts';
import { type Coded, sentences } from '../shared/platform/sentences.ts';

interface Which {
  readonly id: string;
  readonly name: string;
}

export type AuditFinding = Which &
  Coded<{
    'not-completed': Pick<CampaignSummary, 'state'>;
    'not-delivered': { readonly outcome: NonNullable<CampaignSummary['outcome']> };
    twice: { readonly count: number };
    missing: { readonly count: number };
    'other-count': { readonly count: number | null };
  }>;

const which = ({ id, name }: Which): string => `${name} (${id})`;

export const auditWords = sentences<AuditFinding>({
  en: {
    'not-completed': (it) => `${which(it)} is ${it.state}, not completed`,
    'not-delivered': (it) => `${which(it)} ended as ${it.outcome}`,
    twice: (it) => `${which(it)} reached ${it.count} followers more than once`,
    missing: (it) => `${which(it)} did not reach ${it.count} followers`,
    'other-count': (it) => `${which(it)} reports ${it.count} as sent`,
  },
  zh: {
    'not-completed': (it) => `${which(it)} 没有完成：${STATE_WORDS.zh.states[it.state]}`,
    'not-delivered': (it) => `${which(it)} 的结果为：${STATE_WORDS.zh.outcomes[it.outcome]}`,
    twice: (it) => `${which(it)} 有 ${it.count} 名粉丝收到不止一次`,
    missing: (it) => `${which(it)} 有 ${it.count} 名粉丝没有收到`,
    'other-count': (it) => `${which(it)} 上报的发送人数为 ${it.count}`,
  },
});

export interface Audit {
  readonly messages: number;
  readonly recipients: number;
  readonly duplicates: number;
  readonly lost: number;
  /** Empty if everything is as expected. */
  readonly findings: readonly AuditFinding[];
}

export function auditLedger(
  views: readonly CampaignSummary[],
  { ledger, account }: RunningSandbox['sandbox'],
): Audit {
  const findings: AuditFinding[] = [];
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
    const { id, name, state, outcome, receipt } = view;
    if (state !== 'completed') findings.push({ code: 'not-completed', id, name, state });
    else if (outcome !== 'delivered') {
      findings.push({ code: 'not-delivered', id, name, outcome: outcome ?? 'unknown' });
    }
    if (more > 0) findings.push({ code: 'twice', id, name, count: more });
    if (missing > 0) findings.push({ code: 'missing', id, name, count: missing });
    if (receipt.sent !== once + more) {
      findings.push({ code: 'other-count', id, name, count: receipt.sent });
    }
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
