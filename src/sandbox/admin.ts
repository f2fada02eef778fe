/**
 * `/sandbox/…`: the options, the faults, the ledger and the events for whoever is in another process.
 * Not for strangers: a sandbox that listens on one machine answers that machine, one that listens
 * on every interface, as in a container, its private network.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Account } from './account.ts';
import { toJson } from './answer.ts';
import { PATHS } from './api.ts';
import { FAULTS } from './fault.ts';
import { readFault } from './fault-details.ts';
import { describeAllowed } from './option.ts';
import { change, OPTIONS, valuesOf } from './options.ts';
import { summaryPage } from './summary-page.ts';
import { TOKEN_PATHS } from './token-calls.ts';
import { isRecord, type World } from './world.ts';

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
  readonly body: Buffer;
}

interface AdminCall {
  readonly query: URLSearchParams;
  readonly given: Readonly<Record<string, unknown>>;
}

type Handler = (call: AdminCall) => unknown;

const DUPLICATES_SHOWN = 100;

/** @param host that the sandbox listens on. */
export function makeAdmin(world: World, host: string) {
  const { ledger, faults, pusher, accounts } = world;

  /** All, where none is named. */
  function chosen(name: unknown): readonly Account[] {
    if (!name) return accounts;
    const found = accounts.filter((account) => account.name === name);
    if (found.length === 0) throw new TypeError(`no account is named ${String(name)}`);
    return found;
  }

  const ofAccount = (query: URLSearchParams) => (send: { account: string }) =>
    !query.get('account') || send.account === query.get('account');

  const ROUTES: Readonly<Record<string, Handler>> = {
    'GET accounts': ({ query }) => chosen(query.get('account')).map(summaryOf),
    'GET ledger': ({ query }) => {
      const prefix = query.get('prefix') ?? '';
      const which = (send: { account: string; clientMsgId: string | undefined }) =>
        ofAccount(query)(send) && (send.clientMsgId ?? '').startsWith(prefix);
      const duplicates = ledger
        .duplicates((send) => (which(send) ? send.digest : undefined))
        .slice(0, DUPLICATES_SHOWN);
      return {
        sends: ledger.sends(which).length,
        recipients: ledger.recipients(which),
        messagesPerFollower: ledger.messagesPerFollower(which),
        duplicates,
      };
    },
    'GET overlaps': () => ledger.overlaps(),
    'GET sends': ({ query }) => ledger.sends(ofAccount(query)),
    'GET calls': ({ query }) => ledger.calls(query.get('account') ?? undefined),
    'GET requests': ({ query }) => ledger.requests(query.get('path') ?? undefined),
    'GET pushes': ({ query }) => ledger.pushes(query.get('msgId') ?? undefined),
    'GET previews': () => ledger.previews(),
    'DELETE ledger': () => done(() => ledger.clear()),

    'GET options': () => valuesOf(world.rules),
    'GET options/all': () =>
      Object.entries(OPTIONS).map(([name, option]) => ({
        name,
        value: valuesOf(world.rules)[name],
        default: option.initial,
        allowed: describeAllowed(option),
        about: option.about,
      })),
    'PUT options': ({ given }) => {
      change(world.rules, given);
      return valuesOf(world.rules);
    },

    'GET faults/all': () => FAULTS,
    'GET faults': () => faults.list(),
    'PUT faults': ({ given }) => setFault(given),
    'DELETE faults': () => done(() => faults.clear()),
    'POST faults/release': ({ given }) => ({ released: faults.release(Number(given.id)) }),

    'POST events': ({ given }) => pushEvent(given),
    'POST events/push-all': async () => ({ pushed: await pusher.pushAll() }),
    'POST callback/check': async ({ given }) => ({
      ok: await pusher.checkAddress(String(given.account)),
    }),

    'POST followers': ({ given }) => changeFollowers(given),
    'POST tokens/expire': ({ given }) =>
      done(() => {
        for (const { tokens } of chosen(given.account)) {
          if (given.as === 'replaced') tokens.replaceAll();
          else tokens.expireAll();
        }
      }),
    'POST media/expire': ({ given }) =>
      done(() => {
        const id = typeof given.media_id === 'string' ? given.media_id : undefined;
        for (const { media } of chosen(given.account)) media.expire(id);
      }),
    'POST reset-quota': ({ given }) =>
      done(() => {
        for (const { quotas, monthly } of chosen(given.account)) {
          quotas.forget();
          monthly.forget();
        }
      }),
  };

  function summaryOf(account: Account) {
    const { name, appId, originalId, kind, callbackUrl, pushMode, followers, quotas } = account;
    return {
      name,
      appId,
      originalId,
      kind,
      callbackUrl,
      pushMode,
      followers: followers.count,
      massCallsToday: quotas.used('massPerDay'),
      media: account.media.all().length,
      sends: ledger.sends((send) => send.account === name).length,
    };
  }

  function setFault(given: AdminCall['given']) {
    const { name, details } = readFault(given, {
      accounts: accounts.map((account) => account.name),
      paths: [...PATHS, ...TOKEN_PATHS],
    });
    const { id } = name === 'hold' ? faults.hold(details) : faults.set(name, details);
    return { id };
  }

  /** `{account, join, leave}`: so many that are made up, or OpenIDs; at the end, from the end. */
  function changeFollowers({ account, join = [], leave = [] }: AdminCall['given']) {
    const [one, ...others] = chosen(account);
    if (!one || others.length > 0) throw new TypeError('say which account');
    const { followers } = one;
    followers.leave(
      typeof leave === 'number'
        ? followers.slice(0, followers.positions).slice(-leave || followers.positions)
        : openIdsIn(leave),
    );
    followers.join(typeof join === 'number' ? join : openIdsIn(join));
    return { followers: followers.count };
  }

  /** `{account, msg_id, times?}` repeats a send's event; `{account, fields | xml}` pushes anything. */
  async function pushEvent({ account, msg_id, times = 1, fields, xml }: AdminCall['given']) {
    const name = String(account);
    const taken: boolean[] = [];
    for (let i = 0; i < Number(times); i += 1) {
      if (msg_id !== undefined) taken.push(await pusher.push(name, String(msg_id)));
      else taken.push(await pusher.pushFields(name, (fields ?? xml) as string));
    }
    return { taken };
  }

  return async function onAdminCall(exchange: Exchange): Promise<void> {
    const { request, response, url, body } = exchange;
    const from = request.socket.remoteAddress;
    const isNear = isLoopback(from) || (!isLoopback(host) && isPrivate(from));
    // A page of another site, in a browser on this machine, is a stranger, too.
    if (!isNear || request.headers['sec-fetch-site'] === 'cross-site') {
      response.writeHead(403).end();
      return;
    }
    const path = url.pathname.replace(/^\/(sandbox\/?)?/, '');
    if (path === '' && request.method === 'GET') {
      showSummary(exchange);
      return;
    }
    const handle = ROUTES[`${request.method} ${path}`];
    if (!handle) {
      answer(response, 404, { error: 'no such address', addresses: Object.keys(ROUTES) });
      return;
    }
    try {
      const given: unknown = body.length > 0 ? JSON.parse(body.toString()) : {};
      const result = await handle({ query: url.searchParams, given: isRecord(given) ? given : {} });
      answer(response, 200, result);
    } catch (error) {
      answer(response, 400, { error: error instanceof Error ? error.message : String(error) });
    }
  };

  function showSummary({ request, response }: Exchange): void {
    const summary = {
      accounts: accounts.map(summaryOf),
      calls: ledger.calls(),
      messagesPerFollower: ledger.messagesPerFollower(),
      sends: ledger.sends().slice(-50),
      faults: faults.list(),
    };
    if (request.headers.accept?.includes('text/html')) {
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
      response.end(summaryPage(summary));
    } else {
      answer(response, 200, summary);
    }
  }
}

function done(work: () => void): { ok: true } {
  work();
  return { ok: true };
}

function answer(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(`${toJson(value) ?? 'null'}\n`);
}

function openIdsIn(value: unknown): readonly string[] {
  const isList = Array.isArray(value) && value.every((openId) => typeof openId === 'string');
  if (!isList) throw new TypeError('followers are a number or a list of OpenIDs');
  return value;
}

export const isLoopback = (address = ''): boolean =>
  address === '::1' || address === 'localhost' || /^(::ffff:)?127\./.test(address);

/** Of a container's or a home's network. */
export const isPrivate = (address = ''): boolean =>
  /^(::ffff:)?(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.)/.test(address) ||
  /^f[cd][0-9a-f]{2}:/i.test(address);
