/**
 * What a sandbox can be told: its accounts, its pace, its quotas, and a switch for each thing about
 * WeChat that nobody knows for sure. `settle` fills in what was left out.
 */

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export type AccountKind = 'service' | 'subscription';
export type PushMode = 'plain' | 'compatible' | 'safe';
export type Protocol = 'today' | '2014';
/** What an OpenID that is on no follower list counts as. */
export type Strangers = 'followers' | 'filtered' | 'refuse';

/** A group or tag. Members are OpenIDs, or the followers from one position up to another. */
export interface Audience {
  readonly id: number;
  readonly name: string;
  readonly members: readonly string[] | { readonly from: number; readonly to: number };
}

export interface SandboxAccount {
  readonly name: string;
  readonly appId: string;
  readonly appSecret: string;
  /** `gh_` and 12 hexadecimal digits: the account's name in events. */
  readonly originalId: string;
  readonly kind: AccountKind;
  readonly callbackToken?: string;
  readonly encodingAesKey?: string;
  /** The full URL that events are pushed to. Without one nothing is pushed. */
  readonly callbackUrl?: string;
  /** Default: `safe` with an `encodingAesKey`, else `plain`. */
  readonly pushMode?: PushMode;
  /** How many made-up followers (default 30,000), or exactly which. */
  readonly followers?: number | readonly string[];
  readonly groups?: readonly Audience[];
  readonly tags?: readonly Audience[];
  /** Followers who refuse mass messages: in TotalCount, not in FilterCount. */
  readonly refusing?: readonly string[];
  /** Followers whose delivery fails: in ErrorCount. */
  readonly failing?: readonly string[];
  readonly strangers?: Strangers;
}

export interface Pace {
  /** From an accepted send until it is done and its event is pushed. */
  readonly pushDelayMs: number;
  /** From the beginning of one try of a push to that of the next. */
  readonly pushRetryMs: number;
  /** How long a push waits for its answer. */
  readonly pushTimeoutMs: number;
  readonly pushTries: number;
  /** A clientmsgid used again sooner than this is 45066. */
  readonly keyRepeatMs: number;
  /** A clientmsgid is remembered this long. */
  readonly keyMemoryMs: number;
  /** How long a send takes to be answered. */
  readonly submitLatencyMs: number;
  readonly mediaLifeMs: number;
  readonly tokenLifeMs: number;
  /** How long a token outlives its successor's birth. */
  readonly tokenOverlapMs: number;
  /** Two forced stable_token calls closer than this refresh once. */
  readonly forcedTokenGapMs: number;
}

/** Calls allowed; `null` is no limit. Days and months are Beijing's. */
export interface Limits {
  /** sendall and send. */
  readonly callsPerMinute: number | null;
  readonly massPerDay: number | null;
  readonly uploadNewsPerDay: number | null;
  readonly mediaUploadPerDay: number | null;
  readonly draftAddPerDay: number | null;
  readonly userGetPerDay: number | null;
  readonly massDeletePerDay: number | null;
  readonly previewByWechatIdPerDay: number | null;
  readonly tokenPerDay: number | null;
  readonly forcedTokenPerDay: number | null;
  readonly clearQuotaPerMonth: number | null;
  /** What a subscription account may send a day, successes only. */
  readonly subscriptionPerDay: number | null;
  /** What a follower of a service account may receive a month; more is filtered. */
  readonly followerPerMonth: number | null;
  /** `is_to_all` sends of a service account a month. */
  readonly everyonePerMonth: number | null;
}

export interface Switches {
  /** What the call after the last of a minute is refused with. Undocumented. */
  readonly minuteErrcode: number;
  /** Whether a minute is the clock's or any sixty seconds. */
  readonly minuteWindow: 'calendar' | 'sliding';
  /** Whether sendall and send draw on one budget. */
  readonly massBudgetShared: boolean;
  /** The fewest OpenIDs of a list: 2 today, 1 by the page of 2014. */
  readonly leastOpenIds: 1 | 2;
  /** Whether an OpenID listed twice counts once, towards the two-minimum and in TotalCount. */
  readonly duplicateOpenIds: 'once' | 'twice';
  /** When a draft's media_id dies. */
  readonly draftDies: 'at-submit' | 'at-finish' | 'never';
  /** Whether sendall and send take ids of uploadnews. */
  readonly uploadNewsIdsAccepted: boolean;
  readonly textMaxBytes: number | null;
  readonly imagesMax: number | null;
  /** How often one media_id may be sent. */
  readonly mediaReuseMax: number | null;
  /** `false`: the WeChat of 2014, which had never heard of clientmsgid. */
  readonly clientMsgIdHonoured: boolean;
  readonly clientMsgIdMaxBytes: number;
  /** What the 45066 minute counts from. */
  readonly keyRepeatCountsFrom: 'last-call' | 'first-call';
  /** Whether a refused send uses its key up for the 45066 minute, too. */
  readonly keyUsedByRefusals: boolean;
  /**
   * Whether the same content under another key is 45065, too: to the same audience, or `alone`, to
   * whomever, which would explain chunks of one article that collided under keys of their own.
   */
  readonly contentCompared: 'no' | 'with-audience' | 'alone';
  /** `is_to_all: true` without any `tag_id` is 40152, as two reports say. */
  readonly everyoneNeedsTagId: boolean;
  /** Whether the id of a plain video upload may be sent to OpenIDs. */
  readonly rawVideoToOpenIds: boolean;
  readonly wrongSecretErrcode: 40001 | 40125;
  readonly strangerErrcode: 40003 | 49003;
  readonly unknownAudienceErrcode: 40152 | -1;
  /** What mass/get says of an id that never was. */
  readonly unknownMsgId: 40059 | 'empty-object';
  /** Message ids beyond what a double holds, as bare digits. */
  readonly hugeMsgIds: boolean;
  /** Whether a message id of one account can be one of another account, too. */
  readonly msgIdsOverlap: boolean;
  /** What `next_openid` says on the last page. */
  readonly lastPageCursor: 'last-openid' | 'empty';
  readonly eventFormat: 'xml' | 'json';
  readonly statusSpelling: 'send success' | 'sendsuccess';
  readonly eventSender: 'openid' | 'mphelper';
  /** Empty containers of an event: truly empty, white space only, or left out. */
  readonly emptyContainers: 'empty' | 'whitespace' | 'absent';
  /**
   * Bytes that are of no known format, and no text either: taken for what their name says, or
   * refused. Nobody knows how deeply WeChat looks; other people's test files are often filler.
   */
  readonly unknownContent: 'by-name' | 'refused';
  readonly pushRetryKeepsNonce: boolean;
  /** `by-hand`: an event is only pushed when the test says so. */
  readonly pushes: 'automatic' | 'by-hand';
}

