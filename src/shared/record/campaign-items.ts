/**
 * What a campaign's message needs at WeChat, and what is there: a field of the campaign's hash for
 * each item, so that a campaign of a thousand drafts rewrites one of them at a time.
 */
import { type Control, isEnded } from '../campaign/campaign.ts';
import { askAgain, type Item, type Items, NEW_ITEM } from '../campaign/material.ts';
import type { Redis } from '../platform/redis.ts';
import { commit, untilSettled } from './commit.ts';
import type { Keys } from './keys.ts';
import { stored, storedOrNull } from './stored.ts';

/** Before an item's name in the hash. */
const FIELD = 'at:';
const SOURCE = 'draft-source';

export function makeCampaignItems({ redis, keys }: { redis: Redis; keys: Keys }) {
  /** Those of these names that were begun. */
  async function items(id: string, names: readonly string[]): Promise<Items> {
    if (names.length === 0) return {};
    const found = await redis.hmget(keys.campaign(id), ...names.map((name) => FIELD + name));
    return Object.fromEntries(
      names.flatMap((name, at) => {
        const item = storedOrNull<Item>(found[at]);
        return item ? [[name, item]] : [];
      }),
    );
  }

  /** Every item that was begun. */
  async function itemNames(id: string): Promise<string[]> {
    const fields = await redis.hkeys(keys.campaign(id));
    return fields.flatMap((field) => (field.startsWith(FIELD) ? [field.slice(FIELD.length)] : []));
  }

  /**
   * Changes one item. `decide` gets it as it is now and may be called more than once; the same
   * object means "no change".
   *
   * @returns the item from now on; null where the campaign is gone, or is not over and `onlyEnded`.
   */
  async function changeItem(
    id: string,
    name: string,
    decide: (item: Item) => Item,
    { onlyEnded = false }: { readonly onlyEnded?: boolean } = {},
  ): Promise<Item | null> {
    const key = keys.campaign(id);
    const field = FIELD + name;
    return untilSettled<Item | null>(async () => {
      const [spec, control, before = null] = await redis.hmget(key, 'spec', 'control', field);
      if (!spec || !control) return null;
      if (onlyEnded && !isEnded(stored<Control>(control))) return null;
      const current = storedOrNull<Item>(before) ?? NEW_ITEM;
      const next = decide(current);
      if (next === current) return current;
      const checks = [
        { key, field: 'spec', is: spec },
        { key, field, is: before },
        ...(onlyEnded ? [{ key, field: 'control', is: control }] : []),
      ];
      return (await commit(redis, checks, [['HSET', key, field, JSON.stringify(next)]]))
        ? next
        : 'moved';
    });
  }

  /** A retry: what WeChat refused, or lost too often, is asked for once more. */
  async function askWechatAgain(id: string): Promise<void> {
    for (const name of await itemNames(id)) await changeItem(id, name, askAgain);
  }

  /** The articles of a draft of the console as they were first read, JSON; null before that. */
  const draftSource = (id: string): Promise<string | null> => redis.hget(keys.campaign(id), SOURCE);

  /** @returns the articles that were kept first. */
  async function keepDraftSource(id: string, articles: string): Promise<string> {
    const key = keys.campaign(id);
    const checks = [
      { key, field: 'spec', isThere: true },
      { key, field: SOURCE, is: null },
    ] as const;
    await commit(redis, checks, [['HSET', key, SOURCE, articles]]);
    return (await draftSource(id)) ?? articles;
  }

  return { items, itemNames, changeItem, askWechatAgain, draftSource, keepDraftSource };
}
