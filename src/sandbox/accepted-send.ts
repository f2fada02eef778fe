/** What follows from accepting a send: its record, its receivers, its event. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Account } from './account.ts';
import type { EventChanges } from './event-body.ts';
import type { Fault } from './fault.ts';
import type { Media } from './media-shelf.ts';
import { digestOf, type Message } from './message.ts';
import type { Unit } from './quotas.ts';
import { deliver, type Fate, type Recipients } from './recipients.ts';
import { NOBODY, NOTHING, type Send } from './send.ts';
import type { World } from './world.ts';

const HOUR = 60 * 60 * 1_000;

export interface Accepted {
  readonly send: Send;
  readonly faults: readonly Fault[];
  /** What is left to do when the send is done. */
  readonly finish: () => void;
}

export interface Asked {
  readonly account: Account;
  readonly world: World;
  readonly path: string;
  readonly clientMsgId: string | undefined;
  readonly message: Message;
  readonly recipients: Recipients;
  readonly media: readonly Media[];
  /** The quotas that the send drew on. */
  readonly units: readonly Unit[];
  readonly faults: readonly Fault[];
}

export function accept(asked: Asked): Accepted {
  const { account, world, message, recipients, media, units, faults } = asked;
  const { rules, now, ledger } = world;
  const { switches } = rules;
  const at = now();
  const { status, fate } = outcomeOf(faults, switches.statusSpelling);
  // The second id came in 2015, for articles only.
  const hasDataId =
    (message.msgtype === 'mpnews' && switches.protocol !== '2014') ||
    (message.msgtype === 'image' && switches.imagesHaveDataId);
  const { who } = recipients;
  const send: Send = {
    account: account.name,
    path: asked.path,
    at,
    msgId: String(account.nextMsgId),
    msgDataId: hasDataId ? String(account.nextDataId) : undefined,
    clientMsgId: asked.clientMsgId,
    msgtype: message.msgtype,
    audience: recipients.label,
    digest: digestOf(message, media),
    mediaIds: message.mediaIds,
    recipients: who.kind === 'list' ? who.openIds.length : who.to - who.from,
    receivers: NOBODY,
    counts: NOTHING,
    status,
    articles: media.flatMap((one) => one.articles ?? []).map(({ title }) => title),
    finishesAt: at + rules.pace.pushDelayMs,
    finished: false,
    deletedArticles: new Set(),
  };
  const resolve = (): void => void Object.assign(send, deliver(recipients, account, fate));
  const isLate = switches.membersResolved === 'at-processing' && who.kind === 'range';
  if (!isLate) resolve();
  account.nextMsgId += 1n;
  if (hasDataId) account.nextDataId += 1n;
  account.lastSend = send;
  for (const one of media) useUp(one, account, world);
  ledger.addSend(send);
  return {
    send,
    faults,
    finish() {
      if (isLate) resolve();
      send.finished = true;
      if (fate === 'delivered' || !switches.failedSendGivesBack) return;
      for (const unit of units) account.quotas.giveBack(unit);
    },
  };
}

function useUp(media: Media, account: Account, { rules, pusher }: World): void {
  media.timesSent += 1;
  const dies = rules.switches.draftDies;
  if (media.kind !== 'draft' || dies === 'never') return;
  if (dies === 'at-submit') account.media.remove(media.id);
  else pusher.later(rules.pace.pushDelayMs, () => void account.media.remove(media.id));
}

function outcomeOf(faults: readonly Fault[], success: string): { status: string; fate: Fate } {
  if (faults.some(({ name }) => name === 'event-sent-zero')) {
    return { status: success, fate: 'failed-for-all' };
  }
  const status = faults.find(({ name }) => name === 'event-status')?.eventStatus ?? success;
  const plain = status.toLowerCase().replaceAll(' ', '');
  if (plain === 'sendsuccess') return { status, fate: 'delivered' };
  return { status, fate: plain === 'sendfail' ? 'failed-for-all' : 'refused' };
}

/** Pushes the event when the send is done, or as the faults say. */
export async function planEvent(
  { send, faults, finish }: Accepted,
  account: Account,
  world: World,
): Promise<void> {
  const { rules, pusher } = world;
  const named = (name: Fault['name']) => faults.find((fault) => fault.name === name);
  const copies = named('event-duplicate') ? (named('event-duplicate')?.copies ?? 3) : 1;
  const odd = named('event-counts');
  const again = named('event-again') ?? named('event-older');
  const push = async (): Promise<void> => {
    const changes = odd ? { counts: odd.counts ?? impossibleCounts(send) } : {};
    for (let copy = 0; copy < copies; copy += 1) await pusher.pushSend(account, send, changes);
    if (!again) return;
    pusher.later(again.afterMs ?? 0, () => pusher.pushSend(account, send, changesOf(again)));
  };

  if (rules.switches.pushes === 'by-hand' || named('event-never')) {
    pusher.holdBack(account, send);
    pusher.later(rules.pace.pushDelayMs, finish);
    return;
  }
  if (named('event-early')) {
    finish();
    // A callback server that is away must not hold the answer back for ever.
    await Promise.race([push(), sleep(rules.pace.pushTimeoutMs)]);
    return;
  }
  const extra = named('event-late')?.afterMs ?? 0;
  pusher.later(rules.pace.pushDelayMs, finish);
  pusher.later(rules.pace.pushDelayMs + extra, push);
}

/** More than there can be: a thousand times those who were asked for. */
const impossibleCounts = ({ recipients }: Send) => {
  const total = 1_000 * Math.max(1, recipients);
  return { total, filter: total, sent: total, error: 0 };
};

/** Another copy of an event, which says something else of the same send. */
function changesOf(fault: Fault): EventChanges {
  const isOlder = fault.name === 'event-older';
  return {
    status: fault.eventStatus ?? (isOlder ? 'send fail' : 'err(10001)'),
    counts: { ...NOTHING, ...fault.counts },
    createdAgoMs: fault.createdAgoMs ?? (isOlder ? HOUR : 0),
  };
}
