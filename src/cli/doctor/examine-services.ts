/** Asks the producer whether it can work, and the callback service what WeChat asks it. */
import { randomBytes } from 'node:crypto';
import { type Dispatcher, getGlobalDispatcher } from 'undici';
import { z } from 'zod';
import type { AccountConfig } from '../../shared/platform/accounts.ts';
import type { Config } from '../../shared/platform/config.ts';
import { exchange, NoAnswerInTime } from '../../shared/platform/exchange.ts';
import { readJsonText } from '../../shared/platform/json-text.ts';
import { SECOND } from '../../shared/platform/time.ts';
import { signatureOf } from '../../shared/wechat/push/check-signature.ts';
import { seal } from '../../shared/wechat/push/cipher.ts';
import { PROBE } from '../../shared/wechat/push/parse-event.ts';
import type { Finding, Findings } from './finding.ts';

const withinMs = 5 * SECOND;

export function addressOf({ host, port }: { host: string; port: number }): string {
  const near = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  return `http://${near.includes(':') ? `[${near}]` : near}:${port}`;
}

export async function examineProducer(base: string, findings: Findings) {
  const { ok, warning, fault, t, language } = findings;
  const { producer: about } = t.about;
  const answer = await exchange(getGlobalDispatcher(), {
    url: new URL(`${base.replace(/\/+$/, '')}/readyz`),
    method: 'GET',
    headers: { 'accept-language': language },
    maxBytes: 1024 * 1024,
    withinMs,
  });
  const found = answer.kind === 'answered' ? findingsIn(answer.body) : null;
  if (answer.kind === 'failed' || found === null) return warning(about, 'producer-away', base);
  if (answer.status === 200) return ok(about, 'producer-fine', base);
  return fault(about, 'producer-unfit', base, found.join(t.semicolon));
}

const Ready = z.object({ findings: z.array(z.string()).default([]) });

/** Null where something else than a producer answered. */
function findingsIn(body: Buffer): readonly string[] | null {
  const read = readJsonText(body.toString());
  return 'value' in read ? (Ready.safeParse(read.value).data?.findings ?? null) : null;
}

interface Dependencies {
  readonly account: AccountConfig;
  readonly callback: Config['callback'];
  readonly dispatcher: Dispatcher;
  readonly now: () => number;
  readonly findings: Findings;
}

/** Nothing where no token is set: that is another finding. */
export async function examineCallback(deps: Dependencies): Promise<Finding[]> {
  const { account, callback, findings } = deps;
  const { ok, warning, fault, t } = findings;
  if (!account.callbackToken) return [];
  const about = t.about.callback(account.name);
  const url = `${callback.publicUrl ?? addressOf(callback)}/wechat/${account.name}`;
  const local = callback.publicUrl ? [] : [warning(about, 'callback-local')];
  const echostr = randomBytes(8).toString('hex');
  const answer = await ask(url, { echostr }, deps);
  if (answer.kind === 'failed') {
    return [fault(about, 'callback-silent', url, describe(answer.error, findings)), ...local];
  }
  if (answer.status !== 200 || answer.body.toString() !== echostr) {
    return [fault(about, 'callback-wrong', url, answer.status), ...local];
  }
  return [ok(about, 'callback-fine'), await examinePush(url, deps), ...local];
}

/** A push without effect, encrypted as WeChat does where a key is set; it is neither forwarded nor noted. */
async function examinePush(url: string, deps: Dependencies): Promise<Finding> {
  const { account, now, findings } = deps;
  const { encodingAesKey, originalId = 'gh_unknown', appId } = account;
  const about = findings.t.about.callback(account.name);
  const seconds = Math.floor(now() / SECOND);
  const message = `<xml><ToUserName>${originalId}</ToUserName><CreateTime>${seconds}</CreateTime><MsgType>event</MsgType><Event>${PROBE}</Event></xml>`;
  const sealed = encodingAesKey && seal(encodingAesKey, { message, appId });
  const answer = await ask(url, { message, sealed }, deps);
  if (answer.kind === 'failed') {
    return findings.fault(about, 'push-silent', url, describe(answer.error, findings));
  }
  return answer.status === 200
    ? findings.ok(about, 'push-fine')
    : findings.fault(about, 'push-wrong', url, answer.status);
}

interface Asked {
  /** To be echoed: what WeChat's console asks. */
  readonly echostr?: string;
  readonly message?: string;
  readonly sealed?: string | undefined;
}

/** Signed as by WeChat; by the nonce the callback service knows that it is not. */
function ask(url: string, { echostr, message, sealed }: Asked, deps: Dependencies) {
  const { account, dispatcher, now } = deps;
  const timestamp = String(Math.floor(now() / SECOND));
  const nonce = `${PROBE}${randomBytes(8).toString('hex')}`;
  const signed = [account.callbackToken ?? '', timestamp, nonce];
  const query = new URLSearchParams({
    signature: signatureOf(signed),
    timestamp,
    nonce,
    ...(echostr && { echostr }),
    ...(sealed && { encrypt_type: 'aes', msg_signature: signatureOf([...signed, sealed]) }),
  });
  return exchange(dispatcher, {
    url: new URL(`${url}?${query}`),
    withinMs,
    ...(echostr
      ? { method: 'GET', maxBytes: 1_024 }
      : {
          method: 'POST',
          headers: { 'content-type': 'text/xml' },
          body: sealed ? `<xml><Encrypt>${sealed}</Encrypt></xml>` : message,
          maxBytes: 0,
        }),
  });
}

function describe(error: unknown, { t }: Findings): string {
  if (error instanceof NoAnswerInTime) return t.noAnswer(withinMs / SECOND);
  const { code, name } = error as NodeJS.ErrnoException;
  return code ?? name;
}
