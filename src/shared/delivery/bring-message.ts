/**
 * A message to WeChat at once, outside any job: for previews. What WeChat has already is used again,
 * and what is brought here serves the campaign that follows.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Refusal, refuse } from '../actions/refusal.ts';
import type { MaterialKey } from '../campaign/campaign.ts';
import { dailyQuotas, UPLOAD_NEWS } from '../campaign/daily-quotas.ts';
import {
  type MediaRef,
  type Message,
  type Upload,
  type UploadRoute,
  uploadKey,
  uploadsOf,
} from '../campaign/message.ts';
import type { AccountConfig } from '../platform/accounts.ts';
import { MINUTE, SECOND } from '../platform/time.ts';
import { TEMPORARY_MEDIA_LIFE } from '../record/material-store.ts';
import type { Stores } from '../record/record.ts';
import type { Answer, WechatClient } from '../wechat/client.ts';
import type { MassMessage } from '../wechat/mass.ts';
import { addDraft, deleteDraft, uploadNews } from '../wechat/news.ts';
import { meaningOf } from '../wechat/remedies.ts';
import { articleBodies, articlesKey } from './article-bodies.ts';
import { bringUpload, fileOf, materialKeyOf, type There } from './bring-upload.ts';
import type { WechatFor } from './wechat-accounts.ts';

interface Dependencies {
  readonly stores: Pick<Stores, 'media' | 'materials' | 'quota'>;
  readonly wechatFor: WechatFor;
  readonly now: () => number;
}

interface Options {
  /** Use the day's last uploadnews, too; otherwise it is kept for a send. */
  readonly spendLast: boolean;
}

export interface Brought {
  readonly message: MassMessage;
  /** Takes back what was made for this occasion alone. */
  readonly tidy: () => Promise<void>;
}

type Or<T> = T | { readonly refused: Refusal };

const CLAIM_MS = 2 * MINUTE;
/** How long another process may take with the same file. */
const PATIENCE = 20 * SECOND;
const LOOK_EVERY = 200;

export function makeBringMessage({ stores, wechatFor, now }: Dependencies) {
  const { media, materials, quota } = stores;

  return async function bringMessage(
    account: AccountConfig,
    message: Message,
    { spendLast }: Options,
  ): Promise<Or<Brought>> {
    const route: UploadRoute = {
      videoAs: 'mpvideo',
      coverAs: account.newsRoute === 'draft' ? 'permanent' : 'thumb',
    };
    const there = new Map<string, There>();
    for (const upload of uploadsOf(message, route)) {
      const brought = await bringOne(account.name, upload);
      if ('refused' in brought) return brought;
      there.set(uploadKey(upload), brought);
    }
    const idOf = (ref: MediaRef, as: Pick<Upload, 'kind' | 'title' | 'description'>): string => {
      if ('mediaId' in ref) return ref.mediaId;
      const found = there.get(uploadKey({ ...as, ...ref }));
      return found?.mediaId ?? found?.url ?? '';
    };
    const nothing = async (): Promise<void> => undefined;
    switch (message.type) {
      case 'text':
        return { message, tidy: nothing };
      case 'image':
      case 'voice': {
        const mediaId = idOf(message.media, { kind: message.type });
        return { message: { type: message.type, mediaId }, tidy: nothing };
      }
      case 'video': {
        const { title, description } = message;
        const mediaId = idOf(message.media, { kind: 'mpvideo', title, description });
        return { message: { type: 'video', mediaId, title, description }, tidy: nothing };
      }
      case 'news': {
        const { ignoreReprint } = message;
        if ('mediaId' in message) return { message, tidy: nothing };
        const bodies = articleBodies(message.articles, {
          coverId: (thumb) => idOf(thumb, { kind: route.coverAs }),
          pictureUrl: (upload) => idOf({ upload }, { kind: 'article-picture' }),
        });
        const news = await bringNews(account, bodies ?? [], spendLast);
        if ('refused' in news) return news;
        const { mediaId, tidy } = news;
        return { message: { type: 'news', mediaId, ignoreReprint }, tidy };
      }
    }
  };

  async function bringOne(account: string, upload: Upload): Promise<Or<There>> {
    const file = await fileOf(media, upload);
    if (!file) return gone(upload.upload);
    if ('unfit' in file) return refuse(422, 'cover-unfit', file.unfit);
    return once(account, materialKeyOf(upload, file), () =>
      bringUpload(wechatFor(account), upload, file, now),
    );
  }

  async function bringNews(
    account: AccountConfig,
    bodies: NonNullable<ReturnType<typeof articleBodies>>,
    spendLast: boolean,
  ): Promise<Or<{ mediaId: string; tidy: () => Promise<void> }>> {
    const client = wechatFor(account.name);
    if (account.newsRoute === 'draft') {
      const draft = await addDraft(client, bodies);
      if (draft.kind !== 'ok') return saidNo(draft);
      const { mediaId } = draft.value;
      return { mediaId, tidy: () => removeDraft(client, mediaId) };
    }
    const key = articlesKey(bodies);
    const known = await materials.find(account.name, key);
    if (!known && !spendLast) {
      const left = dailyQuotas(account, await quota.today(account.name))[UPLOAD_NEWS]?.left ?? 0;
      if (left <= 1) return LAST_UPLOAD;
    }
    const news = await once(account.name, key, async () => {
      const answer = await uploadNews(client, bodies);
      if (answer.kind !== 'ok') return answer;
      const { mediaId } = answer.value;
      return { kind: 'ok', value: { mediaId, expiresAt: now() + TEMPORARY_MEDIA_LIFE } };
    });
    if ('refused' in news) return news;
    return { mediaId: news.mediaId ?? '', tidy: async () => undefined };
  }

  /** One upload in flight for the same thing, whichever process asks. */
  async function once(
    account: string,
    key: MaterialKey,
    bring: () => Promise<Answer<There>>,
  ): Promise<Or<There>> {
    const until = now() + PATIENCE;
    for (;;) {
      const known = await materials.find(account, key);
      if (known) return known;
      const release = await materials.claim(account, key, CLAIM_MS);
      if (release) {
        try {
          const answer = await bring();
          if (answer.kind !== 'ok') return saidNo(answer);
          await materials.save(account, key, { ...answer.value, uploadedAt: now() });
          return answer.value;
        } finally {
          await release();
        }
      }
      if (now() >= until) {
        return refuse(503, 'upload-under-way', 'the same content is being uploaded: try again');
      }
      await sleep(LOOK_EVERY);
    }
  }
}

/** A draft that stays behind is a nuisance, not a fault. */
async function removeDraft(client: WechatClient, mediaId: string): Promise<void> {
  await deleteDraft(client, mediaId);
}

const gone = (id: string) =>
  refuse(422, 'media-gone', `no upload ${id}: it was never made, or its time is over`);

const LAST_UPLOAD = refuse(
  409,
  'last-uploadnews-kept',
  'at most one call of media/uploadnews is left today, and it is kept for a send; say "spendLast": true to use it for this preview',
);

function saidNo(answer: Exclude<Answer<unknown>, { kind: 'ok' }>): { refused: Refusal } {
  if (answer.kind === 'refused') {
    const { errcode } = answer;
    return refuse(
      409,
      'refused-by-wechat',
      `WeChat refused the upload (${errcode}): ${meaningOf(errcode)}`,
    );
  }
  return refuse(503, 'wechat-unreachable', `WeChat did not take the upload: ${answer.cause}`);
}
