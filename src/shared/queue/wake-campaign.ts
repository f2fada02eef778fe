/** After an operator's decision: whatever of a campaign is asleep looks at the record again. */
import { ServiceError } from '../platform/errors.ts';
import {
  accountOfLane,
  awaitDecisionJob,
  awaitReceiptJob,
  awaitResumeJob,
  runCampaignJob,
  SHARED_QUEUES,
  type SharedQueue,
  submitBatchJob,
} from './jobs.ts';
import { type AllQueues, partFromParent, promote, promoteJob, type Queues } from './queues.ts';

/** These do nothing but keep a root waiting; it adds them anew where the record asks for it. */
const ONLY_WAIT: readonly string[] = [awaitDecisionJob.name, awaitResumeJob.name];
/** These have work of their own to do at their time; the root takes them in again when it runs. */
const HAVE_WORK: readonly string[] = [submitBatchJob.name, awaitReceiptJob.name];

/**
 * Promotes the root; or, since a root that waits for children runs only when none is left, parts it
 * from those that sleep and lets it add what the record asks for: one batch may wait for a receipt,
 * or for an operator, while another must go on. Uploads are promoted instead. A job that is not
 * asleep, or no longer there, needs no waking.
 */
export async function wakeCampaign(all: AllQueues, campaignId: string): Promise<void> {
  const queues = all.of(campaignId);
  const root = await queues.campaigns.getJob(runCampaignJob.id({ campaignId }));
  if (!root) return;
  if (await promote(queues.campaigns, root.id ?? '')) return;
  await wakeChildren(queues, queues.campaigns, root.id ?? '', 3);
}

/**
 * An operator released the account: what sleeps in its lane looks at the record again, in the order
 * of its priority. Not by BullMQ's `promoteJobs`, which loses the priorities, and the lane goes on
 * only when all are back in their order.
 */
export async function wakeLane(all: AllQueues, account: string): Promise<void> {
  const lane = (await all.ofAccount(account)).lane(account);
  const asleep = await lane.getDelayed();
  asleep.sort((one, other) => one.priority - other.priority);
  await Promise.all(asleep.map(promoteJob));
  await lane.removeRateLimitKey();
}

async function wakeChildren(
  queues: Queues,
  queue: Queues['campaigns'],
  id: string,
  depth: number,
): Promise<void> {
  const job = await queue.getJob(id);
  if (!job || depth === 0) return;
  const { unprocessed = [] } = await job.getDependencies().catch(asRedisAway);
  for (const key of unprocessed) {
    const { queue: child, jobId: childId } = placeOf(queues, key);
    if (!child) continue;
    const sleeping = await child.getJob(childId);
    const isAsleep = sleeping && (await sleeping.isDelayed());
    if (isAsleep && ONLY_WAIT.includes(sleeping.name)) {
      // Locked, if it has begun meanwhile: then it looks at the record itself.
      await sleeping.remove().catch(() => undefined);
    } else if (isAsleep && HAVE_WORK.includes(sleeping.name)) {
      await partFromParent(sleeping);
    } else if (!(await promote(child, childId))) {
      await wakeChildren(queues, child, childId, depth - 1);
    }
  }
}

/** BullMQ drops what Redis said of this pipeline, and fails on the missing answers. */
function asRedisAway(error: unknown): never {
  if (!(error instanceof TypeError)) throw error;
  throw new ServiceError('REDIS_AWAY', 'Redis did not answer', { cause: error });
}

/** Where a job is, by its key: `<prefix>:<queue>:<job>`; neither names nor ids have colons. */
export function placeOf(queues: Queues, key: string) {
  const [name = '', jobId = ''] = key.split(':').slice(-2);
  return { queue: queueOf(queues, name), jobId };
}

function queueOf(queues: Queues, name: string) {
  const account = accountOfLane(name);
  if (account !== null) return queues.lane(account);
  return SHARED_QUEUES.includes(name as SharedQueue) ? queues[name as SharedQueue] : null;
}