export interface SandboxOptions {
  readonly host?: string;
  /** 0, the default, takes a free one. */
  readonly port?: number;
  readonly accounts: readonly SandboxAccount[];
  /** Which era's shapes and limits hold. Default: both eras' shapes, today's limits. */
  readonly protocol?: Protocol;
  readonly strangers?: Strangers;
  readonly pace?: Partial<Pace>;
  readonly limits?: Partial<Limits>;
  readonly switches?: Partial<Switches>;
  /** How much of request bodies the ledger keeps. Default: those up to 4 kB. */
  readonly keepBodies?: 'none' | 'small' | 'all';
  /** Every start begins with the same id unless this is another; see `idsOfThisStart`. */
  readonly firstMsgId?: bigint;
  readonly now?: () => number;
  readonly log?: (line: string) => void;
}

export interface Rules {
  readonly firstMsgId: bigint | undefined;
  readonly protocol: Protocol | 'both';
  readonly strangers: Strangers;
  readonly pace: Pace;
  readonly limits: Limits;
  readonly switches: Switches;
  readonly keepBodies: 'none' | 'small' | 'all';
}

const PACE: Pace = {
  pushDelayMs: 200,
  pushRetryMs: 5 * SECOND,
  pushTimeoutMs: 5 * SECOND,
  pushTries: 3,
  keyRepeatMs: MINUTE,
  keyMemoryMs: DAY,
  submitLatencyMs: 0,
  mediaLifeMs: 3 * DAY,
  tokenLifeMs: 2 * HOUR,
  tokenOverlapMs: 5 * MINUTE,
  forcedTokenGapMs: 30 * SECOND,
};

/** A fresh account's, by the published table. */
const LIMITS: Limits = {
  callsPerMinute: 60,
  massPerDay: 100,
  uploadNewsPerDay: 10,
  mediaUploadPerDay: 100_000,
  draftAddPerDay: 1_000,
  userGetPerDay: 500,
  massDeletePerDay: 10,
  previewByWechatIdPerDay: 100,
  tokenPerDay: 2_000,
  forcedTokenPerDay: 20,
  clearQuotaPerMonth: 10,
  subscriptionPerDay: 1,
  followerPerMonth: 4,
  everyonePerMonth: 4,
};

const SWITCHES: Switches = {
  minuteErrcode: 45011,
  minuteWindow: 'calendar',
  massBudgetShared: true,
  leastOpenIds: 2,
  duplicateOpenIds: 'once',
  draftDies: 'at-submit',
  uploadNewsIdsAccepted: true,
  textMaxBytes: null,
  imagesMax: 20,
  mediaReuseMax: null,
  clientMsgIdHonoured: true,
  clientMsgIdMaxBytes: 32,
  keyRepeatCountsFrom: 'last-call',
  keyUsedByRefusals: false,
  contentCompared: 'no',
  everyoneNeedsTagId: false,
  rawVideoToOpenIds: true,
  wrongSecretErrcode: 40125,
  strangerErrcode: 40003,
  unknownAudienceErrcode: 40152,
  unknownMsgId: 40059,
  hugeMsgIds: false,
  msgIdsOverlap: true,
  lastPageCursor: 'last-openid',
  eventFormat: 'xml',
  statusSpelling: 'send success',
  eventSender: 'openid',
  emptyContainers: 'empty',
  unknownContent: 'by-name',
  pushRetryKeepsNonce: true,
  pushes: 'automatic',
};

export function settle(options: SandboxOptions): Rules {
  return {
    firstMsgId: options.firstMsgId,
    protocol: options.protocol ?? 'both',
    strangers: options.strangers ?? 'followers',
    pace: { ...PACE, ...options.pace },
    limits: { ...LIMITS, ...options.limits },
    switches: { ...SWITCHES, ...options.switches },
    keepBodies: options.keepBodies ?? 'small',
  };
}
