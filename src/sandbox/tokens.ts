/** One account's access tokens: issued by two calls that know nothing of each other. */
import { randomBytes } from 'node:crypto';
import type { Rules } from './options.ts';

const SECOND = 1_000;

export interface IssuedToken {
  readonly access_token: string;
  readonly expires_in: number;
}

export type TokenState = 'good' | 'replaced' | 'expired' | 'unknown';

export interface Tokens {
  /** cgi-bin/token: a new one each time. */
  issue(): IssuedToken;
  /** stable_token. `forced` kills the one before at once. */
  stable(forced: boolean): IssuedToken;
  stateOf(token: string): TokenState;
  expireAll(): void;
  /**
   * As if another client had fetched one. For `staleAnswers` more calls stable_token still hands
   * out the dead one.
   */
  replaceAll(staleAnswers?: number): void;
}

interface Token {
  readonly text: string;
  readonly expiresAt: number;
  /** When a successor made it invalid. */
  replacedAt: number;
  expired: boolean;
}

export function makeTokens({ rules, now }: { rules: Rules; now: () => number }): Tokens {
  const { pace } = rules;
  const all = new Map<string, Token>();
  let ordinary: Token | undefined;
  let stable: Token | undefined;
  let forcedAt = Number.NEGATIVE_INFINITY;
  let stale = 0;

  function mint(): Token {
    const token: Token = {
      text: `${Math.floor(now() / SECOND) % 100}_${randomBytes(96).toString('base64url')}`,
      expiresAt: now() + pace.tokenLifeMs,
      replacedAt: Number.POSITIVE_INFINITY,
      expired: false,
    };
    all.set(token.text, token);
    return token;
  }

  function replace(token: Token | undefined, at: number): void {
    if (token) token.replacedAt = Math.min(token.replacedAt, at);
  }

  const answer = (token: Token): IssuedToken => ({
    access_token: token.text,
    expires_in: Math.max(1, Math.floor((token.expiresAt - now()) / SECOND)),
  });

  const alive = (token: Token): boolean =>
    !token.expired && now() < token.expiresAt && now() < token.replacedAt;

  return {
    issue() {
      replace(ordinary, now() + pace.tokenOverlapMs);
      ordinary = mint();
      return answer(ordinary);
    },
    stable(forced) {
      if (forced) {
        if (now() - forcedAt >= pace.forcedTokenGapMs || !stable) {
          forcedAt = now();
          replace(stable, now());
          stable = mint();
        }
        return answer(stable);
      }
      if (stable && stale > 0) {
        stale -= 1;
        return answer(stable);
      }
      const overlap = Math.min(pace.tokenOverlapMs, pace.tokenLifeMs / 2);
      if (!stable || !alive(stable) || stable.expiresAt - now() <= overlap) stable = mint();
      return answer(stable);
    },
    stateOf(text) {
      const token = all.get(text);
      if (!token) return 'unknown';
      if (now() >= token.replacedAt) return 'replaced';
      return token.expired || now() >= token.expiresAt ? 'expired' : 'good';
    },
    expireAll() {
      for (const token of all.values()) token.expired = true;
    },
    replaceAll(staleAnswers = 0) {
      for (const token of all.values()) replace(token, now());
      stale = staleAnswers;
    },
  };
}
