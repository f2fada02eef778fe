/** message/mass/sendall and message/mass/send: the two calls that cannot be taken back. */
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Account, KeyUse } from './account.ts';
import { isRefusal, type Refusal, type Reply, refusal } from './answer.ts';
import type { Fault } from './fault.ts';
import type { Media } from './media-shelf.ts';
import { digestOf, findMedia, type Message, readMessage } from './message.ts';
import { deliver, type Fate, type Recipients, readFilter, readOpenIds } from './recipients.ts';
import type { Send } from './send.ts';
import type { AccountCall, Endpoints, World } from './world.ts';

export const massEndpoints: Endpoints = {
  'message/mass/sendall': {
    method: 'POST',
    takes: 'json',
    admits: (call) => withinBudget(call.account, call.world, 'sendall'),
    handle: (call) => submit(call, 'sendall'),
  },
  'message/mass/send': {
    method: 'POST',
    takes: 'json',
    admits: ({ account, world }) =>
      account.kind === 'service' ? withinBudget(account, world, 'send') : refusal(48001),
    handle: (call) => submit(call, 'send'),
  },
};

function withinBudget(account: Account, { rules }: World, route: string): Refusal | undefined {
  const lane = rules.switches.massBudgetShared ? '' : route;
  if (!account.quotas.takeOfMinute(lane)) return refusal(rules.switches.minuteErrcode);
  if (!account.quotas.take('massPerDay', lane)) return refusal(45009);
  return undefined;
}

async function submit(call: AccountCall, route: 'sendall' | 'send'): Promise<Reply> {
  const { world, account } = call;
  const reply = decide(call, route);
  if (world.rules.pace.submitLatencyMs > 0) await sleep(world.rules.pace.submitLatencyMs);
  if (isRefusal(reply)) return reply;

  const { send, faults } = reply;
  await planEvent(send, account, world, faults);
  const { msgId, msgDataId } = send;
  return {
    errcode: 0,
    errmsg: 'send job submission success',
    msg_id: BigInt(msgId),
    ...(msgDataId !== undefined && { msg_data_id: BigInt(msgDataId) }),
  };
}

/** Accepts or refuses; nothing is awaited, so two calls with one key cannot both pass. */
function decide(
  { account, world, json, path, body }: AccountCall,
  route: 'sendall' | 'send',
): Refusal | { send: Send; faults: readonly Fault[] } {
  const { rules } = world;
  const message = readMessage(json, route, rules);
  if (isRefusal(message)) return message;
  const recipients =
    route === 'send'
      ? readOpenIds(json.touser, account, rules)
      : readFilter(json.filter, account, rules);
  if (isRefusal(recipients)) return recipients;

  const key = keyOf(json.clientmsgid, recipients, message, world);
  if (isRefusal(key)) return key;
  const use = key.map((name) => repeatOf(name, account, world)).find((found) => found);
  if (isRefusal(use)) return use;

  const media = findMedia(message, account, rules);
  const refused = isRefusal(media) ? media : outOfQuota(recipients, account);
  if (refused || isRefusal(media)) {
    if (rules.switches.keyUsedByRefusals) remember(key, account, world, undefined);
    return refused ?? refusal(-1);
  }

  if (account.kind === 'subscription') account.quotas.take('subscriptionPerDay');
  else if (recipients.everyone) account.quotas.takeOfMonth('everyonePerMonth');
  const faults = world.faults.ofEvent({ account: account.name, path, body });
  const clientMsgId = typeof json.clientmsgid === 'string' ? json.clientmsgid : undefined;
  const send = accept({ account, world, path, clientMsgId, message, recipients, media, faults });
  remember(key, account, world, send);
  return { send, faults };
}

/**
 * The names under which a send is remembered: the caller's key, or else one computed from audience
 * and content; both, if the switch says that content counts in any case.
 */
