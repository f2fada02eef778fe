/** What a mass message is: the shapes of both eras, and the media that each may name. */
import { createHash } from 'node:crypto';
import type { Account } from './account.ts';
import { type Refusal, refusal } from './answer.ts';
import type { Media, MediaKind } from './media-shelf.ts';
import type { Rules } from './options.ts';
import { isRecord, type World } from './world.ts';

export interface Message {
  readonly msgtype: string;
  readonly mediaIds: readonly string[];
  readonly kinds: readonly MediaKind[];
  /** What is sent besides media, for the digest. */
  readonly text: string;
}

export type Route = 'sendall' | 'send' | 'preview';

type Body = Readonly<Record<string, unknown>>;

/** The message of a body, by shape alone; its media are not looked at yet. */
export function readMessage(body: Body, route: Route, rules: Rules): Message | Refusal {
  const { msgtype, send_ignore_reprint: ignore } = body;
  if (ignore !== undefined && ignore !== 0 && ignore !== 1) return refusal(47003);
  switch (msgtype) {
    case 'text':
      return readText(body, rules);
    case 'image':
      return readImage(body, route, rules);
    case 'voice':
      return readOne(body, 'voice', ['voice']);
    case 'mpnews':
      return readOne(body, 'mpnews', newsKinds(rules));
    case 'video':
    case 'mpvideo':
      return readVideo(body, msgtype, route, rules);
    case 'wxcard':
      return refusal(45113);
    default:
      return refusal(40008);
  }
}

function newsKinds({ switches }: Rules): readonly MediaKind[] {
  const kinds: MediaKind[] = [];
  if (switches.uploadNewsIdsAccepted) kinds.push('news');
  if (switches.draftIdsAccepted) kinds.push('draft');
  return kinds;
}

function readText(body: Body, { switches }: Rules): Message | Refusal {
  if (!isRecord(body.text)) return refusal(40008);
  const { content } = body.text;
  if (typeof content !== 'string' || content === '') return refusal(44004);
  if (switches.textMaxBytes !== null && Buffer.byteLength(content) > switches.textMaxBytes) {
    return refusal(45002);
  }
  return { msgtype: 'text', mediaIds: [], kinds: [], text: content };
}

/** `image.media_id` until 2019 and in previews, `images.media_ids` since. */
function readImage(body: Body, route: Route, { switches }: Rules): Message | Refusal {
  const { protocol } = switches;
  if (route !== 'preview' && protocol !== '2014' && isRecord(body.images)) {
    const { media_ids: ids, recommend = '', title = '' } = body.images;
    if (!Array.isArray(ids) || ids.length === 0) return refusal(40215);
    if (switches.imagesMax !== null && ids.length > switches.imagesMax) return refusal(40215);
    if (!ids.every((id) => typeof id === 'string')) return refusal(40007);
    return { msgtype: 'image', mediaIds: ids, kinds: ['image'], text: `${recommend}\n${title}` };
  }
  if (route !== 'preview' && protocol === 'today') return refusal(40008);
  return readOne(body, 'image', ['image']);
}

/** sendall takes what uploadvideo made. To OpenIDs the seed wrote `video`, today it is `mpvideo`. */
function readVideo(
  body: Body,
  msgtype: 'video' | 'mpvideo',
  route: Route,
  { switches }: Rules,
): Message | Refusal {
  const { protocol } = switches;
  if (route === 'sendall') {
    return msgtype === 'mpvideo' ? readOne(body, 'mpvideo', ['mpvideo']) : refusal(40008);
  }
  const field = msgtype === 'video' && isRecord(body.video) ? 'video' : 'mpvideo';
  const ofAnotherEra = protocol === '2014' ? 'mpvideo' : protocol === 'today' ? 'video' : undefined;
  if (route === 'send' && field === ofAnotherEra) return refusal(40008);
  return readOne(body, field, switches.rawVideoToOpenIds ? ['mpvideo', 'video'] : ['mpvideo']);
}

function readOne(body: Body, field: string, kinds: readonly MediaKind[]): Message | Refusal {
  const object = body[field];
  if (!isRecord(object)) return refusal(40008);
  const { media_id: id, title = '', description = '' } = object;
  if (id === undefined || id === '') return refusal(41006);
  if (typeof id !== 'string') return refusal(40007);
  const msgtype = field === 'video' ? 'mpvideo' : field;
  return { msgtype, mediaIds: [id], kinds, text: `${title}\n${description}` };
}

/** The media a message names, or why they cannot be sent. */
export function findMedia(
  message: Message,
  account: Account,
  world: World,
): readonly Media[] | Refusal {
  const found: Media[] = [];
  for (const id of message.mediaIds) {
    const media = account.media.find(id);
    if (!media) return refusal(40007);
    if (!message.kinds.includes(media.kind)) {
      return refusal(message.msgtype === 'mpvideo' && media.kind === 'video' ? 45161 : 40007);
    }
    const unfit = unfitFor(media, world);
    if (unfit !== undefined) return refusal(unfit);
    found.push(media);
  }
  return found;
}

/** Kinds whose ids the page of media/upload lets be sent ten times. */
const REUSED: readonly MediaKind[] = ['image', 'voice', 'video'];

function unfitFor(media: Media, world: World): number | undefined {
  const { picturePosts, mediaReuseMax } = world.rules.switches;
  const isPicturePost = media.articles?.some(({ article_type: type }) => type === 'newspic');
  if (isPicturePost && picturePosts !== 'accepted') return picturePosts;
  if (isTranscoding(media, world)) return 46007;
  const isReused = !media.permanent && REUSED.includes(media.kind);
  return isReused && media.timesSent >= (mediaReuseMax ?? Number.POSITIVE_INFINITY)
    ? 40007
    : undefined;
}

/** A video cannot be named or sent while WeChat still works on it. */
export const isTranscoding = ({ kind, createdAt }: Media, { rules, now }: World): boolean =>
  kind === 'video' && now() - createdAt < rules.pace.videoTranscodeMs;

/** Of what a follower sees: the same for the same file or articles under another media_id. */
export function digestOf(message: Message, media: readonly Media[]): string {
  const hash = createHash('sha256').update(`${message.msgtype}\n${message.text}`);
  for (const { digest } of media) hash.update(`\n${digest}`);
  return hash.digest('hex').slice(0, 24);
}
