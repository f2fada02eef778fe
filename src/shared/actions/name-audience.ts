/** Who a campaign goes to, by name and head-count, for the person who looks at it or approves it. */
import type { CampaignView } from '../contract/campaign-view.ts';
import type { WechatFor } from '../delivery/wechat-accounts.ts';
import { inTime } from '../platform/in-time.ts';
import { DAY, MINUTE, SECOND } from '../platform/time.ts';
import type { Stores } from '../record/record.ts';
import { listGroups, listTags } from '../wechat/audience.ts';

interface Dependencies {
  readonly stores: Pick<Stores, 'audiences' | 'audienceNames'>;
  readonly wechatFor: WechatFor;
  readonly now: () => number;
}

interface Options {
  /** Where the name is not known, or is older than a day. */
  readonly mayAsk?: boolean;
}

const ANSWER_WITHIN = 3 * SECOND;
/** An account that cannot be asked is not asked with each look. */
const ASKED_EVERY = 10 * MINUTE;

export type NameAudience = ReturnType<typeof makeNameAudience>;

export function makeNameAudience({ stores, wechatFor, now }: Dependencies) {
  const { audiences, audienceNames } = stores;
  const asked = new Map<string, number>();

  /** The view with `name` and `count` in its audience, where they are known. */
  return async function nameAudience<View extends Pick<CampaignView, 'account' | 'audience'>>(
    view: View,
    { mayAsk = false }: Options = {},
  ): Promise<View> {
    const { audience, account } = view;
    if (audience.type === 'list') {
      const name = (await audiences.describe(audience.listId))?.name;
      return name === undefined ? view : { ...view, audience: { ...audience, name } };
    }
    if (audience.type === 'group') {
      const found = await nameOf(account, 'group', audience.groupId, mayAsk);
      return found ? { ...view, audience: { ...audience, ...found } } : view;
    }
    if ('tagId' in audience && audience.tagId !== undefined) {
      const found = await nameOf(account, 'tag', audience.tagId, mayAsk);
      return found ? { ...view, audience: { ...audience, ...found } } : view;
    }
    return view;
  };

  async function nameOf(
    account: string,
    of: 'tag' | 'group',
    id: string | number,
    mayAsk: boolean,
  ) {
    const known = await audienceNames.read(account, of, id);
    const isOld = !known || known.at < now() - DAY;
    if (isOld && mayAsk) await ask(account, of);
    const found = isOld && mayAsk ? await audienceNames.read(account, of, id) : known;
    return found && { name: found.name, count: found.count };
  }

  async function ask(account: string, of: 'tag' | 'group'): Promise<void> {
    const key = `${of} ${account}`;
    if ((asked.get(key) ?? 0) > now() - ASKED_EVERY) return;
    asked.set(key, now());
    const call = async () => {
      const client = wechatFor(account);
      const answer = await (of === 'tag' ? listTags(client) : listGroups(client));
      if (answer.kind === 'ok') await audienceNames.note(account, of, answer.value);
    };
    // Without an answer the id is all there is to show.
    await inTime(call(), ANSWER_WITHIN).catch(() => undefined);
  }
}
