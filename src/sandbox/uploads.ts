/** Files: temporary media, permanent material, pictures of articles, and the video's second id. */
import { createHash } from 'node:crypto';
import { isRefusal, type Refusal, type Reply, refusal } from './answer.ts';
import { pictureNamed } from './article-html.ts';
import { type FileKind, fileKindOf, kindNamedBy, secondsOf } from './file-kind.ts';
import { isTranscoding } from './message.ts';
import { type Part, readMultipart } from './multipart.ts';
import type { AccountCall, Endpoints, World } from './world.ts';
import { isRecord } from './world.ts';

const KB = 1024;
const MB = 1024 * KB;
const VOICE_SECONDS = 60;

type UploadType = 'image' | 'voice' | 'video' | 'thumb';

interface Accepts {
  readonly kinds: readonly FileKind[];
  readonly bytes: number;
  /** What a file over `bytes` is refused with. */
  readonly tooLarge: number;
}

const TODAY: Readonly<Record<UploadType, Accepts>> = {
  image: { kinds: ['jpeg', 'png', 'gif'], bytes: 10 * MB, tooLarge: 40009 },
  voice: { kinds: ['amr', 'mp3'], bytes: 2 * MB, tooLarge: 40010 },
  video: { kinds: ['mp4'], bytes: 10 * MB, tooLarge: 40011 },
  thumb: { kinds: ['jpeg'], bytes: 64 * KB, tooLarge: 40012 },
};

const OF_2014: typeof TODAY = {
  image: { kinds: ['jpeg'], bytes: 128 * KB, tooLarge: 40009 },
  voice: { kinds: ['amr', 'mp3'], bytes: 256 * KB, tooLarge: 40010 },
  video: { kinds: ['mp4'], bytes: 1 * MB, tooLarge: 40011 },
  thumb: TODAY.thumb,
};

const PERMANENT: typeof TODAY = {
  image: { ...TODAY.image, kinds: ['jpeg', 'png', 'gif', 'bmp'] },
  voice: { ...TODAY.voice, kinds: ['mp3', 'wma', 'wav', 'amr'] },
  video: TODAY.video,
  thumb: TODAY.thumb,
};

const ARTICLE_PICTURE: Accepts = { kinds: ['jpeg', 'png'], bytes: 1 * MB - 1, tooLarge: 40009 };

export const uploadEndpoints: Endpoints = {
  'media/upload': {
    method: 'POST',
    takes: 'file',
    quota: 'mediaUploadPerDay',
    plainText: true,
    handle: uploadTemporary,
  },
  'media/uploadimg': { method: 'POST', takes: 'file', plainText: true, handle: uploadPicture },
  'media/uploadvideo': { method: 'POST', takes: 'json', plainText: true, handle: nameVideo },
  'material/add_material': { method: 'POST', takes: 'file', plainText: true, handle: addMaterial },
  'material/add_news': { method: 'POST', takes: 'json', handle: () => refusal(45106) },
  'material/update_news': { method: 'POST', takes: 'json', handle: () => refusal(45106) },
};

function uploadTemporary(call: AccountCall): Reply {
  const { account, query, world } = call;
  const type = typeIn(query);
  if (!type) return refusal(40004);
  const accepts = world.rules.switches.protocol === '2014' ? OF_2014[type] : TODAY[type];
  const file = fileIn(call, accepts);
  if (isRefusal(file)) return file;
  const media = account.media.put({
    kind: type,
    permanent: false,
    digest: digestOf(file.data),
    filename: file.filename,
    bytes: file.data.length,
  });
  const created_at = Math.floor(media.createdAt / 1_000);
  return type === 'thumb'
    ? { type, thumb_media_id: media.id, created_at }
    : { type, media_id: media.id, created_at };
}

