/** Reads the follower list, page by page, into a list of ours; goes on where it stopped. */
import type { Job } from 'bullmq';
import { isFarFromWhole } from '../../shared/campaign/audience.ts';
import { type Campaign, isEnded } from '../../shared/campaign/campaign.ts';
import type { Failure } from '../../shared/campaign/failure.ts';
import { ServiceError } from '../../shared/platform/errors.ts';
import { DAY, MINUTE, SECOND } from '../../shared/platform/time.ts';
import type { CampaignPayload } from '../../shared/queue/jobs.ts';
import type { AudienceList } from '../../shared/record/audience-list.ts';
import type { CampaignRecord } from '../../shared/record/read-campaign.ts';
import { followersPage, listTags, tagFollowersPage } from '../../shared/wechat/audience.ts';
import { countTry, type Handler, triesOf, type Wait } from '../job.ts';
import type { TryLater } from '../lane/try-later.ts';
import type { Tools } from '../tools.ts';

type Dependencies = Pick<Tools, 'stores' | 'wechatFor' | 'now'> & TryLater;

/** All pages were read; or the job waits, or has nothing to do any more. */
type PagesRead =
  /** `total`: by WeChat's count; null where it gives none. */
  { readonly total: number | null } | { readonly wait: Wait | null };

/** Reading goes on the next morning where a day's calls do not suffice. */
const KEPT_FOR_READING = 30 * DAY;
/** Times that a page is read again that has fewer OpenIDs than it says. */
const PAGE_TRIES = 3;
/** Times that a list is read which ends too early; then an operator decides. */
const LIST_TRIES = 3;
/** 50 of the day's 500 calls; a longer list is not read again. */
const MOST_READ_AGAIN = 500_000;
/** Names the last page; no OpenID has a blank. */
const END = 'end ';

export function makeReadFollowers(deps: Dependencies): Handler<CampaignPayload> {
  const { stores, wechatFor, tryLater, waitFor, now } = deps;
  const { campaigns, audiences } = stores;

  return async function readFollowers({ campaignId }, job) {
    const record = await campaigns.read(campaignId);
    if (!record || isEnded(record.control) || record.control.cancelled) return null;
    if (record.control.recipients !== undefined) return null;
    try {
      return await read(job, record);
    } catch (error) {
      if (!(error instanceof ServiceError && error.code === 'LIST_BROKEN')) throw error;
      // Or another run of this job has just finished the list.
      if (!(await lacksList(campaignId))) throw error;
      return fail(campaignId, { code: 'audience-gone' });
    }
  };

  async function read(job: Job, { campaign, control }: CampaignRecord): Promise<Wait | null> {
    const listId = control.listId ?? (await begin(campaign));
    // Its reader may have died between the finishing and the noting.
    const list = await audiences.describe(listId);
    if (list?.state !== 'ready') {
      const done = await readPages(job, campaign, listId);
      if ('wait' in done) return done.wait;
      const { total } = done;
      await campaigns.control(campaign.id, ({ followers, ...current }) => ({
        ...current,
        followers: { short: followers?.short ?? 0, ...(total === null ? {} : { total }) },
      }));
    }
    return note(campaign, await audiences.finish(listId));
  }

  async function readPages(job: Job, campaign: Campaign, listId: string): Promise<PagesRead> {
    let total: number | null = null;
    for (;;) {
      const cursor = await audiences.cursor(listId);
      if (cursor?.startsWith(END)) break;
      const answer = await pageOf(campaign, cursor ?? '');
      if (answer.kind !== 'ok') {
        const wait = await tryLater(job, campaign, answer);
        if (wait) return { wait };
        const errcode = answer.kind === 'refused' ? answer.errcode : 0;
        const failure = { code: 'refused-by-wechat', errcode, of: 'followers' } as const;
        return { wait: await fail(campaign.id, failure) };
      }
      const { openIds, next, count } = answer.value;
      // A page with fewer OpenIDs than it says. In the end its list is compared with WeChat's total.
      if (count !== openIds.length && triesOf(job) < PAGE_TRIES) {
        const at = now() + 2 * SECOND * 2 ** (await countTry(job));
        return { wait: await waitFor(campaign, { at, reason: 'followers-incomplete' }) };
      }
      total = answer.value.total ?? total;
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
      if ((await campaigns.read(campaign.id))?.control.cancelled) return { wait: null };
    }
    return { total: 'tagId' in campaign.audience ? await membersOfTag(campaign) : total };
  }

  /** WeChat's pages of a tag give no total; its list of tags does. */
  async function membersOfTag({ account, audience }: Campaign): Promise<number | null> {
    const tags = await listTags(wechatFor(account));
    if (tags.kind !== 'ok' || !('tagId' in audience)) return null;
    return tags.value.find(({ id }) => id === audience.tagId)?.count ?? null;
  }

  /** What was read is what is sent to, unless WeChat counts more: then it is read again, then an operator decides. */
  async function note(
    campaign: Campaign,
    { id, recipients, received, duplicates }: AudienceList,
  ): Promise<Wait | null> {
    await audiences.touch(id, Math.max(MINUTE, campaign.notAfter - now()) + 7 * DAY);
    const read = received - duplicates;
    let again: number | null = null;
    await campaigns.control(campaign.id, (current) => {
      again = null;
      if (current.listId !== id || current.recipients !== undefined) return current;
      const { followers = { short: 0 }, listId: _, ...rest } = current;
      const { total = 0, short } = followers;
      if (!isFarFromWhole(read, total)) return { ...rest, listId: id, recipients };
      const counted = { total, read, short: short + 1 };
      if (counted.short < LIST_TRIES && total <= MOST_READ_AGAIN) {
        again = counted.short;
        return { ...rest, followers: counted };
      }
      return {
        ...rest,
        listId: id,
        recipients,
        followers: counted,
        pauses: { ...current.pauses, 'followers-incomplete': { at: now(), by: 'qunfa' } },
      };
    });
    if (again === null) return null;
    await audiences.remove(id);
    const at = now() + 10 * SECOND * again * again;
    return waitFor(campaign, { at, reason: 'followers-incomplete' });
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

  async function fail(campaignId: string, unreadable: Failure): Promise<null> {
    await campaigns.control(campaignId, (control) => ({ ...control, recipients: 0, unreadable }));
    return null;
  }
}
