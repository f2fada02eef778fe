/**
 * Turns articles into one media id at WeChat: by `uploadnews`, or as a draft of their own for each
 * batch. `uploadnews` has ten calls a day, so the same articles are never uploaded twice while
 * WeChat still has them.
 */
import type { Job } from 'bullmq';
import { isEnded } from '../../shared/campaign/campaign.ts';
import {
  copyOf,
  draftOf,
  filesOf,
  type Items,
  lose,
  NEW_ITEM,
  NEWS,
  takeFailure,
  type WechatCopy,
} from '../../shared/campaign/material.ts';
import { type Article, coverKind, type Message } from '../../shared/campaign/message.ts';
import type { Tally } from '../../shared/campaign/progress.ts';
import { type Ensured, makeEnsureAtWechat } from '../../shared/delivery/ensure-at-wechat.ts';
import type { WechatFor } from '../../shared/delivery/wechat-accounts.ts';
import { articleBodies, articlesKey } from '../../shared/delivery/wechat-message.ts';
import type { AccountConfig } from '../../shared/platform/accounts.ts';
import { uploadNewsJob } from '../../shared/queue/jobs.ts';
import { TEMPORARY_MEDIA_LIFE } from '../../shared/record/material-store.ts';
import type { Stores } from '../../shared/record/record.ts';
import type { Answer, Era, WechatClient } from '../../shared/wechat/client.ts';
import {
  type ArticleBody,
  addDraft,
  copyDraft,
  readDraft,
  uploadNews,
} from '../../shared/wechat/news.ts';
import { untilChildren } from '../lane/sleep.ts';
import { draftLeftBehind } from './draft-left-behind.ts';
import { type Asking, idsIn, type PrepareMessage } from './prepare-message.ts';
import type { TakeInUpload, Uploading } from './take-in-upload.ts';

interface Dependencies {
  readonly stores: Pick<Stores, 'campaigns' | 'materials' | 'lanes'>;
  readonly wechatFor: WechatFor;
  readonly accountOf: (name: string) => AccountConfig;
  readonly prepareMessage: Pick<PrepareMessage, 'routeOf' | 'ensure'>;
  readonly takeInUpload: TakeInUpload;
  readonly now: () => number;
}

type News = Extract<Message, { type: 'news' }>;
type Composed = Extract<News, { articles: readonly Article[] }>;

