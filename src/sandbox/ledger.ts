/**
 * What really happened: every call, every accepted send, and who received what.
 *
 * Sends keep the callers' own OpenID arrays; followers are only counted when somebody asks.
 */
import { forEachReceiver, isDeleted, type Send } from './send.ts';

export interface RecordedCall {
  /** When all of it had come; it may have been answered much later. */
  readonly startedAt: number;
  /** When it was over. */
  readonly at: number;
  /** The account's name; empty where nobody could tell. */
  readonly account: string;
  readonly method: string;
  readonly path: string;
  /** Without access_token and secret. */
  readonly query: Readonly<Record<string, string>>;
  readonly bytes: number;
  /** Of a mass send. */
  readonly clientMsgId?: string;
  /** As it came, if bodies of its size are kept and it was no file. */
  readonly body?: string;
  /** What was answered. */
  readonly status: number | 'silent' | 'reset';
  readonly errcode: number;
  readonly faults: readonly string[];
}

export interface RecordedPush {
  readonly at: number;
  readonly account: string;
  readonly msgId: string;
  /** From 1. */
  readonly attempt: number;
  /** HTTP status, or why there was none. */
  readonly outcome: number | 'timeout' | 'unreachable';
  readonly answer: string;
  /** Whether WeChat would now be content. */
  readonly taken: boolean;
}

export type SendSummary = Omit<Send, 'receivers' | 'deletedArticles'> & {
  readonly deleted: boolean;
  readonly received: number;
};

export interface RecordedPreview {
  readonly account: string;
  readonly to: string;
  readonly msgtype: string;
  readonly digest: string;
}

export interface Duplicate {
  readonly account: string;
  readonly openId: string;
  /** What they got more than once. */
  readonly message: string;
  readonly times: number;
}

/** Sends of the same content that reached the same followers. */
export interface Overlap {
  readonly account: string;
  /** Theirs, in the order that WeChat took them; empty for one without. */
  readonly clientMsgIds: readonly string[];
  readonly followers: number;
}

/** Which sends a question is about. A string is the beginning of a clientmsgid. */
export type Which = string | ((send: Send) => boolean);

export interface Ledger {
  sends(which?: Which): readonly SendSummary[];
  send(account: string, msgId: string): Send | undefined;
  /** How many followers got 1, 2, … messages. `{1: 25000}` is each of 25,000 exactly once. */
  messagesPerFollower(which?: Which): Readonly<Record<number, number>>;
  /**
   * Followers who got the same message more than once. What is the same is the content, unless
   * `messageOf` says otherwise, e.g. by the stem of the clientmsgid; undefined leaves a send out.
   */
  duplicates(messageOf?: (send: Send) => string | undefined): readonly Duplicate[];
  /** The same, by the sends that met. */
  overlaps(): readonly Overlap[];
  receivedBy(account: string, openId: string): readonly SendSummary[];
  recipients(which?: Which): number;
  previews(): readonly RecordedPreview[];
  /** How often each path was called. */
  calls(account?: string): Readonly<Record<string, number>>;
  /** The last calls (at most 5,000), oldest first; of one path, if given. */
  requests(path?: string): readonly RecordedCall[];
  pushes(msgId?: string): readonly RecordedPush[];
  clear(): void;
}

export interface LedgerKeeper extends Ledger {
  filter(which: (send: Send) => boolean): readonly Send[];
  addSend(send: Send): void;
  addCall(call: RecordedCall): void;
  addPush(push: RecordedPush): void;
  addPreview(preview: RecordedPreview): void;
}

const KEPT_CALLS = 5_000;

