/** Whether WeChat knows the group or tag that is meant, asked before anything is uploaded. */
import type { Job } from 'bullmq';
import type { Campaign } from '../../shared/campaign/campaign.ts';
import type { Failure } from '../../shared/campaign/failure.ts';
import { MINUTE } from '../../shared/platform/time.ts';
import { listGroups, listTags } from '../../shared/wechat/audience.ts';
import type { Answer } from '../../shared/wechat/client.ts';
import { triesOf, type Wait } from '../job.ts';
import type { TryLater } from '../lane/try-later.ts';
import type { Tools } from '../tools.ts';

type Dependencies = Pick<Tools, 'wechatFor' | 'now'> & Pick<TryLater, 'tryLater'>;

export type FindAudience = ReturnType<typeof makeFindAudience>;

type Found = 'known' | { readonly failed: Failure } | { readonly wait: Wait };
type Named = Pick<Failure & { code: 'audience-unknown' }, 'audience' | 'id'>;

/** What WeChat has just named needs no asking again, so that a burst of campaigns asks once. */
const REMEMBERED_FOR = MINUTE;
const MOST_REMEMBERED = 10_000;
/** Times that a list was asked for and no answer came. */
const MUTE_AFTER = 4;

export function makeFindAudience({ wechatFor, tryLater, now }: Dependencies) {
  const named = new Map<string, number>();

  return { isKnown, findAudience };

  /** Without a call, so that a burst of campaigns waits for no turn. */
  function isKnown(campaign: Campaign): boolean {
    const { audience } = campaign;
    const isNamed = audience.type === 'group' || 'tagId' in audience;
    return !isNamed || (named.get(nameOf(campaign)) ?? 0) > now();
  }

  async function findAudience(job: Job, campaign: Campaign): Promise<Found> {
    const { audience, account } = campaign;
    if (isKnown(campaign)) return 'known';
    if (audience.type === 'group') {
      const id = audience.groupId;
      return judge(job, campaign, { audience: 'group', id }, await listGroups(wechatFor(account)));
    }
    if ('tagId' in audience) {
      const id = String(audience.tagId);
      return judge(job, campaign, { audience: 'tag', id }, await listTags(wechatFor(account)));
    }
    return 'known';
  }

  async function judge(
    job: Job,
    campaign: Campaign,
    what: Named,
    answer: Answer<readonly { readonly id: string | number; readonly name: string }[]>,
  ): Promise<Found> {
    if (answer.kind === 'ok') {
      if (answer.value.some(({ id }) => String(id) === what.id)) {
        if (named.size >= MOST_REMEMBERED) named.clear();
        named.set(nameOf(campaign), now() + REMEMBERED_FOR);
        return 'known';
      }
      const known = answer.value.map(({ id, name }) => `${id} (${name})`);
      return { failed: { code: 'audience-unknown', ...what, known } };
    }
    // No list to look into: an account without the right to it (groups went when tags came), or a
    // WeChat that does not answer this call. The send step refuses an unknown audience (40152).
    if (answer.kind === 'unknown' && triesOf(job) >= MUTE_AFTER) return 'known';
    const wait = await tryLater(job, campaign, answer);
    return wait ? { wait } : 'known';
  }
}

const nameOf = ({ identity, audience }: Campaign): string =>
  `${identity} ${JSON.stringify(audience)}`;
