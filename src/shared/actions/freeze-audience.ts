/** From the audience that was asked for to one that a campaign can refer to, and its size. */
import type { Audience, AudienceCounts } from '../campaign/audience.ts';
import type { FlawOf } from '../campaign/mistake.ts';
import type { CampaignRequest } from '../contract/campaign-request.ts';
import type { Refused } from '../contract/problem.ts';
import { DAY } from '../platform/time.ts';
import type { AudienceList } from '../record/audience-list.ts';
import type { AudienceStore } from '../record/audience-store.ts';
import { invalid } from './invalid-campaign.ts';

interface Dependencies {
  readonly audiences: AudienceStore;
  readonly now: () => number;
}

export interface Frozen {
  readonly audience: Audience;
  /** Null where only WeChat knows. */
  readonly counts: AudienceCounts | null;
  /** The same for the same followers, whichever way they were named. */
  readonly identity: unknown;
  /** Takes back what was made for this request. */
  readonly discard: () => Promise<void>;
}

const READ_AT_ONCE = 10_000;
/** A list stays this long after the campaign's last possible call. */
export const LISTS_KEPT_AFTER = 30.5 * DAY;

export function makeFreezeAudience({ audiences, now }: Dependencies) {
  /** Inline OpenIDs become a list of ours: a campaign refers to its list, it never copies it. */
  async function freeze(
    request: Pick<CampaignRequest, 'audience' | 'exclude'>,
    account: string,
    notAfter: number,
  ): Promise<Frozen | Refused> {
    const { audience, exclude } = request;
    const nothing = async (): Promise<void> => undefined;
    const keep = (id: string): Promise<boolean> =>
      audiences.touch(id, Math.max(0, notAfter - now()) + LISTS_KEPT_AFTER);
    if (audience.type === 'openids') {
      return kept(
        await audiences.create(audience.openids, { account, exclude }),
        'audience.openids',
      );
    }
    if (audience.type === 'list' && exclude.length > 0) {
      // A list of its own: whoever is on a suppression list is not on it.
      const whole = await audiences.describe(audience.listId);
      const ids = idsOf(audience.listId, whole?.recipients ?? 0);
      return kept(await audiences.create(ids, { account, exclude }), 'audience.listId');
    }
    if (audience.type === 'list') {
      const list = await audiences.describe(audience.listId);
      await keep(audience.listId);
      return {
        audience,
        counts: list && countsOf(list),
        identity: identityOf(list ?? { id: audience.listId }),
        discard: nothing,
      };
    }
    for (const id of exclude) await keep(id);
    return { audience, counts: null, identity: namedAs(audience, exclude), discard: nothing };

    async function kept(list: AudienceList, path: string): Promise<Frozen | Refused> {
      const discard = async (): Promise<void> => {
        await audiences.remove(list.id);
      };
      if (list.recipients < 2) {
        await discard();
        return invalid([{ path, ...tooFew(list.recipients, list) }]);
      }
      await keep(list.id);
      return {
        audience: { type: 'list', listId: list.id },
        counts: countsOf(list),
        identity: identityOf(list),
        discard,
      };
    }
  }

  async function* idsOf(listId: string, recipients: number): AsyncGenerator<string> {
    for (let from = 0; from < recipients; from += READ_AT_ONCE) {
      yield* await audiences.slice(listId, from, Math.min(recipients, from + READ_AT_ONCE));
    }
  }

  return freeze;
}

const countsOf = ({ received, duplicates, invalid: bad, recipients }: AudienceCounts) => ({
  received,
  duplicates,
  invalid: bad,
  recipients,
});

/** A group of 2014 is the tag of the same number; followers are everyone, or a tag, as OpenIDs. */
function namedAs(
  audience: Exclude<CampaignRequest['audience'], { type: 'openids' | 'list' }>,
  exclude: readonly string[],
): unknown {
  const but = exclude.toSorted();
  if (audience.type === 'group') return ['tag', String(audience.groupId), but];
  const tagId = 'tagId' in audience ? audience.tagId : undefined;
  return tagId === undefined ? ['everyone', but] : ['tag', String(tagId), but];
}

const identityOf = ({ id, fingerprint }: Pick<AudienceList, 'id' | 'fingerprint'>): string =>
  fingerprint ?? id;

export const tooFew = (recipients: number, list?: AudienceList): FlawOf<'too-few-openids'> => ({
  code: 'too-few-openids',
  recipients,
  ...(list && {
    received: list.received,
    invalid: list.invalid,
    duplicates: list.duplicates,
    suppressed: list.suppressed,
  }),
});
