/**
 * The message's media are not, or no longer, at WeChat when a batch wants to go.
 *
 * 40007 at the send step says an id is unknown, expired or used up (a draft dies with its send).
 * It is a definite no, so the batch goes back and the same key is used again once the media are
 * made anew. `uploadnews` has ten calls a day: once more per campaign, then a person must look.
 */
import type { FlowProducer, Job } from 'bullmq';
import type { Batch } from '../../shared/campaign/batch.ts';
import type {
  Campaign,
  Control,
  Material,
  UploadedMaterial,
} from '../../shared/campaign/campaign.ts';
import { type Message, needsNews } from '../../shared/campaign/message.ts';
import type { Tally } from '../../shared/campaign/progress.ts';
import type { AccountConfig } from '../../shared/platform/accounts.ts';
import type { Telemetry } from '../../shared/platform/telemetry.ts';
import { SECOND } from '../../shared/platform/time.ts';
import { PREFIX } from '../../shared/record/keys.ts';
import type { Stores } from '../../shared/record/record.ts';
import type { Era } from '../../shared/wechat/client.ts';
import { meaningOf } from '../../shared/wechat/remedies.ts';
import type { Pause } from '../lane/sleep.ts';
import { isGood, materialJobs, NAMED_IN_VAIN, newsKey } from './material.ts';

interface Dependencies {
  readonly stores: Stores;
  readonly flows: FlowProducer;
  readonly era: Era;
  readonly unknownRetryMs: number;
  readonly telemetry: Telemetry;
  readonly now: () => number;
  readonly prefix?: string;
}

interface Needing {
  readonly campaign: Campaign;
  readonly message: Message;
  readonly account: AccountConfig;
  readonly batch: Batch;
}

/** Drafts have a thousand calls a day, and each batch has its own. */
const MOST_DRAFT_RENEWALS = 20;

/**
 * A file may be good for a few sends only (WeChat's page says ten), so one more for each batch that
 * was accepted: what no batch was ever accepted with is refused the second time.
 */
function mostRenewals(
  message: Message,
  { newsRoute }: AccountConfig,
  { submitted, settled }: Tally,
): number {
  if (!needsNews(message)) return 1 + submitted + settled;
  return newsRoute === 'draft' ? MOST_DRAFT_RENEWALS : 1;
}

export type RenewMaterial = ReturnType<typeof makeRenewMaterial>;

export function makeRenewMaterial(deps: Dependencies) {
  const { stores, flows, era, unknownRetryMs, telemetry, now, prefix = PREFIX } = deps;
  const { campaigns, batches } = stores;

  /** Has the jobs made that bring it there, under this batch's own job, and waits for them. */
  async function wait(job: Job, needing: Needing): Promise<Pause | null> {
    const { campaign, message, account, batch } = needing;
    const record = await campaigns.read(campaign.id);
    if (!record) return null;
    const { material } = record.control;
    if (material.failure?.generation === material.generation) {
      const { message: reason } = material.failure;
      await refuse(needing, reason);
      return null;
    }
    const isDraft = newsKey(account, batch.no) !== 'all' && needsNews(message);
    const generation = isStale(record.control, needing)
      ? await nextGeneration(needing, material.generation)
      : material.generation;
    if (generation === null) return null;
    const made = materialJobs({
      campaign,
      message,
      account,
      era,
      generation,
      ...(isDraft ? { batchNo: batch.no } : {}),
    });
    const parent = { id: job.id ?? '', queue: job.queueQualifiedName };
    await flows.addBulk(made.map((flow) => ({ ...flow, opts: { ...flow.opts, parent }, prefix })));
    // No child: another batch of the campaign has it made already. Look again soon.
    return { kind: 'children', orUntil: now() + 2 * SECOND };
  }

  /** Made once, and too old by now: jobs of the same generation would not run again. */
  const isStale = ({ material }: Control, { account, batch, message }: Needing): boolean => {
    const made = needsNews(message)
      ? [material.news[newsKey(account, batch.no)]]
      : Object.values(material.uploads);
    return made.some((found) => found?.generation === material.generation && !isGood(found, now()));
  };

  /** Once, however many batches find it stale together. */
  async function nextGeneration({ campaign }: Needing, stale: number): Promise<number | null> {
    const next = await campaigns.control(campaign.id, (control) =>
      control.material.generation === stale
        ? { ...control, material: { ...control.material, generation: stale + 1 } }
        : control,
    );
    return next && 'material' in next ? next.material.generation : null;
  }

  /** WeChat said 40007. */
  async function renew(
    needing: Needing & { readonly mediaId: string | null; readonly errcode: number },
  ): Promise<Pause | null> {
    const { campaign, account, batch, message, mediaId, errcode } = needing;
    const given =
      ('mediaId' in message && message.mediaId === mediaId) ||
      ('media' in message && 'mediaId' in message.media);
    const key = newsKey(account, batch.no);
    // Forgotten first: whoever makes it anew must not find what WeChat no longer knows.
    if (mediaId !== null) await forget(needing, mediaId);
    const renewed = given
      ? { refused: { reason: 'given' } }
      : await campaigns.control<{ reason: string }>(campaign.id, (control, tally) => {
          const { material } = control;
          if (!holderOf(control, mediaId)) return control;
          if (material.renewals >= mostRenewals(message, account, tally))
            return { refused: { reason: 'renewed already' } };
          const { [key]: _gone, ...news } = material.news;
          return {
            ...control,
            material: {
              ...withoutFailure(material),
              generation: material.generation + 1,
              renewals: material.renewals + 1,
              uploads: needsNews(message) ? material.uploads : {},
              news,
            },
          };
        });
    if (renewed && 'refused' in renewed) {
      await refuse(needing, given ? NAMED_IN_VAIN.message : meaningOf(errcode), errcode);
      return null;
    }
    telemetry.materialRenewed(campaign, batch);
    // The key was used just now: WeChat wants a minute before it sees it again.
    const nextAttemptAt = now() + unknownRetryMs;
    await batches.apply(
      refOf(needing),
      { type: 'put-back', reason: 'new-media', errcode, nextAttemptAt },
      { unless: isOver },
    );
    return { kind: 'until', at: nextAttemptAt };
  }

  /** None: another batch had it made anew while this one was being refused. */
  const holderOf = ({ material }: Control, mediaId: string | null): UploadedMaterial | undefined =>
    [...Object.values(material.news), ...Object.values(material.uploads)].find(
      (found) => found.mediaId === mediaId,
    );

  /** So that neither this campaign nor another one uses it again. */
  async function forget({ campaign, account }: Needing, mediaId: string): Promise<void> {
    const record = await campaigns.read(campaign.id);
    const lost = record && holderOf(record.control, mediaId);
    if (lost?.shared) await stores.materials.forget(account.name, lost.shared, mediaId);
  }

  /** Held instead, where an earlier call of the key was never answered. */
  async function refuse(needing: Needing, reason: string, errcode?: number): Promise<void> {
    const after = await batches.apply(
      refOf(needing),
      { type: 'refused', reason, at: now(), ...(errcode === undefined ? {} : { errcode }) },
      { unless: isOver },
    );
    if (after.state === 'held') telemetry.batchHeld(needing.campaign, after, after.reason);
  }

  const isOver = ({ state }: Batch): boolean => state !== 'pending' && state !== 'submitting';

  return { wait, renew };
}

const withoutFailure = ({ failure: _, ...material }: Material): Material => material;

const refOf = ({ campaign, batch }: Needing) => ({ campaignId: campaign.id, no: batch.no });