export function makeLedger(): LedgerKeeper {
  let sends: Send[] = [];
  let calls: RecordedCall[] = [];
  let pushes: RecordedPush[] = [];
  let previews: RecordedPreview[] = [];
  const counts = new Map<string, Map<string, number>>();

  function* chosen(which?: Which): Generator<Send> {
    for (const send of sends) {
      if (typeof which === 'string' && !send.clientMsgId?.startsWith(which)) continue;
      if (typeof which === 'function' && !which(send)) continue;
      yield send;
    }
  }

  return {
    filter: (which) => sends.filter(which),
    addSend(send) {
      sends.push(send);
    },
    addCall(call) {
      calls.push(call);
      if (calls.length >= 2 * KEPT_CALLS) calls = calls.slice(-KEPT_CALLS);
      const paths = counts.get(call.account) ?? new Map<string, number>();
      counts.set(call.account, paths.set(call.path, (paths.get(call.path) ?? 0) + 1));
    },
    addPush(push) {
      pushes.push(push);
    },
    addPreview(preview) {
      previews.push(preview);
    },

    sends: (which) => [...chosen(which)].map(summaryOf),
    send: (account, msgId) =>
      sends.find((send) => send.account === account && send.msgId === msgId),
    messagesPerFollower(which) {
      const times = new Map<string, number>();
      for (const send of chosen(which)) {
        forEachReceiver(send.receivers, (openId) => {
          times.set(openId, (times.get(openId) ?? 0) + 1);
        });
      }
      const followers: Record<number, number> = {};
      for (const time of times.values()) followers[time] = (followers[time] ?? 0) + 1;
      return followers;
    },
    duplicates(messageOf = (send) => send.digest) {
      return [...groupsOf(sends, messageOf)].flatMap(([key, group]) => repeatsIn(key, group));
    },
    overlaps: () => [...groupsOf(sends, ({ digest }) => digest).values()].flatMap(overlapsIn),
    receivedBy: (account, openId) =>
      sends.filter((send) => send.account === account && reached(send, openId)).map(summaryOf),
    recipients(which) {
      let sum = 0;
      for (const send of chosen(which)) sum += receivedOf(send);
      return sum;
    },
    previews: () => previews,
    calls(account) {
      const sum: Record<string, number> = {};
      for (const [name, paths] of counts) {
        if (account !== undefined && name !== account) continue;
        for (const [path, times] of paths) sum[path] = (sum[path] ?? 0) + times;
      }
      return sum;
    },
    requests: (path) =>
      calls.filter((call) => path === undefined || call.path === path).slice(-KEPT_CALLS),
    pushes: (msgId) => pushes.filter((push) => msgId === undefined || push.msgId === msgId),
    clear() {
      sends = [];
      calls = [];
      pushes = [];
      previews = [];
      counts.clear();
    },
  };
}

function groupsOf(
  sends: readonly Send[],
  messageOf: (send: Send) => string | undefined,
): Map<string, Send[]> {
  const groups = new Map<string, Send[]>();
  for (const send of sends) {
    const message = messageOf(send);
    if (message === undefined) continue;
    const key = `${send.account} ${message}`;
    groups.set(key, [...(groups.get(key) ?? []), send]);
  }
  return groups;
}

function overlapsIn(group: readonly Send[]): Overlap[] {
  if (group.length < 2) return [];
  const met = new Map<string, Send[]>();
  for (const send of group) {
    forEachReceiver(send.receivers, (openId) => {
      met.set(openId, [...(met.get(openId) ?? []), send]);
    });
  }
  const overlaps = new Map<string, Overlap>();
  for (const those of met.values()) {
    if (those.length < 2) continue;
    const clientMsgIds = those.map(({ clientMsgId = '' }) => clientMsgId);
    const which = clientMsgIds.join(' ');
    const followers = (overlaps.get(which)?.followers ?? 0) + 1;
    overlaps.set(which, { account: group[0]?.account ?? '', clientMsgIds, followers });
  }
  return [...overlaps.values()];
}

function repeatsIn(key: string, group: readonly Send[]): Duplicate[] {
  const times = new Map<string, number>();
  for (const send of group) {
    forEachReceiver(send.receivers, (openId) => {
      times.set(openId, (times.get(openId) ?? 0) + 1);
    });
  }
  const [account = '', ...message] = key.split(' ');
  const repeats: Duplicate[] = [];
  for (const [openId, count] of times) {
    if (count > 1) repeats.push({ account, openId, message: message.join(' '), times: count });
  }
  return repeats;
}

function reached(send: Send, openId: string): boolean {
  if (send.receivers.kind === 'list') return send.receivers.openIds.includes(openId);
  let found = false;
  forEachReceiver(send.receivers, (receiver) => {
    found ||= receiver === openId;
  });
  return found;
}

function receivedOf({ receivers }: Send): number {
  if (receivers.kind === 'list') return receivers.openIds.length;
  return receivers.to - receivers.from - receivers.except.size;
}

function summaryOf(send: Send): SendSummary {
  const { receivers: _receivers, deletedArticles: _deleted, ...summary } = send;
  return { ...summary, deleted: isDeleted(send), received: receivedOf(send) };
}
