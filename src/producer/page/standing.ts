/**
 * How a campaign or an account stands, put into words in one place: its colour, its name, why, and
 * when it goes on. A time is given only where it goes on by itself.
 */
import { usesSendAll } from '../../shared/campaign/audience.ts';
import type { WaitReason } from '../../shared/campaign/batch.ts';
import { type LaneState, stopOf } from '../../shared/campaign/lane.ts';
import { warningWords } from '../../shared/campaign/warnings.ts';
import type { AccountWarning } from '../../shared/contract/account-words.ts';
import { stopWords } from '../../shared/contract/account-words.ts';
import type { AccountDetails } from '../../shared/contract/accounts.ts';
import type { BatchDetails } from '../../shared/contract/batches.ts';
import type { CampaignView } from '../../shared/contract/campaign-view.ts';
import { failureWords } from '../../shared/contract/campaign-words.ts';
import { shown } from './times.ts';
import type { Words } from './words.ts';

export type Tone = 'good' | 'busy' | 'calm' | 'care' | 'bad';

export interface Chip {
  readonly tone: Tone;
  readonly text: string;
}

/** Until somebody has acted, nothing goes on, whatever time the record has for its next look. */
const NEEDS_SOMEBODY: readonly WaitReason[] = [
  'account-paused',
  'wechat-approval',
  'address-refused',
  'no-worker',
  'account-unknown',
];

const isBlocked = ({ waiting }: CampaignView): boolean =>
  waiting !== undefined &&
  (NEEDS_SOMEBODY.includes(waiting.reason) || waiting.missesNotAfter === true);

export function campaignChip(view: CampaignView, words: Words): Chip {
  const { state, outcome, batches, pausedFor = [] } = view;
  const { states, outcomes, facts } = words;
  if (state === 'cancelled') {
    const known = outcome === undefined || outcome === 'none';
    const text = known ? states.cancelled : `${states.cancelled} · ${outcomes[outcome]}`;
    return { tone: outcome === 'unknown' ? 'care' : 'calm', text };
  }
  if (outcome) return { tone: OUTCOME_TONES[outcome], text: outcomes[outcome] };
  if (state === 'failed') return { tone: 'bad', text: states.failed };
  if (state === 'held') return { tone: 'bad', text: states.held };
  if (pausedFor.includes('approval')) return { tone: 'bad', text: facts.awaitsApproval };
  if (batches.held > 0 || pausedFor.some((reason) => reason !== 'operator')) {
    return { tone: 'bad', text: `${states[state]} · ${facts.needsAttention}` };
  }
  if (isBlocked(view)) return { tone: 'bad', text: facts.needsAttention };
  return { tone: STATE_TONES[state], text: states[state] };
}

const OUTCOME_TONES = { delivered: 'good', partly: 'care', none: 'bad', unknown: 'care' } as const;

const STATE_TONES: Readonly<Record<CampaignView['state'], Tone>> = {
  scheduled: 'calm',
  preparing: 'busy',
  submitting: 'busy',
  'awaiting-receipts': 'busy',
  paused: 'care',
  held: 'bad',
  cancelling: 'care',
  completed: 'good',
  failed: 'bad',
  cancelled: 'calm',
};

/** @param lane of its account, where the cause of a stop is known. */
export function campaignWhy(view: CampaignView, lane: LaneState, words: Words): string[] {
  const { waiting, pausedFor = [], error } = view;
  return [
    ...pausedFor.map((reason) => words.pausedFor[reason]),
    ...(waiting ? [waitWords(view, waiting, lane, words)] : []),
    ...(error ? [failureWords(error, words.lang)] : []),
  ];
}

function waitWords(
  { audience, notAfter }: CampaignView,
  waiting: NonNullable<CampaignView['waiting']>,
  lane: LaneState,
  { waits, facts, lang }: Words,
): string {
  const api = usesSendAll(audience) ? 'sendall' : 'send';
  const stop = waiting.reason === 'account-paused' ? stopOf(lane, api) : undefined;
  const why = stop
    ? `${waits[waiting.reason]}${colon(lang)}${stopWords(stop, lang)}`
    : // Another version of this program may have another one.
      (waits[waiting.reason] ?? waiting.reason);
  const late = waiting.missesNotAfter ? ` · ${facts.missesNotAfter}` : '';
  if (NEEDS_SOMEBODY.includes(waiting.reason)) {
    return `${why} · ${facts.expiresAt(shown(notAfter))}`;
  }
  const next = waiting.until ? ` · ${facts.resumesAt(shown(waiting.until))}` : '';
  return `${why}${next}${late}`;
}

const colon = (lang: Words['lang']): string => (lang === 'zh' ? '：' : ': ');

