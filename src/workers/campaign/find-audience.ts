/** Whether WeChat knows the group or tag that is meant, asked before anything is uploaded. */
import type { Campaign } from '../../shared/campaign/campaign.ts';
import type { Failure } from '../../shared/campaign/failure.ts';
import type { WechatFor } from '../../shared/delivery/wechat-accounts.ts';
import { MINUTE } from '../../shared/platform/time.ts';
import { listGroups, listTags } from '../../shared/wechat/audience.ts';
import type { Answer } from '../../shared/wechat/client.ts';
import { type Later, laterOf } from '../delivery/upload-later.ts';

export type Found =
  | { readonly kind: 'known' }
  | { readonly kind: 'unknown'; readonly failure: Failure }
  | { readonly kind: 'later'; readonly later: Later };

type Named = Pick<Failure & { code: 'audience-unknown' }, 'audience' | 'id'>;

/** @param countTry counts a call that failed, and says how many by now. */
export type FindAudience = (campaign: Campaign, countTry: () => Promise<number>) => Promise<Found>;

/** What WeChat has just named needs no asking again, so that a burst of campaigns asks once. */
const REMEMBERED_FOR = MINUTE;
const MOST_REMEMBERED = 10_000;
/** Times that a list was asked for in vain. */
const MUTE_AFTER = 4;

interface Dependencies {
  readonly wechatFor: WechatFor;
  readonly accountKindOf: (name: string) => 'service' | 'subscription';
  readonly now: () => number;
}

export function makeFindAudience(deps: Dependencies): FindAudience {
  const { wechatFor, accountKindOf, now } = deps;

  const named = new Map<string, number>();

  return async (campaign, countTry) => {
    const { audience, account } = campaign;
    if ((named.get(nameOf(campaign)) ?? 0) > now()) return { kind: 'known' };
    if (audience.type === 'group') {
      const answer = await listGroups(wechatFor(account));
      return judge(campaign, answer, ({ id }) => id === audience.groupId, {
        what: { audience: 'group', id: audience.groupId },
        countTry,
      });
    }
    if ('tagId' in audience) {
      const answer = await listTags(wechatFor(account));
      return judge(campaign, answer, ({ id }) => id === audience.tagId, {
        what: { audience: 'tag', id: String(audience.tagId) },
        countTry,
      });
    }
    return { kind: 'known' };
  };

  async function judge<T extends { id: string | number; name: string }>(
    campaign: Campaign,
    answer: Answer<T[]>,
    isMeant: (one: T) => boolean,
    { what, countTry }: { what: Named; countTry: () => Promise<number> },
  ): Promise<Found> {
    if (answer.kind === 'ok') {
      if (answer.value.some(isMeant)) {
        if (named.size >= MOST_REMEMBERED) named.clear();
        named.set(nameOf(campaign), now() + REMEMBERED_FOR);
        return { kind: 'known' };
      }
      const known = answer.value.map(({ id, name }) => `${id} (${name})`);
      return { kind: 'unknown', failure: { code: 'audience-unknown', ...what, known } };
    }
    const tries = await countTry();
    // No list to look into: an account without the right to it (groups went when tags came), or a
    // WeChat that does not answer this call. The send step refuses an unknown audience (40152).
    const isMute = answer.kind === 'unknown' && tries > MUTE_AFTER;
    if (isMute) return { kind: 'known' };
    const later = laterOf(answer, {
      now: now(),
      accountKind: accountKindOf(campaign.account),
      tries,
    });
    if (!later) return { kind: 'known' };
    return { kind: 'later', later };
  }
}

const nameOf = ({ identity, audience }: Campaign): string =>
  `${identity} ${JSON.stringify(audience)}`;
