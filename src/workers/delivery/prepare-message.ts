/**
 * What a message needs at WeChat before it can go. Whatever is missing is brought there by jobs
 * under the asking job, which waits until they are done.
 *
 * Each job belongs to one campaign: sharing one between campaigns leaves the second root asleep for
 * ever. What two campaigns have in common is found in the material store instead.
 */
import type { Job, Queue } from 'bullmq';
import type { Batch } from '../../shared/campaign/batch.ts';
import type { Campaign, Control } from '../../shared/campaign/campaign.ts';
import type { Failure } from '../../shared/campaign/failure.ts';
import {
  beforeBatches,
  copyOf,
  filesOf,
  fileThing,
  type Item,
  type Items,
  NEW_ITEM,
  newsOf,
  nextGeneration,
  type Thing,
  takeFailure,
} from '../../shared/campaign/material.ts';
import {
  type Message,
  type UploadRoute,
  uploadKey,
  uploadsOf,
} from '../../shared/campaign/message.ts';
import { batchTotal, type Tally } from '../../shared/campaign/progress.ts';
import { uploadRouteOf } from '../../shared/delivery/upload-route.ts';
import { type IdOf, wechatMessage } from '../../shared/delivery/wechat-message.ts';
import { SECOND } from '../../shared/platform/time.ts';
import { uploadMediaJob, uploadNewsJob } from '../../shared/queue/jobs.ts';
import { addChildren, type Planned } from '../../shared/queue/queues.ts';
import type { MassMessage } from '../../shared/wechat/mass.ts';
import type { Wait } from '../job.ts';
import type { Tools } from '../tools.ts';

/** What is sent, and how its files go up. */
interface Of {
  readonly campaign: Campaign;
  readonly message: Message;
  readonly route: UploadRoute;
}

/** One run of the job that asks. */
export interface Asking extends Of {
  readonly job: Job;
}

export interface Failed {
  readonly failed: Failure;
  readonly thing: Thing;
}

export interface Waiting {
  readonly wait: Wait;
}

/** Another job may be bringing it: look again this much later. */
const LOOK_AGAIN = SECOND;

export type PrepareMessage = ReturnType<typeof makePrepareMessage>;

export function makePrepareMessage(tools: Pick<Tools, 'config' | 'stores' | 'queues' | 'now'>) {
  const { queues, now } = tools;
  const { campaigns } = tools.stores;
  const { era } = tools.config.wechat;

  const routeOf = (campaign: Campaign, { newsBy = 'uploadnews' }: Control): UploadRoute =>
    uploadRouteOf(newsBy, campaign.era ?? era, campaign.audience);

  /** The articles that one batch goes out under, where their id is made for it. */
  function newsFor({ campaign, message, route }: Of, batch: Batch, tally: Tally) {
    const isShared = (campaign.era ?? era) === '2014';
    return newsOf(message, route, { no: batch.no, of: isShared ? 1 : batchTotal(tally) });
  }

  /** Whatever is missing has been given to jobs under the asking one, which waits for them. */
  async function ensure(
    asking: Asking,
    things: readonly Thing[],
  ): Promise<{ readonly items: Items } | Failed | Waiting> {
    const names = things.map(({ name }) => name);
    const items = await campaigns.items(asking.campaign.id, names);
    const missing: Thing[] = [];
    for (const thing of things) {
      const item = items[thing.name];
      if (item?.failure) return { failed: item.failure, thing };
      if (!copyOf(item, now())) missing.push(thing);
    }
    if (missing.length === 0) return { items };
    const { job, campaign } = asking;
    for (const thing of missing) {
      const generation = await liveGeneration(campaign, thing, items[thing.name] ?? NEW_ITEM);
      await jobFor(campaign, thing, generation).add(job);
    }
    return { wait: { kind: 'children', orUntil: now() + LOOK_AGAIN } };
  }

  /** A copy that is too old, or a job that ended without making one, takes another generation. */
  async function liveGeneration(campaign: Campaign, thing: Thing, item: Item): Promise<number> {
    const { generation } = item;
    if (!item.copy && !(await jobFor(campaign, thing, generation).hasEnded())) return generation;
    const next = await campaigns.changeItem(campaign.id, thing.name, (current) =>
      current.generation === generation && !current.failure && !copyOf(current, now())
        ? nextGeneration(current)
        : current,
    );
    return next?.generation ?? generation;
  }

  function jobFor({ id: campaignId }: Campaign, { n, batchNo }: Thing, generation: number) {
    const ids = { campaignId, generation };
    if (n !== undefined) {
      return childOf(queues.media, { definition: uploadMediaJob, payload: { ...ids, n } });
    }
    const payload = { ...ids, ...(batchNo === undefined ? {} : { batchNo }) };
    return childOf(queues.news, { definition: uploadNewsJob, payload });
  }

  return {
    routeOf,
    ensure,

    /** For the root: everything that does not wait for its batch. */
    async forCampaign(asking: Asking): Promise<'there' | Failed | Waiting> {
      const ready = await ensure(asking, beforeBatches(asking.message, asking.route));
      return 'items' in ready ? 'there' : ready;
    },

    /** The message as WeChat takes it of this batch. */
    async forBatch(
      asking: Asking,
      batch: Batch,
      tally: Tally,
    ): Promise<{ readonly ready: MassMessage } | Failed | Waiting> {
      const { campaign, message, route } = asking;
      const news = newsFor(asking, batch, tally);
      const found = await ensure(asking, news ? [news] : filesOf(message, route));
      if ('wait' in found) return found;
      if ('failed' in found) {
        await campaigns.changeItem(campaign.id, found.thing.name, takeFailure);
        return found;
      }
      const newsId = (news && found.items[news.name]?.copy?.mediaId) ?? null;
      const idOf = idsIn(message, route, found.items);
      const ready = wechatMessage(message, route, { idOf, newsId });
      if (!ready) throw new TypeError(`campaign ${campaign.id}: an item without its id`);
      return { ready };
    },

    /** What this batch goes out with, for one that WeChat does not know any more. */
    thingsOf(of: Of, batch: Batch, tally: Tally): Thing[] {
      const news = newsFor(of, batch, tally);
      return news ? [news] : filesOf(of.message, of.route);
    },
  };
}

function childOf<Payload>(queue: Queue, planned: Planned<Payload>) {
  return {
    add: ({ id = '', queueQualifiedName }: Job) =>
      addChildren(queue, { id, queue: queueQualifiedName }, [planned]),
    async hasEnded(): Promise<boolean> {
      const state = await queue.getJobState(planned.definition.id(planned.payload));
      return state === 'completed' || state === 'failed';
    },
  };
}

/** WeChat's names for the files of a message. */
export function idsIn(message: Message, route: UploadRoute, items: Items): IdOf {
  const ids = new Map(
    uploadsOf(message, route).map((upload) => {
      const copy = items[fileThing(upload).name]?.copy;
      return [uploadKey(upload), copy?.mediaId ?? copy?.url ?? null];
    }),
  );
  return (upload) => ids.get(uploadKey(upload)) ?? null;
}
