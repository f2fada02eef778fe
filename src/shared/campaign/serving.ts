/** What the running workers say of themselves: work that none takes on, and where they differ. Pure. */
import { SECOND } from '../platform/time.ts';
import type { Campaign, Control, Waiting } from './campaign.ts';
import type { MediaEra } from './media-limits.ts';
import { isPage } from './message.ts';
import { openBatches, type Tally } from './progress.ts';

/** What one worker says of itself. */
export interface Serving {
  /** As `WORKER_QUEUES` names them; `send` stands for the lanes. */
  readonly queues: readonly string[];
  /** The accounts in its settings. */
  readonly accounts: readonly string[];
  /** Of those, whose lanes it serves, each with its calls a minute. */
  readonly lanes: Readonly<Record<string, number>>;
  readonly host: string;
  /** Its WECHAT_PROTOCOL. */
  readonly era: MediaEra;
  /** Its UNKNOWN_RETRY_SECONDS. */
  readonly unknownRetryMs: number;
}

/** Settings that must be the same everywhere: workers go by different rules until they are. */
export type Disagreement =
  | { readonly code: 'protocols-differ'; readonly hosts: Readonly<Record<string, MediaEra>> }
  | { readonly code: 'repeat-steps-differ'; readonly hosts: Readonly<Record<string, number>> };

export const settingOf = ({ code }: Disagreement): string =>
  code === 'protocols-differ' ? 'WECHAT_PROTOCOL' : 'UNKNOWN_RETRY_SECONDS';

/** `host-1: today, host-2: 2014`; a time in seconds, as in the settings. */
export const valuesOf = ({ hosts }: Disagreement): string =>
  Object.entries(hosts)
    .map(([host, value]) => `${host}: ${typeof value === 'number' ? value / SECOND : value}`)
    .join(', ');

export function disagreementsOf(serving: readonly Serving[]): Disagreement[] {
  const by = <T>(value: (one: Serving) => T) => ({
    isOne: new Set(serving.map(value)).size < 2,
    hosts: Object.fromEntries(serving.map((one) => [one.host, value(one)])),
  });
  const era = by((one) => one.era);
  const steps = by((one) => one.unknownRetryMs);
  return [
    ...(era.isOne ? [] : [{ code: 'protocols-differ', hosts: era.hosts } as const]),
    ...(steps.isOne ? [] : [{ code: 'repeat-steps-differ', hosts: steps.hosts } as const]),
  ];
}

/** An account's calls a minute, as the workers of its lane have them: the lowest counts. */
export function pacesOf(serving: readonly Serving[], account: string): number[] {
  const paces = serving.flatMap(({ lanes }) => lanes[account] ?? []);
  return [...new Set(paces)].sort((one, other) => one - other);
}

/** Work that no worker does: a queue, or the lane of an account. */
export type Unserved =
  | { readonly code: 'no-worker'; readonly queue: string; readonly shard?: number }
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
    return ['campaigns', 'media', ...(isPage(campaign.messageType) ? ['news'] : [])];
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
  serving.some(({ queues, lanes }) => queues.includes('send') && account in lanes);
