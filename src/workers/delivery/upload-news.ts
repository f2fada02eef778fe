/**
 * Turns articles into one media id at WeChat: by `uploadnews`, or as a draft of their own for each
 * batch. `uploadnews` has ten calls a day, so the same articles are never uploaded twice while
 * WeChat still has them.
 */
import {
  draftOf,
  filesOf,
  fileThing,
  type Items,
  NEWS,
  takeFailure,
} from '../../shared/campaign/material.ts';
import { coverKind, isPage, uploadsOf } from '../../shared/campaign/message.ts';
import { type Ensured, makeEnsureAtWechat } from '../../shared/delivery/ensure-at-wechat.ts';
import { articleBodies, draftArticles } from '../../shared/delivery/wechat-message.ts';
import type { UploadNewsPayload } from '../../shared/queue/jobs.ts';
import {
  type ArticleBody,
  addDraft,
  copyDraft,
  type DraftArticle,
  readDraft,
} from '../../shared/wechat/news.ts';
import type { Handler, Wait } from '../job.ts';
import type { Tools } from '../tools.ts';
import type { CheckDraft } from './check-draft.ts';
import { draftLeftBehind } from './drafts.ts';
import { idsIn, type PrepareMessage } from './prepare-message.ts';
import type { LoseCopies } from './renew-material.ts';
import type { Uploading, Uploads } from './uploading.ts';

type Dependencies = Pick<Tools, 'stores' | 'wechatFor' | 'now'> & {
  readonly prepareMessage: Pick<PrepareMessage, 'ensure'>;
  readonly loseCopies: LoseCopies;
  readonly checkDraft: CheckDraft;
  readonly uploads: Uploads;
};

export function makeUploadNews(deps: Dependencies): Handler<UploadNewsPayload> {
  const { stores, wechatFor, prepareMessage, loseCopies, checkDraft, uploads, now } = deps;
  const { campaigns, lanes } = stores;
  const ensureAtWechat = makeEnsureAtWechat(deps);

  return async function upload({ campaignId, generation, batchNo }, job) {
    const uploading = await uploads.begin(job, {
      ...{ campaignId, generation },
      thingOf: ({ type }) => {
        if (!isPage(type)) return null;
        return batchNo === undefined ? NEWS : draftOf(batchNo);
      },
    });
    if (!uploading) return null;
    const { message, route, account } = uploading;
    if ('mediaId' in message) {
      const copied = await copyOfDraft(uploading, message.mediaId);
      return copied && uploads.takeIn(uploading, 'news', copied);
    }
    const files = await prepareMessage.ensure(uploading, filesOf(message, route));
    if ('wait' in files) return files.wait;
    if ('failed' in files) {
      await uploads.refuse(uploading, files.failed);
      await campaigns.changeItem(campaignId, files.thing.name, takeFailure);
      return null;
    }
    const idOf = idsIn(message, route, files.items);
    const made =
      uploading.thing === NEWS
        ? await asNews(uploading, there(await articleBodies(message, route, idOf)))
        : await asDraft(uploading, there(await draftArticles(message, idOf)));
    if (made.kind === 'refused' && made.remedy.kind === 'new-media') {
      return filesAgain(uploading, files.items);
    }
    const isClosed = made.kind === 'refused' && made.remedy.kind === 'use-drafts';
    if (isClosed && account.newsRoute === 'auto') return useDrafts(uploading, made.errcode);
    return uploads.takeIn(uploading, 'news', made);
  };

  function asNews({ job, campaign, account }: Uploading, bodies: readonly ArticleBody[]) {
    return ensureAtWechat.news(account.name, bodies, { era: campaign.era, by: job.id });
  }

  /** An earlier run's call may have made it without our hearing so: that draft is used. */
  async function asDraft(
    { job, campaign, account }: Uploading,
    bodies: readonly DraftArticle[],
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

  /** The articles of a draft of the console, in a draft of this batch's own; null: not as approved. */
  async function copyOfDraft(
    { campaign, control, account }: Uploading,
    mediaId: string,
  ): Promise<Ensured | null> {
    const client = wechatFor(account.name);
    let source = await campaigns.draftSource(campaign.id);
    if (source === null) {
      const draft = await readDraft(client, mediaId);
      // Not a draft: an id of uploadnews, made elsewhere, which serves every batch.
      if (draft.kind === 'refused' && draft.remedy.kind === 'new-media') return thereIs(mediaId);
      if (draft.kind !== 'ok') return draft;
      const found = await checkDraft.look(campaign, control, mediaId, draft.value);
      if (found !== 'as-approved') {
        await checkDraft.askAgain(campaign, control, found);
        return null;
      }
      source = await campaigns.keepDraftSource(campaign.id, JSON.stringify(draft.value));
    }
    const answer = await copyDraft(client, JSON.parse(source));
    return answer.kind === 'ok' ? thereIs(answer.value.mediaId) : answer;
  }

  /** A cover or a picture is not at WeChat any more, and WeChat does not say which. */
  async function filesAgain(uploading: Uploading, items: Items): Promise<Wait | null> {
    const { campaign, message, route, tally } = uploading;
    const of = coverKind(route);
    const uploaded = uploadsOf(message, route);
    if (!uploaded.some(({ kind }) => kind === of)) {
      return uploads.refuse(uploading, { code: 'media-id-unknown', of });
    }
    const files = uploaded.map(fileThing);
    if ((await loseCopies(campaign, tally, { things: files, items })) === 'too-often') {
      const failure = { code: 'refused-by-wechat', errcode: 40007, of: 'news' } as const;
      return uploads.refuse(uploading, failure);
    }
    const again = await prepareMessage.ensure(uploading, files);
    return 'wait' in again ? again.wait : null;
  }

  /** From now on for this account, and for this campaign whose root or batches look again. */
  async function useDrafts({ campaign, account }: Uploading, errcode: number): Promise<null> {
    await lanes.noteUploadNewsClosed(account.name, errcode, now());
    await campaigns.control(campaign.id, (control) => ({ ...control, newsBy: 'draft' }));
    return null;
  }
}

function there<Bodies>(bodies: Bodies | null): Bodies {
  if (bodies === null) throw new TypeError('an item without its id');
  return bodies;
}

/** A draft stays until it is sent, and then it is gone; no other campaign may use it. */
const thereIs = (mediaId: string): Ensured => ({
  kind: 'there',
  copy: { mediaId, expiresAt: null },
  reused: false,
});
