/** Whether WeChat knows the group or tag that is meant, asked before anything is uploaded. */
import type { Campaign } from '../shared/campaign/campaign.ts';
import { SECOND } from '../shared/time.ts';
import { listGroups, listTags } from '../shared/wechat/audience.ts';
import type { Answer } from '../shared/wechat/client.ts';
import { meaningOf } from '../shared/wechat/remedies.ts';
import type { WechatFor } from '../shared/wechat-accounts.ts';
import type { LaneReactions } from './lane-reactions.ts';
import { laterOf } from './upload-later.ts';

export type Found =
  | { readonly kind: 'known' }
  | { readonly kind: 'unknown'; readonly message: string }
  | { readonly kind: 'later'; readonly at: number };

export type FindAudience = (campaign: Campaign) => Promise<Found>;

interface Dependencies {
  readonly wechatFor: WechatFor;
  readonly accountKindOf: (name: string) => 'service' | 'subscription';
  readonly laneReactions: LaneReactions;
  readonly now: () => number;
}

export function makeFindAudience(deps: Dependencies): FindAudience {
  const { wechatFor, accountKindOf, laneReactions, now } = deps;

  return async (campaign) => {
    const { audience, account } = campaign;
    if (audience.type === 'group') {
      const answer = await listGroups(wechatFor(account));
      return judge(
        campaign,
        answer,
        ({ id }) => id === audience.groupId,
        `group ${audience.groupId}`,
      );
    }
    if (audience.type === 'tag') {
      const answer = await listTags(wechatFor(account));
      return judge(campaign, answer, ({ id }) => id === audience.tagId, `tag ${audience.tagId}`);
    }
    return { kind: 'known' };
  };

  async function judge<T extends { id: string | number; name: string }>(
    campaign: Campaign,
    answer: Answer<T[]>,
    isMeant: (one: T) => boolean,
    what: string,
  ): Promise<Found> {
    if (answer.kind === 'ok') {
      if (answer.value.some(isMeant)) return { kind: 'known' };
      const known = answer.value.map(({ id, name }) => `${id} (${name})`).join(', ');
      return { kind: 'unknown', message: `WeChat knows no ${what}; it has ${known || 'none'}` };
    }
    const at = { now: now(), accountKind: accountKindOf(campaign.account), tries: 1 };
    const later = laterOf(answer, at);
    if (later) {
      if (later.lane) await laneReactions.react(campaign, later.lane);
      return { kind: 'later', at: later.at };
    }
    if (answer.kind !== 'refused') return { kind: 'later', at: now() + 30 * SECOND };
    // Groups went when tags came: an account that cannot list them may still send to them, and
    // WeChat refuses an unknown one at the send step (40152).
    return answer.errcode === 48001 || answer.errcode === 45106
      ? { kind: 'known' }
      : { kind: 'unknown', message: meaningOf(answer.errcode) };
  }
}
