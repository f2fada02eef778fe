/**
 * Every key of the record. All of a shard carry one hash tag, as BullMQ's (`PREFIX`) do, so that flows
 * and commits stay atomic in a Redis Cluster.
 */
export const PREFIX = '{qunfa}';
/** Apart from BullMQ's, whose keys are `<prefix>:<queue>:<job>`: no queue may be named `record`. */
export const recordOf = (prefix: string): string => `${prefix}:record`;
export const RECORD = recordOf(PREFIX);

/** `{qunfa}` for shard 0, `{qunfa:1}` for the next: accounts of other shards may be on other masters. */
export const prefixOfShard = (prefix: string, shard: number): string =>
  shard === 0 ? prefix : prefix.replace(/\}$/, `:${shard}}`);

/**
 * `identity` is an AppID at one WeChat (platform/identity.ts): what must not follow an account's
 * name when that comes to mean another AppID.
 */
export const makeKeys = (record: string) => ({
  /**
   * hash: spec, control, message, waiting, idempotency (its key), content (the key of its
   * content), webhook (its failure), lists (those that batches leave out), draft-source, `at:<item>` of its material
   */
  campaign: (id: string) => `${record}:campaign:${id}`,
  /** hash: batch number → batch */
  batches: (id: string) => `${record}:batches:${id}`,
  /** hash: tally field → count */
  tally: (id: string) => `${record}:tally:${id}`,
  /** list: what people did on one day of Beijing, over all campaigns */
  auditOn: (day: string) => `${record}:audit-on:${day}`,
  /** list of audit entries */
  audit: (id: string) => `${record}:audit:${id}`,
  /** sorted set: campaign id by time of acceptance */
  campaigns: () => `${record}:campaigns`,
  campaignsOf: (account: string) => `${record}:campaigns-of:${account}`,
  /** sorted set: campaigns by sendAt */
  planned: () => `${record}:planned`,
  /** hash: campaign → its name in small letters */
  names: () => `${record}:names`,
  /** sorted set: ended campaigns by time of acceptance; one may be open again since */
  endedAs: (state: string, account = '') => `${record}:ended:${state}:${account}`,
  /** sorted set: campaigns not ended, by notAfter */
  open: () => `${record}:open`,
  /** sorted set: `<account>/<campaign>`, or an account, that needs an operator, by since when */
  attention: (kind: string) => `${record}:attention:${kind}`,
  /** sorted set: submitted batches `<account>/<campaign>/<no>` by when WeChat accepted them */
  awaiting: () => `${record}:awaiting`,
  /** sorted set: what must still be told to BullMQ (`root:<campaign>`, `webhook:<campaign>`) */
  outbox: () => `${record}:outbox`,
  idempotency: (identity: string, digest: string) => `${record}:idempotency:${identity}:${digest}`,
  /** hash: campaign with this content to this audience → its notAfter; `last`: the newest one */
  content: (identity: string, digest: string) => `${record}:same-content:${identity}:${digest}`,
  /** string: `<campaign>/<batch>`, whose message this is */
  messageId: (identity: string, msgId: string) => `${record}:message:${identity}:${msgId}`,
  /** string: an event whose batch is not known, or that is not confirmed yet */
  parked: (identity: string, msgId: string) => `${record}:parked:${identity}:${msgId}`,
  /** sorted set: message ids of an account's events that no batch of ours had, by their time */
  unowned: (identity: string) => `${record}:unowned:${identity}`,
  /** hash: how many events of an account were parked on one day (of UTC), and their bytes */
  parkedOn: (identity: string, day: number) => `${record}:parked-on:${identity}:${day}`,
  /** string: when WeChat was last asked about a message, ms */
  asked: (identity: string, msgId: string) => `${record}:asked:${identity}:${msgId}`,
  /** hash: campaigns that an operator is writing, by their ids */
  composing: (by: string) => `${record}:composing:${by}`,
  /** hash: account → batches that must still be called */
  lanes: () => `${record}:lanes`,
  /** hash: what an account's lane is doing instead of sending */
  lane: (identity: string) => `${record}:lane:${identity}`,
  /** sorted set: batch `<campaign>/<no>` by the time its answer was due */
  unanswered: (identity: string) => `${record}:unanswered:${identity}`,
  /** sorted set: submitting batches by the end of their key's life */
  deadlines: () => `${record}:deadlines`,
  /** hash: `tag:<id>` or `group:<id>` → its name and head-count */
  audienceNames: (identity: string) => `${record}:audience-names:${identity}`,
  /** string: figures of articles that were sent on one day of Beijing */
  statistics: (identity: string, day: string) => `${record}:statistics:${identity}:${day}`,
  /** hash: last event, last refused pushes, since when uploadnews is closed */
  account: (identity: string) => `${record}:account:${identity}`,
  /** list: when our sends of the last minute were made, the newest first */
  minute: (identity: string, path: string) => `${record}:minute:${identity}:${path}`,
  /** hash: Beijing day → sends to everyone that were accepted, of one month */
  everyone: (identity: string, month: string) => `${record}:everyone:${identity}:${month}`,
  /** hash: API path → calls on one Beijing day */
  calls: (identity: string, day: string) => `${record}:calls:${identity}:${day}`,
  /** hash: host → how far its clock is off */
  clocks: () => `${record}:clocks`,
  /** string: a commit was done here (replicas.ts) */
  mark: (id: string) => `${record}:mark:${id}`,
  /** hash: thing that needs an operator → the text that ALERT_URL was told of it */
  told: () => `${record}:told`,
  /** string: which worker tells ALERT_URL now */
  alerting: () => `${record}:alerting`,
  /** string: requests of one caller of the API in one minute (since 1970) */
  requests: (what: string, caller: string, minute: number) =>
    `${record}:requests:${what}:${minute}:${caller}`,
  heartbeat: () => `${record}:heartbeat`,
  /** hash: v, kind, revision, `account:<name>` → AppID and WeChat (JSON), `shard:<identity>` → its shard */
  installation: () => `${record}:installation`,
  /** set: workers that have announced what they serve */
  workers: () => `${record}:workers`,
  /** string: what a worker serves; expires if it is not announced again */
  worker: (id: string) => `${record}:worker:${id}`,
  /** string: the start of Redis since which the counts are known to be right */
  counted: () => `${record}:counted`,
  /** list: campaigns whose settled batches changed, newest first; the last 1,000 changes */
  changedLate: () => `${record}:changed-late`,
  /** hash: what a list of OpenIDs is */
  audience: (id: string) => `${record}:audience:${id}`,
  /** hash: block number → 7,446 packed ids */
  audienceIds: (id: string) => `${record}:audience:${id}:ids`,
  /** hash: page number → packed ids, of a list that is being received */
  audiencePages: (id: string) => `${record}:audience:${id}:pages`,
  /** set: the cursors of those pages */
  audienceCursors: (id: string) => `${record}:audience:${id}:cursors`,
  /** hash: block number → packed ids of one process that is making the list */
  audienceDraft: (id: string, process: string) => `${record}:audience-draft:${id}:${process}`,
  /** sorted set: `<time>:<id>` of every list, sorted as text */
  audiences: () => `${record}:audiences`,
  /** set: campaigns that refer to a list and have not ended */
  audienceUsers: (id: string) => `${record}:audience-users:${id}`,
  /** hash: facts (JSON) and bytes of a file */
  media: (id: string) => `${record}:media:${id}`,
  /** sorted set: every file by when it may go */
  mediaIndex: () => `${record}:media-index`,
  /** string: one upload (JSON), as long as WeChat keeps it; `of` is account, kind and text */
  material: (of: string, sha256: string) => `${record}:material:${of}:${sha256}`,
  /** string: who uploads it now */
  materialClaim: (of: string, sha256: string) => `${record}:material:${of}:${sha256}:claim`,
  /** hash: account, kind and text → until when WeChat keeps this file */
  materialOf: (sha256: string) => `${record}:material-of:${sha256}`,
  /** hash: an account's access token and its end */
  token: (identity: string) => `${record}:token:${identity}`,
  /** string: who asks WeChat for a token now */
  tokenLock: (identity: string) => `${record}:token-lock:${identity}`,
  /** string: what webhooks are signed with, and the one before it */
  webhookSecret: () => `${record}:webhook-secret`,
  previousWebhookSecret: () => `${record}:webhook-secret-previous`,
  /** channel: a campaign id each time it changes */
  feed: () => `${record}:feed`,
  /** channel: an account each time its lane gets work, or is paused, resumed or released */
  laneFeed: () => `${record}:lane-feed`,
});
export type Keys = ReturnType<typeof makeKeys>;
