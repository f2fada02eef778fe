/**
 * Turns articles into one media id at WeChat: by `uploadnews`, or as a draft of their own for each
 * batch. `uploadnews` has ten calls a day, so the same articles are never uploaded twice while
 * WeChat still has them.
 */
import type { FlowProducer, Job } from 'bullmq';
import {
  type Campaign,
  type Control,
  isEnded,
  type Material,
  type MaterialKey,
} from '../../shared/campaign/campaign.ts';
import type { Article, Message, UploadRoute } from '../../shared/campaign/message.ts';
import { articleBodies, articlesKey } from '../../shared/delivery/article-bodies.ts';
import { uploadRouteOf } from '../../shared/delivery/upload-route.ts';
import type { WechatFor } from '../../shared/delivery/wechat-accounts.ts';
import type { AccountConfig } from '../../shared/platform/accounts.ts';
import type { Telemetry } from '../../shared/platform/telemetry.ts';
import { MINUTE, SECOND } from '../../shared/platform/time.ts';
import { type UploadNewsPayload, uploadNewsJob } from '../../shared/queue/jobs.ts';
import { PREFIX } from '../../shared/record/keys.ts';
import { TEMPORARY_MEDIA_LIFE } from '../../shared/record/material-store.ts';
import type { Stores } from '../../shared/record/record.ts';
import type { Answer, Era } from '../../shared/wechat/client.ts';
import { type ArticleBody, addDraft, uploadNews } from '../../shared/wechat/news.ts';
import { meaningOf } from '../../shared/wechat/remedies.ts';
import { countTry, triesOf } from '../lane/count-tries.ts';
import { sleepUntil, waitForChildren } from '../lane/sleep.ts';
import type { WaitForWechat } from '../lane/wait-for-wechat.ts';
import { mediaIdOf, NAMED_IN_VAIN, uploadJobs } from './material.ts';
import { laterOf } from './upload-later.ts';

interface Dependencies {
  readonly stores: Stores;
  readonly flows: FlowProducer;
  readonly wechatFor: WechatFor;
  readonly accountOf: (name: string) => AccountConfig;
  readonly era: Era;
  readonly waitForWechat: WaitForWechat;
  readonly telemetry: Telemetry;
  readonly now: () => number;
  readonly prefix?: string;
}

const CLAIM_MS = 2 * MINUTE;
/** Generations of files uploaded again begin here. */
const AGAIN = 1_000_000;
/** Covers that WeChat lost before their time are uploaded again, this often in a campaign. */
const MOST_COVER_RENEWALS = 3;
/** What WeChat had when the articles were refused. */
type Uploads = Material['uploads'];

type News = Extract<Message, { articles: readonly Article[] }>;

interface Doing {
  readonly payload: UploadNewsPayload;
  readonly campaign: Campaign;
  readonly control: Control;
  readonly message: News;
  readonly account: AccountConfig;
  readonly route: UploadRoute;
}

