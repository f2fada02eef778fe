/** Asks the callback service what WeChat's console asks it: whether this address is ours. */
import { randomBytes } from 'node:crypto';
import { type Dispatcher, request } from 'undici';
import type { AccountConfig } from '../../shared/platform/accounts.ts';
import type { Config } from '../../shared/platform/config.ts';
import { SECOND } from '../../shared/platform/time.ts';
import { signatureOf } from '../../shared/wechat/push/check-signature.ts';
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
  if (answer.echoed) return [ok(about, `${url} answers as WeChat wants it to`), ...local];
  return [fault(about, `${url} answers ${answer.status}`, remedyFor(answer.status)), ...local];
}

async function ask(url: string, token: string, { dispatcher, now }: Dependencies) {
  const timestamp = String(Math.floor(now() / SECOND));
  const nonce = randomBytes(8).toString('hex');
  const echostr = randomBytes(8).toString('hex');
  const signature = signatureOf([token, timestamp, nonce]);
  const query = new URLSearchParams({ signature, timestamp, nonce, echostr });
  try {
    const { statusCode, body } = await request(`${url}?${query}`, {
      dispatcher,
      signal: AbortSignal.timeout(5 * SECOND),
    });
    const text = (await body.text()).slice(0, 1_000);
    return { status: statusCode, echoed: statusCode === 200 && text === echostr };
  } catch (error) {
    const { code, name } = error as NodeJS.ErrnoException;
    return { error: code ?? name };
  }
}

function remedyFor(status: number): string {
  if (status === 401) {
    return 'the callback service does not know this account, or has another token for it: give both the same settings; or its clock is wrong';
  }
  if (status === 404) {
    return 'something else is at that address: pass /wechat/… on to the callback service as it is';
  }
  return 'something between changes the request or the answer: pass /wechat/… on as it is, with its query';
}
