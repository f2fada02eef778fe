/** One account at WeChat: a token, and what is left of its day. Nothing else is called. */
import { hostname } from 'node:os';
import type { Dispatcher } from 'undici';
import type { AccountConfig } from '../../shared/platform/accounts.ts';
import type { Config } from '../../shared/platform/config.ts';
import { type Answer, makeWechatClient } from '../../shared/wechat/client.ts';
import { meaningOf } from '../../shared/wechat/errcodes.ts';
import { apiQuota } from '../../shared/wechat/quota.ts';
import { isUnreadable, silenceWords } from '../../shared/wechat/silence.ts';
import { fetchStableToken } from '../../shared/wechat/tokens.ts';
import { type Finding, fault, ok, warning } from './finding.ts';

interface Dependencies {
  readonly account: AccountConfig;
  readonly config: Pick<Config, 'wechat' | 'pace'>;
  readonly dispatcher: Dispatcher;
  /** Told of each call that is really made. */
  readonly called: (what: string) => void;
}

export async function examineWechat(deps: Dependencies): Promise<Finding[]> {
  const { account, config, dispatcher, called } = deps;
  const { baseUrl, era } = config.wechat;
  const timeoutMs = config.pace.submitTimeoutMs;
  const about = `account ${account.name}`;
  called(account.accessTokenUrl ? 'your token centre' : 'stable_token');
  const token = await fetchStableToken({ baseUrl, dispatcher, timeoutMs, account });
  if (token.kind !== 'ok') return [noToken(about, token, deps)];
  const good = ok(about, 'AppID, secret and this address are accepted: a token was given');

  const client = makeWechatClient({
    baseUrl,
    era,
    dispatcher,
    timeoutMs,
    tokens: {
      get: () => Promise.resolve({ kind: 'ok', value: token.value.token }),
      drop: () => Promise.resolve(),
    },
  });
  const path = account.kind === 'service' ? 'message/mass/send' : 'message/mass/sendall';
  called('openapi/quota/get');
  const quota = await apiQuota(client, `/cgi-bin/${path}`);
  if (quota.kind !== 'ok') {
    return [good, warning(about, `WeChat does not say what is left of ${path}: ${whyNot(quota)}`)];
  }
  const { remaining, dailyLimit } = quota.value;
  const sentence = `WeChat says that ${remaining} of ${dailyLimit} calls of ${path} are left today`;
  return [good, remaining > 0 ? ok(about, sentence) : warning(about, sentence, 'campaigns wait')];
}

type No = Exclude<Answer<never>, { kind: 'ok' }>;

function noToken(about: string, answer: No, { account, config }: Dependencies): Finding {
  if (answer.kind !== 'refused') {
    const where = account.accessTokenUrl ? 'the token centre' : config.wechat.baseUrl;
    const remedy = isUnreadable(answer)
      ? 'does something else answer in its place? A proxy’s own page, a firewall, or a wrong address'
      : 'can this host reach it? HTTPS_PROXY and WECHAT_API_BASE_URL say by which way';
    return fault(about, `${where} gives no token: ${silenceWords(answer, 'en')}`, remedy);
  }
  const { errcode, errmsg } = answer;
  const sentence = `no token: ${meaningOf(errcode)} (${errcode})`;
  if (errcode === 40164 || errcode === 89503) {
    const address = addressIn(errmsg);
    const which = address
      ? `${address}, which is how WeChat sees ${hostname()},`
      : 'this host’s outgoing address';
    return fault(
      about,
      sentence,
      `add ${which} to the IP list (IP白名单) of the account in WeChat’s console, or go out by a proxy that is on it (HTTPS_PROXY)`,
    );
  }
  return fault(about, sentence, REMEDIES[errcode] ?? 'see WeChat’s console');
}

const REMEDIES: Readonly<Record<number, string>> = {
  40001:
    'put the AppSecret of this AppID into the settings; a reset in the console makes a new one',
  40125:
    'put the AppSecret of this AppID into the settings; a reset in the console makes a new one',
  40013: 'check the AppID, and that it is an Official Account’s',
  40243: 'unfreeze the AppSecret in WeChat’s console',
  50004: 'the account may not use access tokens: see WeChat’s console',
};

/** `invalid ip 203.0.113.7 ipv6 ::ffff:203.0.113.7, not in whitelist`. */
const addressIn = (errmsg: string): string | undefined =>
  /\b\d{1,3}(?:\.\d{1,3}){3}\b/.exec(errmsg)?.[0] ??
  /\b[0-9a-f]*(?::[0-9a-f]*){2,7}\b/i.exec(errmsg)?.[0];

const whyNot = (answer: No): string =>
  answer.kind === 'refused'
    ? `${meaningOf(answer.errcode, answer.path)} (${answer.errcode})`
    : silenceWords(answer, 'en');