export const warningLines = ({ warnings }: CampaignView, { lang }: Words): string[] =>
  warnings.map((one) =>
    warningWords(one.code === 'corrected' ? { ...one, at: shown(one.at) } : one, lang),
  );

/** Why a batch is as it is; nothing to say of one that is well. */
export function batchWhy({ receipt, message, error, errcode }: BatchDetails): string {
  if (receipt?.status === 'delivered' && receipt.sent !== 0) return '';
  const why = receipt?.meaning ?? error?.message ?? message ?? '';
  return errcode === undefined || error?.errcode === errcode ? why : `${why} (${errcode})`.trim();
}

export interface Standing extends Chip {
  /** The larger, the sooner an operator must look. */
  readonly weight: number;
  /** Why, and what to do. */
  readonly lines: readonly string[];
}

interface Known extends Pick<LaneState, 'refusedHosts'> {
  /** A campaign of its waits for the administrator; the others go on. */
  readonly isAwaited?: boolean;
}

/** An account's state with its cause: the worst of all that is known of it. */
export function accountStanding(
  account: AccountDetails,
  { refusedHosts = {}, isAwaited = false }: Known,
  words: Words,
): Standing {
  const { lane, warnings } = account;
  const { facts, lang } = words;
  const say = facts.account;
  const hosts = Object.keys(refusedHosts).join(', ');
  const lines = [
    ...(lane.sendBlocked ? [`${say.openIdsBlocked}${colon(lang)}${lane.sendBlocked.why}`] : []),
    ...(lane.oneByOneUntil ? [say.oneByOne(shown(lane.oneByOneUntil))] : []),
    ...(hosts ? [say.hosts(hosts)] : []),
    ...warnings.map(({ message }) => message),
  ];
  const worst = worstOf(account, { hasRefusedHost: hosts !== '', isAwaited }, words);
  return { ...worst, lines: worst.why ? [worst.why, ...lines] : lines };
}

type Worst = Chip & { readonly weight: number; readonly why?: string };

function worstOf(
  { lane, warnings }: AccountDetails,
  { hasRefusedHost, isAwaited }: { readonly hasRefusedHost: boolean; readonly isAwaited: boolean },
  words: Words,
): Worst {
  const { facts, waits } = words;
  const say = facts.account;
  const { code, reason, until } = lane;
  if (code === 'by-operator') {
    const weight = lane.pending > 0 ? 60 : 30;
    return { tone: 'care', weight, text: say.paused(lane.pausedBy ?? '') };
  }
  if (code) return { tone: 'bad', weight: 90, text: say.stopped, why: lane.why ?? '' };
  if (reason && NEEDS_SOMEBODY.includes(reason)) {
    return { tone: 'bad', weight: 85, text: facts.needsAttention, why: waits[reason] };
  }
  if (warnings.some((one) => one.code === 'no-worker')) {
    return { tone: 'bad', weight: 80, text: say.noWorker };
  }
  if (isAwaited) {
    const why = waits['wechat-approval'];
    return { tone: 'bad', weight: 78, text: facts.needsAttention, why };
  }
  if (warnings.some((one) => one.code === 'uploadnews-closed' && one.byDraft === false)) {
    return { tone: 'bad', weight: 75, text: facts.needsAttention };
  }
  if (lane.sendBlocked) return { tone: 'bad', weight: 70, text: facts.needsAttention };
  if (hasRefusedHost) return { tone: 'bad', weight: 65, text: facts.needsAttention };
  if (warnings.some((one) => NO_CALLBACK.includes(one.code))) {
    return { tone: 'care', weight: 50, text: say.callback };
  }
  if (reason && until) {
    const goesOn = facts.resumesAt(shown(until));
    return { tone: 'care', weight: 20, text: say.resting(goesOn), why: waits[reason] };
  }
  return { tone: 'good', weight: 0, text: say.ok };
}

/** What keeps WeChat's pushes from us. */
const NO_CALLBACK: readonly AccountWarning['code'][] = [
  'no-callback-token',
  'never-an-event',
  'events-overdue',
  'plain-pushes-refused',
  'sealed-pushes-refused',
  'foreign-pushes-refused',
  'stale-pushes-refused',
  'unknown-pushes-refused',
];

const USED_UP: readonly WaitReason[] = ['daily-quota', 'monthly-quota', 'send-quota'];

/** What is left of today's sends, by WeChat's own word where it has said that none is. */
export function sendsLeft({ lane, quota }: AccountDetails): {
  readonly left: number;
  readonly perDay: number;
  readonly isWechats: boolean;
} {
  const { left, perDay } = quota['message/mass/sendall'] ?? { left: 0, perDay: 0 };
  const isWechats = lane.reason !== undefined && USED_UP.includes(lane.reason);
  return { left: isWechats ? 0 : left, perDay, isWechats };
}