function addMaterial(call: AccountCall): Reply {
  const { account, query, headers, body } = call;
  const type = typeIn(query);
  if (!type) return refusal(40004);
  const file = fileIn(call, PERMANENT[type]);
  if (isRefusal(file)) return file;
  if (type === 'video') {
    const parts = readMultipart(String(headers['content-type']), body) ?? [];
    const description = parts.find(({ name }) => name === 'description')?.data.toString() ?? '';
    if (!/"title"\s*:/.test(description)) return refusal(47001);
  }
  const media = account.media.put({
    kind: type,
    permanent: true,
    digest: digestOf(file.data),
    filename: file.filename,
    bytes: file.data.length,
  });
  const url = `http://mmbiz.qpic.cn/mmbiz_jpg/${media.id}/0?wx_fmt=jpeg`;
  if (type !== 'image') return { media_id: media.id };
  account.pictures.add(pictureNamed(url));
  return { media_id: media.id, url };
}

function uploadPicture(call: AccountCall): Reply {
  const file = fileIn(call, ARTICLE_PICTURE);
  if (isRefusal(file)) return file;
  const name = digestOf(Buffer.concat([Buffer.from(call.account.appId), file.data]));
  const url = `http://mmbiz.qpic.cn/mmbiz_jpg/${name}/0`;
  call.account.pictures.add(pictureNamed(url));
  return { url };
}

/** Takes the id of a temporary video; a permanent one is 40007, as reported since 2022. */
function nameVideo({ account, json, world }: AccountCall): Reply {
  const { media_id: id, title = '', description = '' } = json;
  if (id === undefined) return refusal(41006);
  const video = typeof id === 'string' ? account.media.find(id) : undefined;
  if (video?.kind !== 'video' || video.permanent) return refusal(40007);
  if (isTranscoding(video, world)) return refusal(46007);
  if (typeof title !== 'string' || typeof description !== 'string') return refusal(47003);
  const media = account.media.put({
    kind: 'mpvideo',
    permanent: false,
    digest: digestOf(Buffer.from(`${video.digest}\n${title}\n${description}`)),
  });
  return { type: 'video', media_id: media.id, created_at: Math.floor(media.createdAt / 1_000) };
}

function typeIn(query: URLSearchParams): UploadType | undefined {
  const type = query.get('type') ?? '';
  return type in TODAY ? (type as UploadType) : undefined;
}

/** The file of a multipart body, if it is one that WeChat would take. */
function fileIn(
  { headers, body, world }: AccountCall,
  accepts: Accepts,
): { filename: string; data: Buffer } | Refusal {
  // A chunked body never reaches the file reader.
  if (headers['content-length'] === undefined) return refusal(41005);
  const parts = readMultipart(String(headers['content-type'] ?? ''), body);
  const part = parts?.find(({ name }) => name === 'media');
  if (!isFile(part)) return refusal(41005);
  const { filename, data } = part;
  if (data.length === 0) return refusal(44001);
  if (data.length > accepts.bytes) return refusal(accepts.tooLarge);
  const named = kindNamedBy(filename);
  const kind = fileKindOf(data) ?? fillerOf(data, named, world);
  if (!named || !kind || !accepts.kinds.includes(kind) || !accepts.kinds.includes(named)) {
    return refusal(40005);
  }
  if ((secondsOf(data, kind) ?? 0) > VOICE_SECONDS) return refusal(45007);
  return { filename, data };
}

/** Neither a known format nor text. */
function fillerOf(
  data: Buffer,
  named: FileKind | undefined,
  { rules }: World,
): FileKind | undefined {
  if (rules.switches.unknownContent === 'refused') return undefined;
  const isText = /^[\t\n\r\x20-\x7e]+$/.test(data.toString('latin1', 0, 64));
  return isText ? undefined : named;
}

function isFile(part: Part | undefined): part is Part & { filename: string } {
  return isRecord(part) && Boolean(part.filename) && Boolean(part.contentType);
}

const digestOf = (data: Buffer): string =>
  createHash('sha256').update(data).digest('hex').slice(0, 40);
