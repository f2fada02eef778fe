/** One HTTP request to the WeChat side: faults, answer, record. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { isRefusal, type Reply, refusal, toJson, withSuffix } from './answer.ts';
import { accountOfToken, answerCall, isMediaCall, takesFile } from './api.ts';
import type { CallInQuestion, Fault } from './fault.ts';
import { changeFollowers, SPOILED_TEXT, spoiledPage } from './spoiled-answer.ts';
import { accountAsking, answerTokenCall, TOKEN_PATHS } from './token-calls.ts';
import type { World } from './world.ts';

const SMALL_BODY = 4 * 1024;
const SECRETS: readonly string[] = ['access_token', 'secret'];
const MASS_SENDS: readonly string[] = ['message/mass/send', 'message/mass/sendall'];
const BAD_GATEWAY = '<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body></body></html>';
const LOGIN_PAGE = '<!DOCTYPE html><html><body>Please log in to this network.</body></html>';

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
  readonly body: Buffer;
}

/** What became of the answer. */
type Ending = { readonly status: number | 'silent' | 'reset'; readonly errcode: number };

export function makeWechatSide(world: World) {
  /** The page before, of each account and call. */
  const lastPages = new Map<string, Reply>();

  return async function onWechatCall(exchange: Exchange): Promise<void> {
    const { request, url, body } = exchange;
    const method = request.method ?? 'GET';
    // Any host and any prefix will do: early uploadvideo had a host of its own.
    const path = url.pathname.replace(/^.*\/(?:cgi-bin\/|(?=datacube\/))/, '').replace(/\/$/, '');
    const isTokenCall = TOKEN_PATHS.includes(path);
    const query = url.searchParams;
    const account = isTokenCall
      ? accountAsking(path, { method, query, body }, world)
      : accountOfToken(query, world.accounts);
    const call: CallInQuestion = { account: account?.name ?? '', path, body };
    const fired: string[] = [];
    const pageKey = `${call.account} ${path}`;
    const startedAt = world.now();
    const clientMsgId = clientMsgIdIn(path, body);

    const ending = await converse();
    world.ledger.addCall({
      startedAt,
      at: world.now(),
      account: call.account,
      method,
      path,
      query: Object.fromEntries([...query].filter(([name]) => !SECRETS.includes(name))),
      bytes: body.length,
      ...(clientMsgId !== undefined && { clientMsgId }),
      ...(isKept(path, body) && { body: body.toString() }),
      ...ending,
      faults: fired,
    });

    async function converse(): Promise<Ending> {
      let spoiled: Reply | undefined;
      for (const fault of world.faults.before(call)) {
        fired.push(fault.name);
        const effect = await applyBefore(fault);
        if (effect === 'stop-silent') return { status: 'silent', errcode: 0 };
        if (effect === 'stop-reset') return reset();
        if (fault.name === 'raw-answer') return raw(fault);
        if (typeof effect === 'object') spoiled = effect;
        if (typeof effect === 'string' && effect.startsWith('<')) return html(fault, effect);
      }
      const reply = spoiled ?? (await processed());
      return answerThroughFaults(reply);
    }

    async function processed(): Promise<Reply> {
      if (isTokenCall) return answerTokenCall(path, { method, query, body }, world);
      return answerCall(method, { world, path, query, headers: request.headers, body });
    }

    async function applyBefore(fault: Fault): Promise<Reply | string | undefined> {
      switch (fault.name) {
        case 'silent-before':
          return 'stop-silent';
        case 'reset-before':
          return 'stop-reset';
        case 'status-502':
          return BAD_GATEWAY;
        case 'html-answer':
          return LOGIN_PAGE;
        case 'errcode':
          return refusalOf(fault);
        case 'key-taken':
          return refusal(45065, takenId(fault));
        case 'followers-change':
          if (account) changeFollowers(account, fault);
          return undefined;
        case 'token-replaced':
          account?.tokens.replaceAll(fault.stale);
          return undefined;
        case 'token-expired':
          account?.tokens.expireAll();
          return undefined;
        case 'media-expired':
          account?.media.expire();
          return undefined;
        case 'slow':
          await sleep(fault.afterMs ?? 0);
          return undefined;
        case 'hold':
          return (await world.faults.wait(fault, call)) ? undefined : 'stop-reset';
        default:
          return undefined;
      }
    }

    function takenId({ msgId = 'none' }: Fault): Readonly<Record<string, unknown>> {
      const id = msgId === 'latest' ? account?.lastSend?.msgId : msgId;
      return id === undefined || id === 'none' ? {} : { msg_id: BigInt(id) };
    }

    async function answerThroughFaults(reply: Reply): Promise<Ending> {
      const errcode = reply.errcode ?? 0;
      for (const fault of world.faults.after(call, reply)) {
        fired.push(fault.name);
        switch (fault.name) {
          case 'hold':
            if (!(await world.faults.wait(fault, call))) return reset();
            break;
          case 'silent-after-accepting':
            if (fault.afterMs === undefined) return { status: 'silent', errcode };
            await sleep(fault.afterMs);
            break;
          case 'reset-after-accepting':
            return reset();
          case 'status-502':
            return html(fault, BAD_GATEWAY);
          case 'html-answer':
            return html(fault, LOGIN_PAGE);
          case 'errcode':
            return answer(refusalOf(fault));
          case 'raw-answer':
            return raw(fault);
          default:
            return answer(
              spoiledPage(fault, reply, lastPages.get(pageKey)),
              SPOILED_TEXT[fault.name],
            );
        }
      }
      return answer(reply);
    }

    function answer(reply: Reply, spoil = (text: string) => text): Ending {
      const { response } = exchange;
      const refused = isRefusal(reply);
      if (path === 'user/get' || path === 'user/tag/get') lastPages.set(pageKey, reply);
      const sent = spoil(toJson(refused ? withSuffix(reply, world.now()) : reply));
      const plain = refused || isMediaCall(path);
      response.writeHead(200, {
        'content-type': plain ? 'text/plain' : 'application/json; encoding=utf-8',
        'content-length': Buffer.byteLength(sent),
      });
      response.end(sent);
      return { status: 200, errcode: reply.errcode ?? 0 };
    }

    function raw({ text = '' }: Fault): Ending {
      exchange.response.writeHead(200, { 'content-type': 'text/plain' }).end(text);
      return { status: 200, errcode: 0 };
    }

    function html(fault: Fault, page: string): Ending {
      const status = fault.name === 'html-answer' ? 200 : (fault.status ?? 502);
      exchange.response.writeHead(status, { 'content-type': 'text/html' }).end(page);
      return { status, errcode: 0 };
    }

    function reset(): Ending {
      request.socket.resetAndDestroy();
      return { status: 'reset', errcode: 0 };
    }
  };

  function isKept(path: string, body: Buffer): boolean {
    const { keepBodies } = world.rules;
    if (keepBodies === 'none' || takesFile(path) || TOKEN_PATHS.includes(path)) return false;
    return keepBodies === 'all' || body.length <= SMALL_BODY;
  }
}

/** The body may be half a megabyte of OpenIDs, and a fault may come before it is read. */
function clientMsgIdIn(path: string, body: Buffer): string | undefined {
  if (!MASS_SENDS.includes(path)) return undefined;
  const from = body.indexOf('"clientmsgid"');
  if (from < 0) return undefined;
  return /^"clientmsgid"\s*:\s*"([^"]*)"/.exec(body.toString('latin1', from, from + 100))?.[1];
}

function refusalOf({ errcode = -1, errmsg, msgId }: Fault): Reply {
  const stem = refusal(errcode);
  const id = msgId !== undefined && /^\d+$/.test(msgId) ? { msg_id: BigInt(msgId) } : {};
  return { ...stem, ...(errmsg !== undefined && { errmsg }), ...id };
}