function keyOf(
  given: unknown,
  recipients: Recipients,
  message: Message,
  { rules: { switches } }: World,
): readonly string[] | Refusal {
  if (given !== undefined && typeof given !== 'string') return refusal(45067);
  if (Buffer.byteLength(given ?? '') > switches.clientMsgIdMaxBytes) return refusal(45067);
  if (!switches.clientMsgIdHonoured) return [];
  if (given && switches.contentCompared === 'no') return [`given ${given}`];
  const derived = createHash('sha256').update(`${message.msgtype}\n`);
  if (switches.contentCompared !== 'alone') {
    derived.update(recipients.label);
    if (recipients.who.kind === 'list') derived.update(recipients.who.openIds.join());
  }
  derived.update(`\n${message.mediaIds.join()}\n${message.text}`);
  const content = `content ${derived.digest('hex')}`;
  return given ? [`given ${given}`, content] : [content];
}

function repeatOf(key: string, account: Account, { rules, now }: World): Refusal | undefined {
  const { pace, switches } = rules;
  const use = account.keys.get(key);
  if (!use) return undefined;
  const since = switches.keyRepeatCountsFrom === 'last-call' ? use.lastAt : use.firstAt;
  const tooFast = now() - since < pace.keyRepeatMs;
  if (use.send && now() - use.send.at >= pace.keyMemoryMs) {
    account.keys.delete(key);
    return undefined;
  }
  use.lastAt = now();
  if (tooFast) return refusal(45066);
  return use.send && refusal(45065, { msg_id: BigInt(use.send.msgId) });
}

function remember(
  keys: readonly string[],
  account: Account,
  { now }: World,
  send: Send | undefined,
): void {
  for (const key of keys) {
    const use: KeyUse = account.keys.get(key) ?? { firstAt: now(), lastAt: now(), send };
    use.send = send;
    use.lastAt = now();
    account.keys.set(key, use);
  }
}

function outOfQuota(recipients: Recipients, account: Account): Refusal | undefined {
  const { quotas, kind } = account;
  if (kind === 'subscription') return quotas.has('subscriptionPerDay') ? undefined : refusal(45028);
  return !recipients.everyone || quotas.has('everyonePerMonth') ? undefined : refusal(45028);
}

function accept({
  account,
  world,
  path,
  clientMsgId,
  message,
  recipients,
  media,
  faults,
}: {
  account: Account;
  world: World;
  path: string;
  clientMsgId: string | undefined;
  message: Message;
  recipients: Recipients;
  media: readonly Media[];
  faults: readonly Fault[];
}): Send {
  const { rules, now, ledger } = world;
  const at = now();
  const { status, fate } = outcomeOf(faults, rules.switches.statusSpelling);
  const articles = media.flatMap((one) => one.articles ?? []);
  // The second id came in 2015, for articles only.
  const hasDataId = message.msgtype === 'mpnews' && rules.protocol !== '2014';
  const send: Send = {
    account: account.name,
    path,
    at,
    msgId: String(account.nextMsgId),
    msgDataId: hasDataId ? String(account.nextDataId) : undefined,
    clientMsgId,
    msgtype: message.msgtype,
    audience: recipients.label,
    digest: digestOf(message, media),
    recipients:
      recipients.who.kind === 'list'
        ? recipients.who.openIds.length
        : recipients.who.to - recipients.who.from,
    ...deliver(recipients, account, fate),
    status,
    articles: articles.map(({ title }) => title),
    finishesAt: at + rules.pace.pushDelayMs,
    finished: false,
    deleted: false,
  };
  account.nextMsgId += 1n;
  if (hasDataId) account.nextDataId += 1n;
  account.lastSend = send;
  for (const one of media) {
    one.timesSent += 1;
    const dies = rules.switches.draftDies;
    if (one.kind !== 'draft' || dies === 'never') continue;
    if (dies === 'at-submit') account.media.remove(one.id);
    else world.pusher.later(rules.pace.pushDelayMs, () => void account.media.remove(one.id));
  }
  ledger.addSend(send);
  return send;
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
async function planEvent(
  send: Send,
  account: Account,
  { rules, pusher }: World,
  faults: readonly Fault[],
): Promise<void> {
  const named = (name: Fault['name']) => faults.find((fault) => fault.name === name);
  const copies = named('event-duplicate') ? (named('event-duplicate')?.copies ?? 3) : 1;
  const push = async (): Promise<void> => {
    for (let copy = 0; copy < copies; copy += 1) await pusher.pushSend(account, send);
  };
  const finish = (): void => {
    send.finished = true;
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
