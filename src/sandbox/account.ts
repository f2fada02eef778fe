/** One Official Account with all it remembers. */
import { createHash } from 'node:crypto';
import { defaultGroups, defaultTags, type Followers, makeFollowers } from './followers.ts';
import { type MediaShelf, makeMediaShelf } from './media-shelf.ts';
import { type MonthlyReceipts, makeMonthlyReceipts } from './monthly-receipts.ts';
import type { Strangers } from './option-table.ts';
import type { AccountKind, Audience, PushMode, Rules, SandboxAccount } from './options.ts';
import { makeQuotas, type Quotas } from './quotas.ts';
import type { Send } from './send.ts';
import { makeTokens, type Tokens } from './tokens.ts';

const DEFAULT_FOLLOWERS = 30_000;

/** When a clientmsgid was used, and for which send, if that was accepted. */
export interface KeyUse {
  firstAt: number;
  lastAt: number;
  send: Send | undefined;
}

export interface Account {
  readonly name: string;
  readonly appId: string;
  readonly appSecret: string;
  readonly originalId: string;
  readonly kind: AccountKind;
  readonly callbackToken: string;
  readonly encodingAesKey: string | undefined;
  readonly callbackUrl: string | undefined;
  readonly pushMode: PushMode;
  readonly followers: Followers;
  readonly groups: readonly Audience[];
  readonly tags: readonly Audience[];
  readonly refusing: ReadonlySet<string>;
  readonly failing: ReadonlySet<string>;
  readonly strangers: Strangers;
  /** Who events come from where there is no follower. */
  readonly helper: string;

  readonly tokens: Tokens;
  readonly media: MediaShelf;
  readonly quotas: Quotas;
  readonly monthly: MonthlyReceipts;
  readonly keys: Map<string, KeyUse>;
  /** Addresses of pictures that it gave out, as `pictureNamed` writes them. */
  readonly pictures: Set<string>;
  lastSend: Send | undefined;
  nextMsgId: bigint;
  nextDataId: bigint;
  /** 0 to 4. */
  speed: number;
}

/** Ids seen since 2016 look like 10^9 + 2^31 + n. */
const FIRST_MSG_ID = 3_147_483_649n;
/** 2^53 + 1: the first that a double cannot hold. */
const FIRST_HUGE_MSG_ID = 9_007_199_254_740_993n;
const FIRST_DATA_ID = 2_247_483_663n;
const APART = 1_000_000n;

export function makeAccount(
  given: SandboxAccount,
  { rules, now, ordinal }: { rules: Rules; now: () => number; ordinal: number },
): Account {
  const followers = makeFollowers(given.appId, given.followers ?? DEFAULT_FOLLOWERS);
  const firstMsgId =
    rules.firstMsgId ?? (rules.switches.hugeMsgIds ? FIRST_HUGE_MSG_ID : FIRST_MSG_ID);
  return {
    name: given.name,
    appId: given.appId,
    appSecret: given.appSecret,
    originalId: given.originalId,
    kind: given.kind,
    callbackToken: given.callbackToken ?? '',
    encodingAesKey: given.encodingAesKey,
    callbackUrl: given.callbackUrl,
    pushMode: given.pushMode ?? (given.encodingAesKey ? 'safe' : 'plain'),
    followers,
    groups: given.groups ?? defaultGroups(followers.count),
    tags: given.tags ?? defaultTags(followers.count),
    refusing: new Set(given.refusing),
    failing: new Set(given.failing),
    get strangers() {
      return given.strangers ?? rules.switches.strangers;
    },
    helper: `o${createHash('sha256').update(given.appId).digest('base64url').slice(0, 27)}`,
    tokens: makeTokens({ rules, now }),
    media: makeMediaShelf({ rules, now }),
    quotas: makeQuotas({ rules, now }),
    monthly: makeMonthlyReceipts({ followers, rules, now }),
    keys: new Map(),
    pictures: new Set(),
    lastSend: undefined,
    nextMsgId: firstMsgId + (rules.switches.msgIdsOverlap ? 0n : BigInt(ordinal) * APART),
    nextDataId: FIRST_DATA_ID + BigInt(ordinal) * APART,
    speed: 3,
  };
}
