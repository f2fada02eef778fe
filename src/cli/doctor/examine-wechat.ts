/** One account at WeChat: a token, and what is left of its day. Nothing else is called. */
import { hostname } from 'node:os';
import type { Dispatcher } from 'undici';
import type { AccountConfig } from '../../shared/platform/accounts.ts';
import type { Config } from '../../shared/platform/config.ts';
import { type Answer, makeWechatClient } from '../../shared/wechat/client.ts';
import { meaningOf } from '../../shared/wechat/errcodes.ts';
import { apiQuota } from '../../shared/wechat/quota.ts';
import { refusesAddress } from '../../shared/wechat/remedies.ts';
import { isUnreadable, silenceWords } from '../../shared/wechat/silence.ts';
import { fetchStableToken } from '../../shared/wechat/tokens.ts';
import type { Finding, Findings } from './finding.ts';

interface Dependencies {
  readonly account: AccountConfig;
  readonly config: Pick<Config, 'wechat' | 'pace'>;
  readonly dispatcher: Dispatcher;
  /** Called with the path of each call that is made. */
  readonly called: (path: string) => void;
  readonly findings: Findings;
}

export async function examineWechat(deps: Dependencies): Promise<Finding[]> {
  const { account, config, dispatcher, called, findings } = deps;
  const { ok, warning, t, language } = findings;
  const { baseUrl, era } = config.wechat;
  const timeoutMs = config.pace.submitTimeoutMs;
  const about = t.about.account(account.name);
  called(account.accessTokenUrl ? 'accessTokenUrl' : 'stable_token');
  const token = await fetchStableToken({ baseUrl, dispatcher, timeoutMs, account });
  if (token.kind !== 'ok') return [noToken(about, token, deps)];

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
  const fine = ok(about, 'token-fine');
  if (quota.kind === 'ok') {
    const { remaining, dailyLimit } = quota.value;
    const make = remaining > 0 ? ok : warning;
    return [fine, make(about, 'quota-left', remaining, dailyLimit, path)];
  }
  const why =
    quota.kind === 'refused'
      ? `${meaningOf(quota.errcode, quota.path, language)} (${quota.errcode})`
      : silenceWords(quota, language);
  return [fine, warning(about, 'quota-unknown', path, why)];
}

type No = Exclude<Answer<never>, { kind: 'ok' }>;

function noToken(about: string, answer: No, { account, config, findings }: Dependencies): Finding {
  const { fault, language } = findings;
  if (answer.kind !== 'refused') {
    const where = account.accessTokenUrl ? undefined : config.wechat.baseUrl;
    return fault(
      about,
      isUnreadable(answer) ? 'token-unreadable' : 'token-unreached',
      where,
      silenceWords(answer, language),
    );
  }
  const { errcode, errmsg, remedy } = answer;
  const meaning = meaningOf(errcode, '', language);
  return refusesAddress(errcode) || remedy.kind === 'wait-approval'
    ? fault(about, 'address-refused', errcode, meaning, hostname(), addressIn(errmsg))
    : fault(about, 'token-refused', errcode, meaning);
}

/** `invalid ip 203.0.113.7 ipv6 ::ffff:203.0.113.7, not in whitelist`. */
const addressIn = (errmsg: string): string | undefined =>
  /\b\d{1,3}(?:\.\d{1,3}){3}\b/.exec(errmsg)?.[0] ??
  /\b[0-9a-f]*(?::[0-9a-f]*){2,7}\b/i.exec(errmsg)?.[0];
