/**
 * Every setting of the sandbox: its pace, its quotas, and a switch for each thing about WeChat that
 * is not known for sure. Where the sources disagree, the default is the stricter value.
 */
import { number, numberOrNull, oneOf, onOff, type ValuesOf } from './option.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Milliseconds, but for `pushTries`. */
export const PACE = {
  pushDelayMs: number(200, 'from an accepted send until it is done and its event is pushed'),
  pushRetryMs: number(5 * SECOND, 'from the beginning of one try of a push to that of the next'),
  pushTimeoutMs: number(5 * SECOND, 'how long a push waits for its answer'),
  pushTries: number(3, 'tries of a push in all'),
  keyRepeatMs: number(MINUTE, 'a clientmsgid that is used again sooner is answered 45066'),
  keyMemoryMs: number(DAY, 'how long a clientmsgid is remembered'),
  submitLatencyMs: number(0, 'how long a send takes to be answered'),
  videoTranscodeMs: number(0, 'a video that was uploaded more recently is answered 46007'),
  mediaLifeMs: number(3 * DAY, 'life of temporary media'),
  tokenLifeMs: number(2 * HOUR, 'life of an access token'),
  tokenOverlapMs: number(5 * MINUTE, 'how long a token still works after the next one was given'),
  forcedTokenGapMs: number(
    30 * SECOND,
    'two forced stable_token calls that are closer refresh once',
  ),
};

/** Calls allowed; days and months are Beijing's. A fresh account's, by the published table. */
export const LIMITS = {
  callsPerMinute: numberOrNull(60, 'sendall and send'),
  massPerDay: numberOrNull(100, 'sendall and send, refused ones included'),
  uploadNewsPerDay: numberOrNull(10, 'media/uploadnews'),
  mediaUploadPerDay: numberOrNull(100_000, 'media/upload'),
  draftAddPerDay: numberOrNull(1_000, 'draft/add'),
  userGetPerDay: numberOrNull(500, 'user/get'),
  massDeletePerDay: numberOrNull(10, 'message/mass/delete'),
  previewByWechatIdPerDay: numberOrNull(100, 'message/mass/preview with towxname'),
  tokenPerDay: numberOrNull(2_000, 'cgi-bin/token'),
  forcedTokenPerDay: numberOrNull(20, 'stable_token with force_refresh'),
  clearQuotaPerMonth: numberOrNull(10, 'clear_quota and clear_quota/v2 together'),
  quotaClearPerMonth: numberOrNull(50, 'openapi/quota/clear'),
  subscriptionPerDay: numberOrNull(1, 'sends of a subscription account, successes only'),
  followerPerMonth: numberOrNull(
    4,
    'what a follower of a service account may receive; more is filtered',
  ),
  everyonePerDay: numberOrNull(1, 'sends of a service account with is_to_all'),
  everyonePerMonth: numberOrNull(4, 'sends of a service account with is_to_all'),
};

