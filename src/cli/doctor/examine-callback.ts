/** Asks the callback service what WeChat's console asks it: whether this address is ours. */
import { randomBytes } from 'node:crypto';
import type { Dispatcher } from 'undici';
import type { AccountConfig } from '../../shared/platform/accounts.ts';
import type { Config } from '../../shared/platform/config.ts';
import { exchange, NoAnswerInTime } from '../../shared/platform/exchange.ts';
import { SECOND } from '../../shared/platform/time.ts';
import { signatureOf } from '../../shared/wechat/push/check-signature.ts';
import { seal } from '../../shared/wechat/push/cipher.ts';
import { PROBE } from '../../shared/wechat/push/parse-event.ts';
import { addressOf } from './examine-producer.ts';
import { type Finding, fault, ok, warning } from './finding.ts';

interface Dependencies {
  readonly account: AccountConfig;
  readonly callback: Config['callback'];
  readonly dispatcher: Dispatcher;
  readonly now: () => number;
}

/** Nothing where no token is set: that is another finding. */
export async function examineCallback(deps: Dependencies): Promise<Finding[]> {
  const { account, callback } = deps;
  if (!account.callbackToken) return [];
  const about = `callback of ${account.name}`;
  const base = callback.publicUrl ?? addressOf(callback);
  const url = `${base}/wechat/${account.name}`;
  const local = callback.publicUrl
    ? []
    : [
        warning(
          about,
          'CALLBACK_PUBLIC_URL is not set, so only the local address was tried',
          'set it to what stands in WeChat’s console, without /wechat/<account>',
        ),
      ];
  const answer = await ask(url, account.callbackToken, deps);
  if ('error' in answer) {
    const remedy = 'is it running (npm run callback), and is the way to it open?';
    return [fault(about, `${url} does not answer: ${answer.error}`, remedy), ...local];
  }
  if (answer.echoed) {
    return [ok(about, `${url} answers as WeChat wants it to`), await probe(url, deps), ...local];
  }
  return [fault(about, `${url} answers ${answer.status}`, remedyFor(answer.status)), ...local];
}

/** A push that means nothing, sealed as WeChat seals them where a key is set: neither forwarded nor noted. */
async function probe(url: string, { account, dispatcher, now }: Dependencies): Promise<Finding> {
  const about = `callback of ${account.name}`;
  const { callbackToken = '', encodingAesKey, originalId = 'gh_unknown', appId } = account;
  const timestamp = String(Math.floor(now() / SECOND));
  const nonce = aNonce();
  const message = `<xml><ToUserName>${originalId}</ToUserName><CreateTime>${timestamp}</CreateTime><MsgType>event</MsgType><Event>${PROBE}</Event></xml>`;
  const sealed = encodingAesKey && seal(encodingAesKey, { message, appId });
  const query = new URLSearchParams({
    signature: signatureOf([callbackToken, timestamp, nonce]),
    timestamp,
    nonce,
    ...(sealed && {
      encrypt_type: 'aes',
      msg_signature: signatureOf([callbackToken, timestamp, nonce, sealed]),
    }),
  });
  const answer = await exchange(dispatcher, {
    url: new URL(`${url}?${query}`),
    method: 'POST',
    headers: { 'content-type': 'text/xml' },
    body: sealed ? `<xml><Encrypt>${sealed}</Encrypt></xml>` : message,
    maxBytes: 0,
    withinMs: ANSWER_WITHIN,
  });
  if (answer.kind === 'failed') {
    return fault(about, `${url} does not answer a push: ${describe(answer.error)}`, CHANGED);
  }
  const { status } = answer;
  if (status === 200) return ok(about, 'it takes a push as WeChat would make it');
  const what = `${url} answers ${status} to a push`;
  return status === 401 ? fault(about, what, OTHER_KEY) : fault(about, what, CHANGED);
}

const ANSWER_WITHIN = 5 * SECOND;
/** Whatever is longer is no echo. */
const MAX_ECHO = 1_024;

function describe(error: unknown): string {
  if (error instanceof NoAnswerInTime) return error.message;
  const { code, name } = error as NodeJS.ErrnoException;
  return code ?? name;
}

const OTHER_KEY =
  'the callback service has another EncodingAESKey, AppID or original id for this account than stands here: give both the same settings, those of WeChat’s console';
const CHANGED =
  'something between changes the request or the answer: pass /wechat/… on as it is, POST with its body and query';

async function ask(url: string, token: string, { dispatcher, now }: Dependencies) {
  const timestamp = String(Math.floor(now() / SECOND));
  const nonce = aNonce();
  const echostr = randomBytes(8).toString('hex');
  const signature = signatureOf([token, timestamp, nonce]);
  const query = new URLSearchParams({ signature, timestamp, nonce, echostr });
  const answer = await exchange(dispatcher, {
    url: new URL(`${url}?${query}`),
    method: 'GET',
    maxBytes: MAX_ECHO,
    withinMs: ANSWER_WITHIN,
  });
  if (answer.kind === 'failed') return { error: describe(answer.error) };
  const { status, body } = answer;
  return { status, echoed: status === 200 && body.toString() === echostr };
}

/** By it the callback service tells us from WeChat, whose refused pushes it notes. */
const aNonce = (): string => `${PROBE}${randomBytes(8).toString('hex')}`;

function remedyFor(status: number): string {
  if (status === 401) {
    return 'the callback service does not know this account, or has another token for it: give both the same settings; or its clock is wrong';
  }
  if (status === 404) {
    return 'something else is at that address: pass /wechat/… on to the callback service as it is';
  }
  return CHANGED;
}
