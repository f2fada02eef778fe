/**
 * Audiences by name: tags and groups as WeChat calls them, lists as their uploader did. WeChat is
 * asked once for each account and then not for a while; where it is slow or says no, the number
 * stands for the name.
 */
import type { CampaignView } from '../../shared/contract/campaign-view.ts';
import type { WechatFor } from '../../shared/delivery/wechat-accounts.ts';
import { MINUTE, SECOND } from '../../shared/platform/time.ts';
import type { AudienceStore } from '../../shared/record/audience-store.ts';
import { listGroups, listTags } from '../../shared/wechat/audience.ts';
import { number } from './parts/table.ts';
import type { Words } from './words.ts';

interface Dependencies {
  readonly wechatFor: WechatFor;
  readonly audiences: Pick<AudienceStore, 'describe'>;
  readonly now: () => number;
}

export interface Labelled {
  readonly id: string;
  readonly name: string;
  readonly count: number;
}

interface Kept {
  readonly until: number;
  readonly labels: Promise<readonly Labelled[]>;
}

const KEPT_FOR = 10 * MINUTE;
const ASK_AGAIN = MINUTE;
const PATIENCE = 2 * SECOND;

export type AudienceNames = ReturnType<typeof makeAudienceNames>;

export function makeAudienceNames({ wechatFor, audiences, now }: Dependencies) {
  const kept = new Map<string, Kept>();

  /** Empty where WeChat does not say them just now. */
  function labels(account: string, of: 'tag' | 'group'): Promise<readonly Labelled[]> {
    const key = `${of} ${account}`;
    const known = kept.get(key);
    if (known && known.until > now()) return known.labels;
    const asked: Promise<readonly Labelled[]> = ask(account, of)
      .catch(() => [])
      .then((found) => {
        // Asked again sooner where WeChat had nothing to say.
        if (found.length === 0) kept.set(key, { until: now() + ASK_AGAIN, labels: asked });
        return found;
      });
    kept.set(key, { until: now() + KEPT_FOR, labels: asked });
    return asked;
  }

  async function ask(account: string, of: 'tag' | 'group'): Promise<readonly Labelled[]> {
    const client = wechatFor(account);
    const answer = await (of === 'tag' ? listTags(client) : listGroups(client));
    if (answer.kind !== 'ok') return [];
    return answer.value.map(({ id, name, count }) => ({ id: String(id), name, count }));
  }

  async function labelOf(account: string, of: 'tag' | 'group', id: string): Promise<string> {
    const found = await Promise.race([labels(account, of), tooLate()]);
    return found.find((one) => one.id === id)?.name ?? id;
  }

  async function nameOf(view: CampaignView, { facts }: Words): Promise<string> {
    const { account, audience } = view;
    const say = facts.audiences;
    switch (audience.type) {
      case 'group':
        return say.group(await labelOf(account, 'group', audience.groupId));
      case 'tag':
        return say.tag(await labelOf(account, 'tag', String(audience.tagId)));
      case 'everyone':
        return say.everyone;
      case 'followers':
        return audience.tagId === undefined
          ? say.followers
          : say.followersOfTag(await labelOf(account, 'tag', String(audience.tagId)));
      case 'list': {
        const list = await audiences.describe(audience.listId);
        return list?.name === undefined ? say.list : say.namedList(list.name);
      }
    }
  }

  /** With the head-count, as far as it is known. */
  async function withCount(view: CampaignView, words: Words): Promise<string> {
    const name = await nameOf(view, words);
    const { recipients, receipt } = view;
    const count = recipients ?? receipt.total;
    return count === null ? name : `${name} · ${words.facts.people(number(count))}`;
  }

  return { labels, nameOf, withCount };
}

const tooLate = (): Promise<readonly Labelled[]> =>
  new Promise((resolve) => setTimeout(resolve, PATIENCE, []).unref());