export function makeUploadNews(deps: Dependencies) {
  const { stores, wechatFor, accountOf, prepareMessage, takeInUpload, now } = deps;
  const { campaigns, materials, lanes } = stores;
  const ensureAtWechat = makeEnsureAtWechat({ materials, now });

  return async function upload(job: Job, token?: string): Promise<void> {
    const { campaignId, generation, batchNo } = uploadNewsJob.payload.parse(job.data);
    const [record, message] = await Promise.all([
      campaigns.read(campaignId),
      campaigns.message(campaignId),
    ]);
    if (!record || message?.type !== 'news') return;
    const { campaign, control, tally } = record;
    if (isEnded(control) || control.cancelled) return;
    const thing = batchNo === undefined ? NEWS : draftOf(batchNo);
    const { [thing.name]: item = NEW_ITEM } = await campaigns.items(campaignId, [thing.name]);
    if (item.generation !== generation || item.copy || item.failure) return;

    const account = accountOf(campaign.account);
    const route = prepareMessage.routeOf(campaign, control);
    const asking: Asking = { job, campaign, message, route };
    const uploading: Uploading = {
      ...{ job, token, campaign, account, thing, generation, what: 'news' },
      ...(thing === NEWS ? { path: UPLOAD_NEWS, isScarce: true } : {}),
    };
    if ('mediaId' in message) {
      const copied = await copyOfDraft(campaignId, account, message.mediaId);
      return takeInUpload.takeIn(uploading, copied);
    }
    const files = await prepareMessage.ensure(asking, filesOf(message, route));
    if ('wait' in files) return untilChildren(job, token, files.wait);
    if ('failed' in files) {
      await takeInUpload.refuse(uploading, files.failed);
      await campaigns.changeItem(campaignId, files.thing.name, takeFailure);
      return;
    }
    const bodies = articleBodies(message.articles, route, idsIn(message, route, files.items));
    if (!bodies) throw new TypeError(`campaign ${campaignId}: an item without its id`);
    const ensured =
      thing === NEWS
        ? await ensureAtWechat(
            account.name,
            articlesKey(bodies),
            () => asNews(wechatFor(account.name), bodies, campaign.era),
            job.id,
          )
        : await asDraft(job, uploading, bodies);
    if (ensured.kind === 'refused' && ensured.remedy.kind === 'new-media') {
      return coversAgain(asking, uploading, { message, items: files.items, tally });
    }
    if (ensured.kind === 'refused' && ensured.remedy.kind === 'use-drafts') {
      if (account.newsRoute === 'auto') return useDrafts(uploading, ensured.errcode);
    }
    return takeInUpload.takeIn(uploading, ensured);
  };

  async function asNews(
    client: WechatClient,
    bodies: readonly ArticleBody[],
    era: Era | undefined,
  ): Promise<Answer<WechatCopy>> {
    const answer = await uploadNews(client, bodies, era);
    return withLife(answer, now() + TEMPORARY_MEDIA_LIFE);
  }

  /** An earlier run's call may have made it without our hearing so: that draft is used. */
  async function asDraft(
    job: Job,
    { campaign, account }: Uploading,
    bodies: readonly ArticleBody[],
  ): Promise<Ensured> {
    const client = wechatFor(account.name);
    if (job.attemptsStarted > 1) {
      const names = (await campaigns.itemNames(campaign.id)).filter((name) => name !== NEWS.name);
      const known = Object.values(await campaigns.items(campaign.id, names));
      const left = await draftLeftBehind(client, {
        bodies,
        since: job.timestamp,
        isKnown: (mediaId) => known.some(({ copy }) => copy?.mediaId === mediaId),
      });
      if (left !== null) return thereIs(left);
    }
    const answer = await addDraft(client, bodies);
    return answer.kind === 'ok' ? thereIs(answer.value.mediaId) : answer;
  }

  /** The articles of a draft of the console, in a draft of this batch's own. */
  async function copyOfDraft(
    campaignId: string,
    account: AccountConfig,
    mediaId: string,
  ): Promise<Ensured> {
    const client = wechatFor(account.name);
    let source = await campaigns.draftSource(campaignId);
    if (source === null) {
      const draft = await readDraft(client, mediaId);
      // Not a draft: an id of uploadnews, made elsewhere, which serves every batch.
      if (draft.kind === 'refused' && draft.remedy.kind === 'new-media') return thereIs(mediaId);
      if (draft.kind !== 'ok') return draft;
      source = await campaigns.keepDraftSource(campaignId, JSON.stringify(draft.value));
    }
    const answer = await copyDraft(client, JSON.parse(source));
    return answer.kind === 'ok' ? thereIs(answer.value.mediaId) : answer;
  }

  /** A cover or a picture is not at WeChat any more, and WeChat does not say which. */
  async function coversAgain(
    asking: Asking,
    uploading: Uploading,
    { message, items, tally }: { message: Composed; items: Items; tally: Tally },
  ): Promise<void> {
    const { campaign, route } = asking;
    if (!message.articles.some(({ thumb }) => 'upload' in thumb)) {
      const of = coverKind(route) === 'permanent' ? 'permanent' : 'thumb';
      return takeInUpload.refuse(uploading, { code: 'media-id-unknown', of });
    }
    const accepted = tally.submitted + tally.settled;
    let tooOften = false;
    for (const thing of filesOf(message, route)) {
      const copy = copyOf(items[thing.name], 0);
      const id = copy?.mediaId ?? copy?.url;
      if (!copy || id === undefined) continue;
      // Forgotten first: whoever makes it anew must not find what WeChat no longer knows.
      if (copy.shared) await materials.forget(campaign.account, copy.shared, id);
      await campaigns.changeItem(campaign.id, thing.name, (item) => {
        const lost = lose(item, id, { thing, accepted });
        tooOften ||= lost === 'too-often';
        return lost === 'too-often' ? item : lost;
      });
    }
    if (tooOften) {
      return takeInUpload.refuse(uploading, {
        code: 'refused-by-wechat',
        errcode: 40007,
        of: 'news',
      });
    }
    const again = await prepareMessage.ensure(asking, filesOf(message, route));
    if ('wait' in again) return untilChildren(uploading.job, uploading.token, again.wait);
  }

  /** From now on for this account, and for this campaign whose root or batches look again. */
  async function useDrafts({ campaign, account }: Uploading, errcode: number): Promise<void> {
    await lanes.noteUploadNewsClosed(account.name, errcode, now());
    await campaigns.control(campaign.id, (control) => ({ ...control, newsBy: 'draft' }));
  }
}

const UPLOAD_NEWS = 'media/uploadnews';

/** A draft stays until it is sent, and then it is gone; no other campaign may use it. */
const thereIs = (mediaId: string): Ensured => ({
  kind: 'there',
  copy: { mediaId, expiresAt: null },
  reused: false,
});

const withLife = (answer: Answer<{ mediaId: string }>, expiresAt: number): Answer<WechatCopy> =>
  answer.kind === 'ok' ? { kind: 'ok', value: { ...answer.value, expiresAt } } : answer;
