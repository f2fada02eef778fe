/**
 * Access tokens: one per account for all processes.
 *
 * One process fetches while the others wait for what it stores. A token is renewed in the last
 * minutes of its life, when WeChat already gives out the next one and both are good.
 */
import type { Dispatcher } from 'undici';
import { z } from 'zod';
import { HOUR, MINUTE, SECOND } from '../platform/time.ts';
import { call, type OnAnswer } from './call.ts';
import type { Answer } from './client.ts';

export interface TokenSource {
  get(): Promise<
    { readonly kind: 'ok'; readonly value: string } | Exclude<Answer<never>, { kind: 'ok' }>
  >;
  /** Forgets a token that WeChat refused, but only while it is still the one in use. */
  drop(token: string): Promise<void>;
}

/** The token that all processes share. */
export interface TokenStore {
  read(): Promise<StoredToken | null>;
  write(token: StoredToken): Promise<void>;
  /** The right to fetch, for `ms` at most. Null: somebody else is fetching. */
  lock(ms: number): Promise<(() => Promise<void>) | null>;
  dropIf(token: string): Promise<void>;
}

export interface StoredToken {
  readonly token: string;
  readonly expiresAt: number;
}

interface TokenSourceDeps {
  readonly store: TokenStore;
  readonly fetchToken: () => Promise<Answer<{ token: string; expiresInMs: number }>>;
  /** Of `fetchToken`: it always ends within this. */
  readonly timeoutMs: number;
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  /** 0 to 1; spreads the renewal, so that processes do not all come at once. */
  readonly random?: () => number;
}

/** On top of the call's own time: what Redis takes before and after it. */
const LOCK_MARGIN = 2 * SECOND;
const POLL = 100;
/** How long a process trusts its own copy; what another one dropped is then seen. */
const OWN_COPY = 5 * SECOND;
/** In its last five minutes `stable_token` gives out the next token; before, the same again. */
const RENEW_EARLIEST = 4.5 * MINUTE;
const RENEW_LATEST = 3 * MINUTE;
/** A token centre may keep giving the old token until its end; it is not asked at every call. */
const RENEW_PAUSE = 30 * SECOND;

type Token = Awaited<ReturnType<TokenSource['get']>>;

export function makeTokenSource(deps: TokenSourceDeps): TokenSource {
  const { store, timeoutMs, now, sleep, random = Math.random } = deps;
  // A fetcher that was killed keeps the others waiting for this long.
  const lockMs = timeoutMs + LOCK_MARGIN;
  // Long enough for a killed fetcher and a slow one after it.
  const patienceMs = 2 * lockMs;
  const renewBefore = RENEW_LATEST + random() * (RENEW_EARLIEST - RENEW_LATEST);
  let own: (StoredToken & { readonly readAt: number }) | undefined;
  let renewedAt = Number.NEGATIVE_INFINITY;
  let underWay: Promise<Token> | undefined;
  let dropped: string | undefined;

  async function find(): Promise<Token> {
    const stored = await readStored();
    if (!stored) return await fetchOrWait();
    if (now() < stored.expiresAt - renewBefore || now() < renewedAt + RENEW_PAUSE) {
      return { kind: 'ok', value: stored.token };
    }
    renewedAt = now();
    const renewed = await fetchIfFree((current) => now() < current.expiresAt - renewBefore);
    return renewed?.kind === 'ok' ? renewed : { kind: 'ok', value: stored.token };
  }

  async function fetchOrWait(): Promise<Token> {
    const until = now() + patienceMs;
    for (;;) {
      const fetched = await fetchIfFree(() => true);
      if (fetched) return fetched;
      if (now() >= until) return { kind: 'not-sent', cause: 'token-busy' };
      await sleep(POLL);
      const stored = await readStored();
      if (stored) return { kind: 'ok', value: stored.token };
    }
  }

  /** Null while another process fetches. A stored token that is `enough` saves the call. */
  async function fetchIfFree(enough: (stored: StoredToken) => boolean): Promise<Token | null> {
    const release = await store.lock(lockMs);
    if (!release) return null;
    try {
      const stored = await readStored();
      if (stored && enough(stored)) return { kind: 'ok', value: stored.token };
      const askedAt = now();
      const answer = await deps.fetchToken();
      if (answer.kind !== 'ok') return answer;
      const fresh = { token: answer.value.token, expiresAt: askedAt + answer.value.expiresInMs };
      await store.write(fresh);
      own = { ...fresh, readAt: now() };
      return { kind: 'ok', value: fresh.token };
    } finally {
      await release();
    }
  }

  async function readStored(): Promise<StoredToken | null> {
    const stored = await store.read();
    const alive = stored !== null && now() < stored.expiresAt;
    own = alive ? { ...stored, readAt: now() } : undefined;
    return alive ? stored : null;
  }

  return {
    get() {
      const mayUse = own && own.token !== dropped && now() < own.readAt + OWN_COPY;
      if (own && mayUse && now() < own.expiresAt - renewBefore) {
        return Promise.resolve({ kind: 'ok', value: own.token });
      }
      if (underWay) return underWay;
      const finding = find().finally(() => {
        if (underWay === finding) underWay = undefined;
      });
      underWay = finding;
      return finding;
    },
    async drop(token) {
      dropped = token;
      await store.dropIf(token);
      // What was begun before may still come back with the dropped token.
      underWay = undefined;
    },
  };
}

interface Account {
  readonly appId: string;
  readonly appSecret: string;
  /** A firm's own token centre: answers a GET as `cgi-bin/token` does. */
  readonly accessTokenUrl?: string | undefined;
}

/** WeChat's have some 200 characters; it asks for room for 512. */
const LONGEST_TOKEN = 1_024;
/** WeChat's live two hours. Whatever a token centre says, one is asked for again after that. */
const LONGEST_LIFE = 2 * HOUR;

const TokenAnswer = z
  .object({
    access_token: z.string().min(1).max(LONGEST_TOKEN),
    expires_in: z.coerce.number().positive(),
  })
  .transform((body) => ({
    token: body.access_token,
    expiresInMs: Math.min(body.expires_in * SECOND, LONGEST_LIFE),
  }));

const PATH = '/cgi-bin/stable_token';

/**
 * Asks WeChat (or the firm's token centre) for the account's token. The normal mode of
 * `stable_token` gives the same token while it lives, so asking twice harms nobody.
 *
 * @see https://developers.weixin.qq.com/doc/service/api/base/api_getstableaccesstoken.html
 */
export async function fetchStableToken(deps: {
  readonly baseUrl: string;
  readonly dispatcher: Dispatcher;
  readonly timeoutMs: number;
  readonly account: Account;
  readonly onAnswer?: OnAnswer | undefined;
}): Promise<Answer<{ token: string; expiresInMs: number }>> {
  const { appId, appSecret, accessTokenUrl } = deps.account;
  const common = { ...deps, path: PATH, answer: TokenAnswer };
  if (accessTokenUrl) {
    const url = new URL(accessTokenUrl);
    return await call({ ...common, url, method: 'GET', secrets: [...url.searchParams.values()] });
  }
  const body = { grant_type: 'client_credential', appid: appId, secret: appSecret };
  return await call({
    ...common,
    url: new URL(deps.baseUrl.replace(/\/+$/, '') + PATH),
    method: 'POST',
    body: JSON.stringify(body),
    secrets: [appSecret],
  });
}
