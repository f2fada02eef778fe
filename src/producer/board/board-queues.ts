/** How each queue stands on the board: what may be clicked, and what of a job is shown. */
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import type { Job, Queue } from 'bullmq';
import { DAY } from '../../shared/platform/time.ts';
import { accountOfLane, SHARED_QUEUES, type SharedQueue } from '../../shared/queue/jobs.ts';
import type { Queues } from '../../shared/queue/queues.ts';

interface Manner {
  readonly readOnly: boolean;
  readonly description: string;
}

const MANNERS: Readonly<Record<SharedQueue, Manner>> = {
  // A job added here is a campaign, and a removed root a campaign that stands still; pause, resume
  // and cancel are the API's and the page's, where it is written down who said so.
  campaigns: { readOnly: true, description: 'One root a campaign; steer it on its page' },
  // Uploading again costs a call and no follower anything.
  media: { readOnly: false, description: 'Files to WeChat' },
  // uploadnews has ten calls a day: a click costs the send that needed it.
  news: { readOnly: true, description: 'Articles to WeChat' },
  // Promoted, it asks WeChat now what became of a batch, instead of at the deadline.
  receipts: { readOnly: false, description: 'Asleep until WeChat reports a batch' },
  followers: { readOnly: false, description: 'Reads the followers of an account, page by page' },
  webhooks: { readOnly: false, description: 'Tells receivers that a campaign has ended' },
  upkeep: { readOnly: false, description: 'Sweeper: deadlines, outbox, lost jobs' },
};

/** The name of a campaign, where it is still kept. */
export type NameOf = (campaignId: string) => Promise<string | undefined>;

/** Before the name of a queue; nothing where there is one shard. */
export const shardOnBoard = (shard: number, shards: number): string =>
  shards === 1 ? '' : `shard ${shard}.`;

export const sharedOnBoard = (all: readonly Queues[], nameOf: NameOf): BullMQAdapter[] =>
  all.flatMap((queues, shard) =>
    SHARED_QUEUES.map((name) => {
      const manner = { ...MANNERS[name], prefix: shardOnBoard(shard, all.length) };
      return onBoard(queues[name], manner, nameOf);
    }),
  );

/** A click in a lane is a mass send, or one that never happens. */
export const laneOnBoard = (lane: Queue, prefix: string, nameOf: NameOf): BullMQAdapter =>
  onBoard(
    lane,
    {
      prefix,
      readOnly: true,
      description: `Mass sends of ${accountOfLane(lane.name)}: one call a job, in the account's pace`,
    },
    nameOf,
  );

/** A job that waits for an operator is delayed for ten years: nothing runs at that time. */
const WAITS_FOR_SOMEBODY = 365 * DAY;

type Jobs = Awaited<ReturnType<BullMQAdapter['getJobs']>>;

/** Jobs by the name of their campaign and the number of their batch. */
class NamedJobs extends BullMQAdapter {
  readonly #nameOf: NameOf;

  constructor(nameOf: NameOf, ...made: ConstructorParameters<typeof BullMQAdapter>) {
    super(...made);
    this.#nameOf = nameOf;
  }

  override async getJobs(...asked: Parameters<BullMQAdapter['getJobs']>): Promise<Jobs> {
    return Promise.all((await super.getJobs(...asked)).map((job) => this.#named(job as Job)));
  }

  override async getJob(id: string): ReturnType<BullMQAdapter['getJob']> {
    const job = await super.getJob(id);
    return job ? this.#named(job as Job) : job;
  }

  async #named(job: Job): Promise<Job> {
    const { campaignId, no } = idsOnly(job.data);
    const name = campaignId === undefined ? undefined : await this.#nameOf(String(campaignId));
    const told = job.toJSON.bind(job);
    job.toJSON = () => {
      const props = told();
      return {
        ...props,
        ...(props.delay > WAITS_FOR_SOMEBODY ? { delay: 0 } : {}),
        name: [props.name, name, no].filter((part) => part !== undefined).join(' · '),
      };
    };
    return job;
  }
}

function onBoard(
  queue: Queue,
  { prefix, readOnly, description }: Manner & { readonly prefix: string },
  nameOf: NameOf,
): BullMQAdapter {
  const adapter = new NamedJobs(nameOf, queue, {
    prefix,
    readOnlyMode: readOnly,
    allowRetries: !readOnly,
    description,
    delimiter: '.',
    externalJobUrl: ({ data }) => {
      const { campaignId } = idsOnly(data);
      return campaignId === undefined
        ? { displayText: 'Campaigns', href: '/' }
        : { displayText: 'Campaign', href: `/page/campaigns/${campaignId}` };
    },
  });
  adapter.setFormatter('data', idsOnly);
  adapter.setFormatter('returnValue', idsOnly);
  adapter.setFormatter('progress', (progress) => (typeof progress === 'number' ? progress : 0));
  return adapter;
}

const SHOWN = [
  'account',
  'batchNo',
  'campaignId',
  'generation',
  'msgId',
  'n',
  'no',
  'replay',
  'run',
] as const;

/**
 * Our jobs carry nothing else; what other services put into Redis (`accept-campaign`) holds message
 * text and OpenIDs.
 */
function idsOnly(data: unknown): Record<string, string | number> {
  if (typeof data !== 'object' || data === null) return {};
  const fields = data as Readonly<Record<string, unknown>>;
  return Object.fromEntries(
    SHOWN.flatMap((name): [string, string | number][] => {
      const value = fields[name];
      const isId =
        typeof value === 'number' || (typeof value === 'string' && /^[\w.-]{1,32}$/.test(value));
      return isId ? [[name, value]] : [];
    }),
  );
}
