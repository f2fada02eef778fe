/** Which work no running worker takes on, and which campaigns wait for that. Pure. */
import type { Campaign, Control, Waiting } from './campaign.ts';
import { openBatches, type Tally } from './progress.ts';

/** What one worker says of itself. */
export interface Serving {
  /** As `WORKER_QUEUES` names them; `send` stands for the lanes. */
  readonly queues: readonly string[];
  /** The accounts in its settings. */
  readonly accounts: readonly string[];
  /** Of those, whose lanes it serves. */
  readonly lanes: readonly string[];
}

/** Work that no worker does: a queue, or the lane of an account. */
export type Unserved =
  | { readonly code: 'no-worker'; readonly queue: string }
  | { readonly code: 'no-worker'; readonly account: string };

export function unservedOf(
  serving: readonly Serving[],
  wanted: { readonly queues: readonly string[]; readonly accounts: readonly string[] },
): Unserved[] {
  const queues = wanted.queues.filter((queue) => !hasQueue(serving, queue));
  const accounts = queues.includes('send')
    ? []
    : wanted.accounts.filter((account) => !hasLane(serving, account));
  return [
    ...queues.map((queue) => ({ code: 'no-worker', queue }) as const),
    ...accounts.map((account) => ({ code: 'no-worker', account }) as const),
  ];
}

/** Why nothing will happen to a campaign, whatever it waits for besides; null if a worker is there. */
export function unservedWait(
  serving: readonly Serving[],
  { campaign, control, tally }: { campaign: Campaign; control: Control; tally: Tally },
  now: number,
): Waiting | null {
  if (control.phase === 'ended' || campaign.sendAt > now) return null;
  const isKnown = serving.some(({ accounts }) => accounts.includes(campaign.account));
  if (serving.length > 0 && !isKnown) return { reason: 'account-unknown', until: null };
  const missing = queuesFor(campaign, control, tally).find((queue) =>
    queue === 'send' ? !hasLane(serving, campaign.account) : !hasQueue(serving, queue),
  );
  return missing === undefined ? null : { reason: 'no-worker', until: null, queue: missing };
}

/** The queues that its next step may need. */
function queuesFor(campaign: Campaign, control: Control, tally: Tally): string[] {
  if (control.phase === 'accepted') return ['campaigns'];
  if (control.phase === 'preparing') {
    if (campaign.audience.type === 'followers' && control.recipients === undefined) {
      return ['campaigns', 'followers'];
    }
    return ['campaigns', 'media', ...(campaign.messageType === 'news' ? ['news'] : [])];
  }
  return [
    ...(openBatches(tally) > tally.held ? ['campaigns'] : []),
    ...(tally.pending + tally.submitting > 0 ? ['send'] : []),
    ...(tally.submitted > 0 ? ['receipts'] : []),
  ];
}

const hasQueue = (serving: readonly Serving[], queue: string): boolean =>
  serving.some(({ queues }) => queues.includes(queue));

const hasLane = (serving: readonly Serving[], account: string): boolean =>
  serving.some(({ queues, lanes }) => queues.includes('send') && lanes.includes(account));
