/**
 * A message to WeChat at once, outside any job: for previews. What WeChat has already is used again,
 * and what is brought here serves the campaign that follows.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { dailyQuotas, UPLOAD_NEWS } from '../campaign/daily-quotas.ts';
import type { WechatCopy } from '../campaign/material.ts';
import {
  type Message,
  type NewsRoute,
  needsNews,
  type Upload,
  type UploadRoute,
  uploadKey,
  uploadsOf,
} from '../campaign/message.ts';
import { type Refused, refuse } from '../contract/problem.ts';
import type { AccountConfig } from '../platform/accounts.ts';
import { SECOND } from '../platform/time.ts';
import type { Stores } from '../record/record.ts';
import type { MassMessage } from '../wechat/mass.ts';
import { addDraft, deleteDraft } from '../wechat/news.ts';
import { type Ensured, makeEnsureAtWechat } from './ensure-at-wechat.ts';
import { saidNo } from './said-no.ts';
import type { WechatFor } from './wechat-accounts.ts';
import {
  articleBodies,
  articlesKey,
  draftArticles,
  type IdOf,
  wechatMessage,
} from './wechat-message.ts';

interface Dependencies {
  readonly stores: Pick<Stores, 'media' | 'materials' | 'quota'>;
  readonly wechatFor: WechatFor;
  readonly now: () => number;
}

interface Options {
  readonly newsBy: NewsRoute;
  /** Use the day's last uploadnews, too; otherwise it is kept for a send. */
  readonly spendLast: boolean;
}

export interface Brought {
  readonly message: MassMessage;
  /** Takes back what was made for this occasion alone. */
  readonly tidy: () => Promise<void>;
}

type Or<T> = T | Refused;

/** How long another process may take with the same file. */
const PATIENCE = 20 * SECOND;
const LOOK_EVERY = 200;

export function makeBringMessage({ stores, wechatFor, now }: Dependencies) {
  const { materials, quota } = stores;
  const ensureAtWechat = makeEnsureAtWechat({ stores, wechatFor, now });

  return async function bringMessage(
    account: AccountConfig,
    message: Message,
    { newsBy, spendLast }: Options,
  ): Promise<Or<Brought>> {
    const route: UploadRoute = { videoAs: 'mpvideo', newsBy };
    const ids = new Map<string, string>();
    for (const upload of uploadsOf(message, route)) {
      const copy = await bringFile(account.name, upload);
      if ('refused' in copy) return copy;
      ids.set(uploadKey(upload), copy.mediaId ?? copy.url ?? '');
    }
    const idOf: IdOf = (upload) => ids.get(uploadKey(upload)) ?? null;
    let news: { newsId: string | null; tidy: Brought['tidy'] } = { newsId: null, tidy: nothing };
    if (needsNews(message)) {
      const made = await bringNews(account, message, { route, idOf, spendLast });
      if ('refused' in made) return made;
      news = made;
    }
    const ready = wechatMessage(message, route, { idOf, newsId: news.newsId });
    if (!ready) throw new TypeError('an upload without its id');
    return { message: ready, tidy: news.tidy };
  };

  async function bringFile(account: string, upload: Upload): Promise<Or<WechatCopy>> {
    return patiently(async () => {
      const ensured = await ensureAtWechat.file(account, upload);
      if (ensured.kind !== 'gone') return ensured;
      return refuse({ code: 'media-gone', upload: upload.upload });
    });
  }

  async function bringNews(
    account: AccountConfig,
    message: Message,
    { route, idOf, spendLast }: { route: UploadRoute; idOf: IdOf; spendLast: boolean },
  ): Promise<Or<{ newsId: string | null; tidy: Brought['tidy'] }>> {
    const client = wechatFor(account.name);
    if (route.newsBy === 'draft') {
      const draft = await addDraft(client, (await draftArticles(message, idOf)) ?? []);
      if (draft.kind !== 'ok') return saidNo(draft);
      const { mediaId } = draft.value;
      // One that stays behind is a nuisance, not a fault.
      return { newsId: mediaId, tidy: async () => void (await deleteDraft(client, mediaId)) };
    }
    const bodies = (await articleBodies(message, route, idOf)) ?? [];
    if (!spendLast && !(await materials.find(account.name, articlesKey(bodies)))) {
      const left = dailyQuotas(account, await quota.today(account.name))[UPLOAD_NEWS]?.left ?? 0;
      if (left === 1) return refuse({ code: 'last-uploadnews-kept' });
    }
    const copy = await patiently(() => ensureAtWechat.news(account.name, bodies));
    return 'refused' in copy ? copy : { newsId: copy.mediaId ?? null, tidy: nothing };
  }

  async function patiently(ensure: () => Promise<Or<Ensured>>): Promise<Or<WechatCopy>> {
    const until = now() + PATIENCE;
    for (;;) {
      const ensured = await ensure();
      if ('refused' in ensured) return ensured;
      if (ensured.kind === 'there') return ensured.copy;
      if (ensured.kind !== 'busy') return saidNo(ensured);
      if (now() >= until) return refuse({ code: 'upload-under-way' });
      await sleep(LOOK_EVERY);
    }
  }
}

const nothing = async (): Promise<void> => undefined;
