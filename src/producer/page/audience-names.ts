/** Audiences by name and head-count; and the tags of an account, to choose from. */
import type { NameAudience } from '../../shared/actions/name-audience.ts';
import type { Audience } from '../../shared/campaign/audience.ts';
import type { CampaignView } from '../../shared/contract/campaign-view.ts';
import type { WechatFor } from '../../shared/delivery/wechat-accounts.ts';
import { inTime } from '../../shared/platform/in-time.ts';
import { SECOND } from '../../shared/platform/time.ts';
import type { AudienceStore } from '../../shared/record/audience-store.ts';
import { listTags } from '../../shared/wechat/audience.ts';
import { number } from './parts/table.ts';
import type { Words } from './words.ts';

interface Dependencies {
  readonly wechatFor: WechatFor;
  readonly nameAudience: NameAudience;
  readonly audiences: Pick<AudienceStore, 'describe'>;
}

const ANSWER_WITHIN = 5 * SECOND;

export type AudienceNames = ReturnType<typeof makeAudienceNames>;

export function makeAudienceNames({ wechatFor, nameAudience, audiences }: Dependencies) {
  /** Asks WeChat; empty where it does not say them just now. */
  async function tags(account: string) {
    const asked = inTime(listTags(wechatFor(account)), ANSWER_WITHIN);
    const answer = await asked.catch(() => undefined);
    return answer?.kind === 'ok' ? answer.value : [];
  }

  async function labelled(
    account: string,
    audience: Audience,
    { facts }: Words,
  ): Promise<{ name: string; count: number | null }> {
    const found = await nameAudience({ account, audience }, { mayAsk: true });
    const { name, count = null } = found.audience as { name?: string; count?: number };
    const say = facts.audiences;
    switch (audience.type) {
      case 'group':
        return { name: say.group(name ?? audience.groupId), count };
      case 'tag':
        return { name: say.tag(name ?? String(audience.tagId)), count };
      case 'everyone':
        return { name: say.everyone, count };
      case 'followers':
        if (audience.tagId === undefined) return { name: say.followers, count };
        return { name: say.followersOfTag(name ?? String(audience.tagId)), count };
      case 'list': {
        const list = name === undefined ? null : await audiences.describe(audience.listId);
        return {
          name: name === undefined ? say.list : say.namedList(name),
          count: list?.recipients ?? null,
        };
      }
    }
  }

  /** With the head-count, as far as it is known. */
  async function withCount(view: CampaignView, words: Words): Promise<string> {
    const { name, count } = await labelled(view.account, view.audience, words);
    const people = view.recipients ?? view.receipt.total ?? count;
    return people === null ? name : `${name} · ${words.facts.people(number(people))}`;
  }

  return { tags, labelled, withCount };
}
