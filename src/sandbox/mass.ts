/** message/mass/sendall and message/mass/send: the two calls that cannot be taken back. */
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Accepted, accept, planEvent } from './accepted-send.ts';
import type { Account, KeyUse } from './account.ts';
import { isRefusal, type Refusal, type Reply, refusal } from './answer.ts';
import { findMedia, type Message, readMessage } from './message.ts';
import type { Rules } from './options.ts';
import type { Unit } from './quotas.ts';
import { type Recipients, readFilter, readOpenIds } from './recipients.ts';
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

  await planEvent(reply, account, world);
  const { msgId, msgDataId } = reply.send;
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
): Refusal | Accepted {
  const { rules } = world;
  const message = readMessage(json, route, rules);
  if (isRefusal(message)) return message;
  const recipients =
    route === 'send'
      ? readOpenIds(json.touser, account, rules)
      : readFilter(json.filter, account, rules);
  if (isRefusal(recipients)) return recipients;

  const media = findMedia(message, account, world);
  if (isRefusal(media) && rules.switches.keyJudged === 'after-media') return media;
  const key = keyOf(json.clientmsgid, recipients, message, world);
  if (isRefusal(key)) return key;
  const use = key.map((name) => repeatOf(name, account, world)).find((found) => found);
  if (isRefusal(use)) return use;

  const units = unitsOf(recipients, account, rules);
  const noneLeft = units.every((unit) => account.quotas.has(unit)) ? undefined : refusal(45028);
  const refused = isRefusal(media) ? media : noneLeft;
  if (refused || isRefusal(media)) {
    if (rules.switches.keyUsedByRefusals) remember(key, account, world, undefined);
    return refused ?? refusal(-1);
  }

  for (const unit of units) account.quotas.takeUnit(unit);
  const faults = world.faults.ofEvent({ account: account.name, path, body });
  const clientMsgId = typeof json.clientmsgid === 'string' ? json.clientmsgid : undefined;
  const asked = { account, world, path, clientMsgId, message, recipients, media, units, faults };
  const accepted = accept(asked);
  remember(key, account, world, accepted.send);
  return accepted;
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

/** The quotas that a successful send draws on; without one left it is 45028. */
function unitsOf(
  { everyone = false }: Recipients,
  { kind }: Account,
  { switches }: Rules,
): readonly Unit[] {
  if (kind === 'subscription') return ['subscriptionPerDay'];
  const counts = everyone || switches.serviceUnits === 'every-send';
  return counts ? ['everyonePerDay', 'everyonePerMonth'] : [];
}
