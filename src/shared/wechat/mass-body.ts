/**
 * The bodies of mass sends, in both eras. Those of 2014 are the seed document's own, to the key.
 *
 * `clientmsgid` goes out in both: it is the only guard against sending twice, and a WeChat that
 * does not know it passes over it.
 */
import { assertNever } from '../platform/errors.ts';
import type { Era } from './client.ts';
import type { MassMessage, MassTarget } from './mass.ts';

type Body = Readonly<Record<string, unknown>>;

/** Body of `message/mass/sendall`. */
export function massBodyToAll(
  era: Era,
  request: { target: MassTarget; message: MassMessage; clientMsgId: string },
): Body {
  const { target, message, clientMsgId } = request;
  const content =
    message.type === 'video' ? groupVideo(message.mediaId) : massContent(era, message);
  return { filter: filter(era, target), ...content, clientmsgid: clientMsgId };
}

/** Body of `message/mass/send`; `openIds` is the text of a JSON array, up to 310 kB of it. */
export function massBodyToOpenIds(
  era: Era,
  request: { openIds: Uint8Array; message: MassMessage; clientMsgId: string },
): Buffer {
  const { openIds, message, clientMsgId } = request;
  const rest = JSON.stringify({ ...massContent(era, message), clientmsgid: clientMsgId });
  return Buffer.concat([Buffer.from('{"touser":'), openIds, Buffer.from(`,${rest.slice(1)}`)]);
}

/** Body of `message/mass/preview`, which the seed does not have; of several images the first goes. */
export function previewBody(request: {
  to: { readonly openId: string } | { readonly wechatId: string };
  message: MassMessage;
}): Body {
  const { to, message } = request;
  const receiver = 'openId' in to ? { touser: to.openId } : { towxname: to.wechatId };
  switch (message.type) {
    case 'video':
      return { ...receiver, ...groupVideo(message.mediaId) };
    case 'news':
      return { ...receiver, mpnews: { media_id: message.mediaId }, msgtype: 'mpnews' };
    default:
      return { ...receiver, ...massContent('2014', message) };
  }
}

/**
 * A group of 2014 is addressed as it was then even today, with the switch that came between.
 *
 * 2014 had no way to name everyone: `is_to_all` is of the same summer, a few months after the seed.
 * Nor had it tags, but groups became tags under their old numbers. Two reports say that today's
 * `is_to_all` without a tag_id was refused with 40152; WeChat's own samples have it so.
 */
function filter(era: Era, target: MassTarget): Body {
  switch (target.type) {
    case 'everyone':
      return { is_to_all: true };
    case 'group':
      return era === '2014'
        ? { group_id: target.groupId }
        : { is_to_all: false, group_id: target.groupId };
    case 'tag':
      return era === '2014'
        ? { group_id: String(target.tagId) }
        : { is_to_all: false, tag_id: target.tagId };
    default:
      return assertNever(target);
  }
}

function massContent(era: Era, message: MassMessage): Body {
  const today = era === 'today';
  switch (message.type) {
    case 'text':
      return { text: { content: message.content }, msgtype: 'text' };
    case 'voice':
      return { voice: { media_id: message.mediaId }, msgtype: 'voice' };
    case 'image':
      return today
        ? { images: imagesOf(message), msgtype: 'image' }
        : { image: { media_id: message.mediaIds[0] }, msgtype: 'image' };
    case 'video': {
      const { mediaId: media_id, title, description, thumbMediaId } = message;
      const thumb = thumbMediaId === undefined ? {} : { thumb_media_id: thumbMediaId };
      return today
        ? { mpvideo: { media_id, title, description }, msgtype: 'mpvideo' }
        : { video: { media_id, ...thumb, title, description }, msgtype: 'video' };
    }
    case 'news':
      return {
        mpnews: { media_id: message.mediaId },
        msgtype: 'mpnews',
        ...(today && { send_ignore_reprint: message.ignoreReprint ? 1 : 0 }),
      };
    default:
      return assertNever(message);
  }
}

function imagesOf({ mediaIds, title, openComment, fansOnlyComment }: Images): Body {
  return {
    media_ids: mediaIds,
    ...(title === undefined ? {} : { title }),
    ...(openComment === undefined ? {} : { need_open_comment: Number(openComment) }),
    ...(fansOnlyComment === undefined ? {} : { only_fans_can_comment: Number(fansOnlyComment) }),
  };
}

type Images = Extract<MassMessage, { type: 'image' }>;

function groupVideo(mediaId: string): Body {
  return { mpvideo: { media_id: mediaId }, msgtype: 'mpvideo' };
}
