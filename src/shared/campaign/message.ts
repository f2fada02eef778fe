/** What followers get. Media are named by where they are; their bytes never travel in a record. */
import { picturesOfOurs } from './article-pictures.ts';

/** A file of ours (`upload`, id `m_…`), or one already at WeChat (`mediaId`). */
export type MediaRef = { readonly upload: string } | { readonly mediaId: string };

export interface Article {
  readonly thumb: MediaRef;
  readonly title: string;
  readonly author?: string;
  readonly content: string;
  readonly contentSourceUrl?: string;
  readonly digest?: string;
  readonly showCover?: boolean;
  readonly openComment?: boolean;
  readonly fansOnlyComment?: boolean;
}

export type Message =
  | { readonly type: 'text'; readonly content: string }
  | { readonly type: 'image'; readonly media: MediaRef }
  /** Several pictures in one send, shown as one post. */
  | {
      readonly type: 'image';
      readonly images: readonly MediaRef[];
      readonly title?: string;
      readonly openComment?: boolean;
      readonly fansOnlyComment?: boolean;
    }
  | { readonly type: 'voice'; readonly media: MediaRef }
  | {
      readonly type: 'video';
      readonly media: MediaRef;
      readonly title: string;
      readonly description: string;
      readonly thumb?: MediaRef;
    }
  | {
      readonly type: 'news';
      readonly articles: readonly Article[];
      readonly ignoreReprint: boolean;
    }
  | { readonly type: 'news'; readonly mediaId: string; readonly ignoreReprint: boolean }
  /** A picture post (贴图): a draft of pictures with a plain text, never articles. */
  | {
      readonly type: 'newspic';
      readonly images: readonly MediaRef[];
      readonly title: string;
      readonly content: string;
      readonly openComment?: boolean;
      readonly fansOnlyComment?: boolean;
    };

export const MESSAGE_TYPES = [
  'text',
  'image',
  'voice',
  'video',
  'news',
  'newspic',
] as const satisfies readonly Message['type'][];

/** One file that must be at WeChat before the message can go, as one kind of thing. */
export interface Upload {
  /** 1-based, in the order of the message. */
  readonly n: number;
  readonly upload: string;
  readonly kind:
    | 'image'
    | 'voice'
    | 'video'
    | 'mpvideo'
    | 'thumb'
    | 'article-picture'
    | 'permanent';
  /** What followers read with an mpvideo; part of its identity, as it cannot be changed later. */
  readonly title?: string;
  readonly description?: string;
}

export interface UploadRoute {
  /** sendall takes an mpvideo id only; so does today's send. The 2014 send took the plain video. */
  readonly videoAs: 'video' | 'mpvideo';
  /** How articles become one id at WeChat. */
  readonly newsBy: NewsRoute;
}

export type NewsRoute = 'uploadnews' | 'draft';

/** Covers of uploadnews are temporary thumbs, covers of drafts permanent images. */
export const coverKind = ({ newsBy }: Pick<UploadRoute, 'newsBy'>): 'thumb' | 'permanent' =>
  newsBy === 'draft' ? 'permanent' : 'thumb';

/** By the article, for as long as it is there: a megabyte of HTML takes some 20 ms. */
const picturesOf = new WeakMap<Article, readonly string[]>();

function picturesIn(article: Article): readonly string[] {
  const found = picturesOf.get(article) ?? picturesOfOurs(article.content);
  picturesOf.set(article, found);
  return found;
}

/** Looks into one article after another, `breath` between them, so that `uploadsOf` takes no time. */
export async function readPictures(
  message: Message,
  breath: () => Promise<unknown>,
): Promise<void> {
  for (const article of 'articles' in message ? message.articles : []) {
    await breath();
    picturesIn(article);
  }
}

/** Every file the message needs at WeChat, each once per kind. Pure, so a rerun names the same. */
export function uploadsOf(message: Message, route: UploadRoute): Upload[] {
  const wanted: Omit<Upload, 'n'>[] = [];
  const want = (ref: MediaRef | undefined, kind: Upload['kind'], text = {}): void => {
    if (!ref || !('upload' in ref)) return;
    wanted.push({ upload: ref.upload, kind, ...text });
  };
  if (message.type === 'image') for (const ref of imagesOf(message)) want(ref, 'image');
  if (message.type === 'newspic') for (const ref of message.images) want(ref, 'permanent');
  if (message.type === 'voice') want(message.media, 'voice');
  if (message.type === 'video') {
    const { title, description } = message;
    want(message.media, route.videoAs, route.videoAs === 'mpvideo' ? { title, description } : {});
    // An mpvideo takes its picture from the film; only the plain video of 2014 names one.
    if (route.videoAs === 'video') want(message.thumb, 'thumb');
  }
  if (message.type === 'news' && 'articles' in message) {
    for (const article of message.articles) {
      want(article.thumb, coverKind(route));
      for (const upload of picturesIn(article)) want({ upload }, 'article-picture');
    }
  }
  const seen = new Set<string>();
  return wanted
    .filter((upload) => !seen.has(uploadKey(upload)) && seen.add(uploadKey(upload)))
    .map((upload, index) => ({ n: index + 1, ...upload }));
}

/** One or several. */
export const imagesOf = (
  message: Extract<Message, { type: 'image' | 'newspic' }>,
): readonly MediaRef[] => ('images' in message ? message.images : [message.media]);

/** Every file that the message names, whichever way it goes. */
export const allUploadsOf = (message: Message): Upload[] =>
  uploadsOf(message, { videoAs: 'video', newsBy: 'draft' });

/** Same key, same thing at WeChat. */
export const uploadKey = (upload: Omit<Upload, 'n'>): string =>
  [upload.kind, upload.upload, upload.title ?? '', upload.description ?? ''].join('\u0000');

/** Whether the message goes out under the id of articles or of a picture post made at WeChat for it. */
export const needsNews = (message: Message): boolean =>
  message.type === 'newspic' || (message.type === 'news' && 'articles' in message);

/** Whether a message of this type is a page at WeChat, which can be recalled and is counted. */
export const isPage = (type: Message['type']): boolean => type === 'news' || type === 'newspic';

/** The media id of a draft of the console, or of articles made elsewhere. */
export const consoleDraft = (message: Message | null): string | null =>
  message?.type === 'news' && 'mediaId' in message ? message.mediaId : null;

/** The first send uses up a draft of the console, so several batches each get a copy of it. */
export const copiesDraft = (message: Message, batches: number | null): boolean =>
  message.type === 'news' && 'mediaId' in message && batches !== null && batches > 1;
