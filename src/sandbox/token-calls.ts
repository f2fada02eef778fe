/** cgi-bin/token, cgi-bin/stable_token and cgi-bin/clear_quota/v2: the calls that need no token. */
import type { Account } from './account.ts';
import { isRefusal, type Refusal, type Reply, refusal } from './answer.ts';
import { readJson } from './json-body.ts';
import type { IssuedToken } from './tokens.ts';
import type { World } from './world.ts';

interface Asked {
  readonly grant_type?: unknown;
  readonly appid?: unknown;
  readonly secret?: unknown;
  readonly force_refresh?: unknown;
}

interface TokenCall {
  readonly method: string;
  readonly query: URLSearchParams;
  readonly body: Buffer;
}

export const TOKEN_PATHS: readonly string[] = ['token', 'stable_token', 'clear_quota/v2'];

/** Whom a token call is about, good secret or not. */
export function accountAsking(path: string, call: TokenCall, world: World): Account | undefined {
  const asked =
    path === 'token' ? askedInQuery(call) : readJson(call.body, path, world.rules.switches);
  const { appid } = asked;
  return world.accounts.find((account) => account.appId === appid);
}

export function answerTokenCall(path: string, call: TokenCall, world: World): Reply {
  if (path === 'token') {
    if (call.method !== 'GET') return refusal(43001);
    return check(askedInQuery(call), world, (account) =>
      account.quotas.take('tokenPerDay') ? account.tokens.issue() : refusal(45009),
    );
  }
  if (call.method !== 'POST') return refusal(43002);
  const asked = readJson(call.body, path, world.rules.switches);
  if (isRefusal(asked)) return asked;
  if (path === 'clear_quota/v2') return clearQuota(asked, world);
  const { force_refresh: forced = false } = asked;
  if (typeof forced !== 'boolean') return refusal(47001);
  return check(asked, world, (account) => {
    if (forced && !account.quotas.take('forcedTokenPerDay')) return refusal(45009);
    return account.tokens.stable(forced);
  });
}

/** For the day on which even the token call is refused for its quota. */
function clearQuota({ appid, appsecret }: Readonly<Record<string, unknown>>, world: World): Reply {
  if (!appid) return refusal(41002);
  if (!appsecret) return refusal(41004);
  return ofAccount({ appid, secret: appsecret }, world, ({ quotas }) => {
    if (!quotas.takeOfMonth('clearQuotaPerMonth')) return refusal(48006);
    quotas.reset();
    return { errcode: 0, errmsg: 'ok' };
  });
}

function askedInQuery({ query }: TokenCall): Asked {
  return Object.fromEntries(query);
}

function check(
  { grant_type, appid, secret }: Asked,
  world: World,
  issue: (account: Account) => Refusal | IssuedToken,
): Reply {
  if (grant_type !== 'client_credential') return refusal(40002);
  if (!appid) return refusal(41002);
  if (!secret) return refusal(41004);
  return ofAccount({ appid, secret }, world, (account) => ({ ...issue(account) }));
}

function ofAccount(
  { appid, secret }: Pick<Asked, 'appid' | 'secret'>,
  { accounts, rules }: World,
  answer: (account: Account) => Reply,
): Reply {
  const account = accounts.find((other) => other.appId === appid);
  if (!account) return refusal(40013);
  return secret === account.appSecret
    ? answer(account)
    : refusal(rules.switches.wrongSecretErrcode);
}
