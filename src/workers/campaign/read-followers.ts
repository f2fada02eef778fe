/** Reads the follower list, page by page, into a list of ours; goes on where it stopped. */
import type { Job } from 'bullmq';
import { type Campaign, isEnded } from '../../shared/campaign/campaign.ts';
import type { WechatFor } from '../../shared/delivery/wechat-accounts.ts';
import type { AccountConfig } from '../../shared/platform/accounts.ts';
import { ServiceError } from '../../shared/platform/errors.ts';
import { DAY, MINUTE } from '../../shared/platform/time.ts';
import { readFollowersJob } from '../../shared/queue/jobs.ts';
import type { CampaignRecord } from '../../shared/record/read-campaign.ts';
import type { Stores } from '../../shared/record/record.ts';
import { followersPage, tagFollowersPage } from '../../shared/wechat/audience.ts';
import { meaningOf } from '../../shared/wechat/remedies.ts';
import { laterOf } from '../delivery/upload-later.ts';
import { countTry } from '../lane/count-tries.ts';
import type { WaitForWechat } from '../lane/wait-for-wechat.ts';

interface Dependencies {
  readonly stores: Stores;
  readonly wechatFor: WechatFor;
  readonly accountOf: (name: string) => AccountConfig;
  readonly waitForWechat: WaitForWechat;
  readonly now: () => number;
}

/** Reading goes on the next morning where a day's calls do not suffice. */
const KEPT_FOR_READING = 30 * DAY;
/** Names the last page; no OpenID has a blank. */
const END = 'end ';

export function makeReadFollowers(deps: Dependencies) {
  const { stores, wechatFor, accountOf, waitForWechat, now } = deps;
  const { campaigns, audiences } = stores;

  async function readFollowers(job: Job, token?: string): Promise<void> {
    const { campaignId } = readFollowersJob.payload.parse(job.data);
    const record = await campaigns.read(campaignId);
    if (!record || isEnded(record.control) || record.control.cancelled) return;
    if (record.control.recipients !== undefined) return;
    try {
      await read(job, token, record);
    } catch (error) {
      if (!(error instanceof ServiceError && error.code === 'LIST_BROKEN')) throw error;
      // Or another run of this job has just finished the list.
      if (!(await lacksList(campaignId))) throw error;
      await fail(campaignId, 'audience-gone', 'a list that it needs is no longer kept');
    }
  }

  async function read(
    job: Job,
    token: string | undefined,
    { campaign, control }: CampaignRecord,
  ): Promise<void> {
    const account = accountOf(campaign.account);
    const listId = control.listId ?? (await begin(campaign));

    for (;;) {
      const cursor = await audiences.cursor(listId);
      if (cursor?.startsWith(END)) break;
      const answer = await pageOf(campaign, cursor ?? '');
      if (answer.kind !== 'ok') {
        const at = { now: now(), accountKind: account.kind, tries: await countTry(job) };
        const later = laterOf(answer, at);
        if (later) return waitForWechat(job, token, campaign, later);
        const errcode = answer.kind === 'refused' ? answer.errcode : 0;
        const words = `reading followers: ${meaningOf(errcode)}`;
        return fail(campaign.id, `wechat-${errcode}`, words);
      }
      const { openIds, next } = answer.value;
      const end = `${END}${cursor ?? ''}`;
      if (openIds.length > 0) {
        const newest = await audiences.append(listId, openIds, next ?? end);
        if (newest.cursor === cursor) {
          // It leads back to a page that was read before: this one was the last.
          await audiences.append(listId, openIds, end);
          break;
        }
      }
      if (next === null) break;
      if ((await campaigns.read(campaign.id))?.control.cancelled) return;
    }
    const list = await audiences.finish(listId);
    await audiences.touch(
      listId,
      Math.max(MINUTE, campaign.notAfter - now()) + 7 * 24 * 60 * MINUTE,
    );
    await campaigns.control(campaign.id, (current) => ({
      ...current,
      listId,
      recipients: list.recipients,
    }));
  }

  function pageOf({ account, audience }: Campaign, cursor: string) {
    const client = wechatFor(account);
    return audience.type === 'followers' && audience.tagId !== undefined
      ? tagFollowersPage(client, audience.tagId, cursor)
      : followersPage(client, cursor);
  }

  async function begin({ id, account, exclude = [] }: Campaign): Promise<string> {
    for (const list of exclude) await audiences.touch(list, KEPT_FOR_READING);
    const listId = await audiences.begin({ account, name: `followers for ${id}`, exclude });
    const taken = await campaigns.control(id, (control) =>
      control.listId === undefined ? { ...control, listId } : control,
    );
    return taken && 'listId' in taken && taken.listId !== undefined ? taken.listId : listId;
  }

  async function lacksList(campaignId: string): Promise<boolean> {
    const record = await campaigns.read(campaignId);
    const needed = [record?.control.listId ?? [], record?.campaign.exclude ?? []].flat();
    const found = await Promise.all(needed.map((id) => audiences.describe(id)));
    return found.includes(null);
  }

  async function fail(campaignId: string, code: string, message: string): Promise<void> {
    await campaigns.control(campaignId, (control) => ({
      ...control,
      recipients: 0,
      material: {
        ...control.material,
        failure: {
          generation: control.material.generation,
          code,
          message,
        },
      },
    }));
  }

  return readFollowers;
}