export function makeUploadNews(deps: Dependencies) {
  const { stores, flows, wechatFor, accountOf, era, waitForWechat, telemetry, now } = deps;
  const { campaigns, materials } = stores;

  async function upload(job: Job, token?: string): Promise<void> {
    const doing = await look(uploadNewsJob.payload.parse(job.data));
    if (!doing) return;
    const { payload, control, account, message, route } = doing;
    const made = control.material.news[newsField(payload)];
    if (made?.generation === payload.generation) return;
    const { failure } = control.material;
    if (failure?.generation === payload.generation) return;
    if (failure && failure.generation > AGAIN) return fail(payload, failure.code, failure.message);

    const articles = articlesOf(message, route, control.material, now());
    if (!articles) return coversAgain(job, token, doing, {});
    if (payload.batchNo !== undefined) {
      const draft = await addDraft(wechatFor(account.name), articles);
      return takeIn(job, token, { ...doing, answer: draft, key: null });
    }
    const key = articlesKey(articles);
    const known = await materials.find(account.name, key);
    if (known?.mediaId !== undefined) {
      telemetry.uploadEnded(doing.campaign, { what: 'news', outcome: 'reused' });
      return note(payload, known.mediaId, known.expiresAt, key);
    }
    const release = await materials.claim(account.name, key, CLAIM_MS, job.id);
    if (!release) return sleepUntil(job, token, now() + SECOND);
    try {
      const answer = await uploadNews(wechatFor(account.name), articles);
      return await takeIn(job, token, { ...doing, answer, key });
    } finally {
      await release();
    }
  }

  async function look(payload: UploadNewsPayload): Promise<Doing | null> {
    const [record, message] = await Promise.all([
      campaigns.read(payload.campaignId),
      campaigns.message(payload.campaignId),
    ]);
    if (!record || message?.type !== 'news' || !('articles' in message)) return null;
    const { campaign, control } = record;
    if (isEnded(control) || control.cancelled) return null;
    const account = accountOf(campaign.account);
    const route = uploadRouteOf(account, era, campaign.audience);
    return { payload, campaign, control, message, account, route };
  }

  async function takeIn(
    job: Job,
    token: string | undefined,
    at: Doing & { answer: Answer<{ mediaId: string }>; key: MaterialKey | null },
  ): Promise<void> {
    const { payload, campaign, account, answer, key } = at;
    if (answer.kind === 'ok') {
      const { mediaId } = answer.value;
      // A draft stays until it is sent, and then it is gone; nobody else may use it.
      const expiresAt = key ? now() + TEMPORARY_MEDIA_LIFE : null;
      if (key) await materials.save(account.name, key, { mediaId, uploadedAt: now(), expiresAt });
      telemetry.uploadEnded(campaign, { what: 'news', outcome: 'done' });
      if (triesOf(job) > 0) await campaigns.waits(campaign.id, null);
      return note(payload, mediaId, expiresAt, key);
    }
    if (answer.kind === 'refused' && answer.remedy.kind === 'new-media') {
      if (!at.message.articles.some(({ thumb }) => 'upload' in thumb)) {
        return fail(payload, 'wechat-40007', `articles: ${NAMED_IN_VAIN[at.route.coverAs]}`);
      }
      if ((at.control.material.rounds ?? 0) >= MOST_COVER_RENEWALS) {
        return fail(payload, 'wechat-40007', `articles: ${meaningOf(40007)}`);
      }
      return coversAgain(job, token, at, at.control.material.uploads);
    }
    const later = laterOf(answer, {
      now: now(),
      accountKind: account.kind,
      tries: await countTry(job),
    });
    if (later) {
      telemetry.uploadEnded(campaign, { what: 'news', outcome: 'later' });
      return waitForWechat(job, token, campaign, later);
    }
    if (answer.kind !== 'refused') return;
    const { errcode } = answer;
    telemetry.uploadEnded(campaign, { what: 'news', outcome: 'refused', errcode });
    return fail(payload, `wechat-${errcode}`, `articles: ${meaningOf(errcode)}`);
  }

  async function note(
    payload: UploadNewsPayload,
    mediaId: string,
    expiresAt: number | null,
    shared: MaterialKey | null,
  ): Promise<void> {
    const { generation } = payload;
    await campaigns.control(payload.campaignId, (control) => ({
      ...control,
      material: {
        ...control.material,
        news: {
          ...control.material.news,
          [newsField(payload)]: { mediaId, generation, expiresAt, ...(shared ? { shared } : {}) },
        },
      },
    }));
  }

  /**
   * A cover or a picture is not at WeChat, or WeChat no longer knows it: uploaded again under this
   * job, with job ids of their own.
   *
   * @param lost what WeChat refused: WeChat does not say which of them it does not know.
   */
  async function coversAgain(
    job: Job,
    token: string | undefined,
    doing: Doing,
    lost: Uploads,
  ): Promise<void> {
    const { campaign, message, account } = doing;
    for (const { shared, mediaId, url } of Object.values(lost)) {
      const id = mediaId ?? url;
      if (shared && id !== undefined) await materials.forget(account.name, shared, id);
    }
    const next = await campaigns.control(campaign.id, (current) => ({
      ...current,
      material: {
        ...current.material,
        // What another batch has had uploaded meanwhile stays.
        uploads: Object.fromEntries(
          Object.entries(current.material.uploads).filter(
            ([n, { mediaId, url }]) => lost[n]?.mediaId !== mediaId || lost[n]?.url !== url,
          ),
        ),
        rounds: (current.material.rounds ?? 0) + 1,
      },
    }));
    if (!next || !('material' in next)) return;
    // Upload jobs of this generation may have run: these have numbers of their own.
    const generation = AGAIN + (next.material.rounds ?? 0);
    const uploads = uploadJobs({ campaign, message, account, era, generation });
    const parent = { id: job.id ?? '', queue: job.queueQualifiedName };
    const prefix = deps.prefix ?? PREFIX;
    await flows.addBulk(
      uploads.map((flow) => ({ ...flow, prefix, opts: { ...flow.opts, parent } })),
    );
    await waitForChildren(job, token);
    return sleepUntil(job, token, now() + SECOND);
  }

  async function fail(
    { campaignId, generation }: UploadNewsPayload,
    code: string,
    message: string,
  ): Promise<void> {
    await campaigns.control(campaignId, (control) => ({
      ...control,
      material: { ...control.material, failure: { generation, code, message } },
    }));
  }

  return upload;
}

const newsField = ({ batchNo }: UploadNewsPayload): string =>
  batchNo === undefined ? 'all' : String(batchNo);

/** The articles with WeChat's names for their pictures, or null while one has none. */
function articlesOf(
  message: News,
  route: UploadRoute,
  material: Material,
  now: number,
): ArticleBody[] | null {
  const needs = { message, route, material, now };
  return articleBodies(message.articles, {
    coverId(thumb) {
      const upload = 'upload' in thumb ? thumb.upload : '';
      const fit = 'fit' in thumb && thumb.fit ? { fit: true } : {};
      return mediaIdOf(thumb, { upload, kind: route.coverAs, ...fit }, needs);
    },
    pictureUrl: (upload) => mediaIdOf({ upload }, { upload, kind: 'article-picture' }, needs),
  });
}
