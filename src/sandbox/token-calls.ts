/** cgi-bin/token and cgi-bin/stable_token: the two calls that need no token. */
import type { Account } from './account.ts';
import { type Refusal, refusal } from './answer.ts';
import type { IssuedToken } from './tokens.ts';
import { isRecord, type World } from './world.ts';

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

type Answered = { readonly account: Account | undefined; readonly reply: Refusal | IssuedToken };

export const TOKEN_PATHS: readonly string[] = ['token', 'stable_token'];

/** Whom a token call is about, good secret or not. */
export function accountAsking(path: string, call: TokenCall, world: World): Account | undefined {
  const { appid } = path === 'token' ? askedInQuery(call) : (askedInBody(call) ?? {});
  return world.accounts.find((account) => account.appId === appid);
}

export function answerTokenCall(path: string, call: TokenCall, world: World): Answered['reply'] {
  if (path === 'token') {
    if (call.method !== 'GET') return refusal(43001);
    return check(askedInQuery(call), world, (account) =>
      account.quotas.take('tokenPerDay') ? account.tokens.issue() : refusal(45009),
    );
  }
  if (call.method !== 'POST') return refusal(43002);
  const asked = askedInBody(call);
  if (!asked) return refusal(call.body.length === 0 ? 44002 : 47001);
  const { force_refresh: forced = false } = asked;
  if (typeof forced !== 'boolean') return refusal(47001);
  return check(asked, world, (account) => {
    if (forced && !account.quotas.take('forcedTokenPerDay')) return refusal(45009);
    return account.tokens.stable(forced);
  });
}

function askedInQuery({ query }: TokenCall): Asked {
  return Object.fromEntries(query);
}

function askedInBody({ body }: TokenCall): Asked | undefined {
  try {
    const asked: unknown = JSON.parse(body.toString());
    return isRecord(asked) ? asked : undefined;
  } catch {
    return undefined;
  }
}

function check(
  { grant_type, appid, secret }: Asked,
  { accounts, rules }: World,
  issue: (account: Account) => Refusal | IssuedToken,
): Refusal | IssuedToken {
  if (grant_type !== 'client_credential') return refusal(40002);
  if (!appid) return refusal(41002);
  if (!secret) return refusal(41004);
  const account = accounts.find((other) => other.appId === appid);
  if (!account) return refusal(40013);
  return secret === account.appSecret ? issue(account) : refusal(rules.switches.wrongSecretErrcode);
}