export const SWITCHES = {
  protocol: oneOf(
    ['today', '2014', 'both'],
    'whose shapes and sizes hold; both takes the shapes of either',
  ),
  strangers: oneOf(
    ['refuse', 'filtered', 'followers'],
    'an OpenID that the account does not have: refuses the list (40003), is filtered, or counts as a follower',
  ),
  minuteErrcode: oneOf(
    [45011, 45009, 42010, -1],
    'what the call after the last of a minute is refused with',
  ),
  minuteWindow: oneOf(['sliding', 'calendar'], "any sixty seconds, or the clock's minute"),
  massBudgetShared: onOff(true, 'sendall and send draw on one budget'),
  serviceUnits: oneOf(
    ['everyone', 'every-send'],
    'which sends of a service account count towards everyonePerDay and everyonePerMonth (45028)',
  ),
  failedSendGivesBack: onOff(
    false,
    'a send that ends in err(…) or send fail gives its unit of 45028 back',
  ),
  leastOpenIds: oneOf([2, 1], 'the fewest OpenIDs of a list: 1 by the page of 2014'),
  duplicateOpenIds: oneOf(
    ['once', 'twice'],
    'how an OpenID that is listed twice counts, towards the least and in TotalCount',
  ),
  membersResolved: oneOf(
    ['at-submit', 'at-processing'],
    'when it is decided who is in a tag, a group, everyone',
  ),
  cursorOfGone: oneOf(
    ['goes-on', 'refused'],
    'user/get after a next_openid that has unfollowed since: the followers behind it, or 40003',
  ),
  lastPageCursor: oneOf(['last-openid', 'empty'], 'what next_openid says on the last page'),
  uploadNews: oneOf(
    ['accepted', 45106, 45103, 48001],
    'what media/uploadnews answers; an id made before is still taken',
  ),
  uploadNewsIdsAccepted: onOff(true, 'sendall and send take ids of media/uploadnews; else 40007'),
  draftIdsAccepted: onOff(true, 'sendall and send take ids of drafts; else 40007'),
  draftDies: oneOf(['at-submit', 'at-finish', 'never'], "when a draft's media_id dies"),
  picturePosts: oneOf(
    ['accepted', 40007, 40008],
    'what a mass send of a draft of pictures (newspic) is answered',
  ),
  draftLimits: oneOf(
    ['documented', 'measured'],
    'documented: title 32, author 16, digest 128, text under 20,000 characters; measured (2026): title 64, digest 120 bytes, text 1 MB',
  ),
  titleUnit: oneOf(['characters', 'bytes'], 'what a title is measured in'),
  escapes: oneOf(
    ['refused', 'counted'],
    'Chinese written as \\uXXXX: refused (40033, 47002), or stored literally and counted so',
  ),
  draftContent: oneOf(
    ['as-sent', 'data-src'],
    'what draft/get says of a picture: src, or data-src as pages have it',
  ),
  externalLinks: oneOf(
    ['stripped', 'kept', 'refused'],
    'links to hosts other than mp.weixin.qq.com in an article: refused is 45166',
  ),
  uploadMarks: oneOf(
    ['refused', 'sent'],
    'an article that still says upload: where a picture belongs: 45166, or sent as WeChat would',
  ),
  articleUrls: oneOf(['long', 'short'], 'addresses in events: with mid=msg_data_id, or /s/…'),
  statisticsTooEarly: oneOf(
    ['61503', 'empty', 'delayed'],
    'figures of articles that are not there yet: 61503, an empty list, or is_delay as well',
  ),
  statisticsLateByHours: number(0, 'how long after eight in the morning a day’s figures come'),
  textMaxBytes: numberOrNull(null, 'the longest text message'),
  imagesMax: numberOrNull(20, 'the most pictures of one message'),
  imagesHaveDataId: onOff(false, 'a send of images answers a msg_data_id, too'),
  mediaReuseMax: numberOrNull(10, 'how often one id of media/upload may be sent; then 40007'),
  keyJudged: oneOf(
    ['before-media', 'after-media'],
    'a repeat with media that have died since: 45065, or 40007',
  ),
  clientMsgIdHonoured: onOff(true, 'false: the WeChat of 2014, which did not know clientmsgid'),
  clientMsgIdMaxBytes: number(32, 'a longer clientmsgid is 45067'),
  keyRepeatCountsFrom: oneOf(['last-call', 'first-call'], 'what the minute of 45066 counts from'),
  keyUsedByRefusals: onOff(
    false,
    'a refused send, such as 45028, uses its key for the minute of 45066',
  ),
  contentCompared: oneOf(
    ['no', 'with-audience', 'alone'],
    'whether the same content under another key is 45065, too: to the same audience, or to any',
  ),
  everyoneNeedsTagId: onOff(
    false,
    'is_to_all: true without any tag_id is 40152, as two reports say',
  ),
  rawVideoToOpenIds: onOff(true, 'the id of a plain video upload may be sent to OpenIDs'),
  wrongSecretErrcode: oneOf([40125, 40001], 'what a wrong secret is answered'),
  strangerErrcode: oneOf([40003, 49003], 'what a foreign OpenID is answered'),
  unknownAudienceErrcode: oneOf([40152, -1], 'what an unknown tag or group is answered'),
  unknownMsgId: oneOf([40059, 'empty-object'], 'what mass/get says of an id that never was'),
  deletedAgain: oneOf(
    [40065, 'ok'],
    'what mass/delete says of an article that is gone already, also by another send of it',
  ),
  badCgiPath: oneOf([76021, 76003], 'what openapi/quota/get says of an unknown cgi_path'),
  quotaTellsRate: onOff(true, 'openapi/quota/get has a rate_limit'),
  hugeMsgIds: onOff(false, 'message ids beyond what a double holds, as bare digits'),
  msgIdsOverlap: onOff(true, "a message id of one account can be another account's, too"),
  eventFormat: oneOf(['xml', 'json'], 'what a push is written in'),
  statusSpelling: oneOf(['send success', 'sendsuccess'], 'the status of a delivered send'),
  eventSender: oneOf(['openid', 'mphelper'], "an event's FromUserName"),
  emptyContainers: oneOf(
    ['empty', 'whitespace', 'absent'],
    'empty containers of an event: empty, white space only, or left out',
  ),
  unknownContent: oneOf(
    ['by-name', 'refused'],
    'bytes of no known format: what the file name says, or refused (40005)',
  ),
  pushRetryKeepsNonce: onOff(true, 'the tries of one push have the same timestamp and nonce'),
  pushes: oneOf(['automatic', 'by-hand'], 'by-hand: an event is pushed when the test says so'),
};

export type Pace = ValuesOf<typeof PACE>;
export type Limits = ValuesOf<typeof LIMITS>;
export type Switches = ValuesOf<typeof SWITCHES>;
export type Strangers = Switches['strangers'];
