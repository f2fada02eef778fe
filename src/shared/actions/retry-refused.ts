/**
 * Submits the refused batches of a campaign once more, under new keys: as they were, in halves, or
 * without some OpenIDs. All of it is one commit, computed from the batches that the commit checks.
 *
 * WeChat refuses a whole batch for one OpenID that is another account's (40003, 49003), and does
 * not say which. Halving finds it in at most thirteen rounds; whoever knows it names it.
 */
import { advance } from '../campaign/advance-batch.ts';
import { usesSendAll } from '../campaign/audience.ts';
import { type Batch, newBatch } from '../campaign/batch.ts';
import type { Campaign, Control } from '../campaign/campaign.ts';
import { halvesOf, rangeOf } from '../campaign/divide.ts';
import { type Problem, type Refused, refuse } from '../contract/problem.ts';
import type { Stores } from '../record/record.ts';
import { batchOpenIds } from './batch-open-ids.ts';
import { over } from './campaign-decisions.ts';

export type RetryHow = (
  | { readonly as: 'is' }
  | { readonly as: 'halves' }
  | { readonly as: 'without'; readonly openIds: readonly string[] }
) & {
  /** The version of the campaign that was decided on. */
  readonly seen?: number | undefined;
};

interface Dependencies {
  readonly stores: Pick<Stores, 'batches' | 'audiences'>;
  readonly now: () => number;
}

/** A refused batch as it will be, and the other half of it; null: it stays refused. */
type Retried = { readonly after: Batch; readonly other?: Batch } | null;

export function makeRetryRefused({ stores, now }: Dependencies) {
  const { batches, audiences } = stores;

  /** @returns null when it is done. */
  return async function retryRefused(
    campaign: Campaign,
    how: RetryHow,
    by: string,
  ): Promise<Refused | null> {
    const isList = !usesSendAll(campaign.audience);
    const leftOut = how.as === 'without' && isList ? await listOf(campaign, how.openIds) : '';
    if (typeof leftOut !== 'string') return leftOut;
    const audit = { at: now(), by, action: 'retry', as: how.as } as const;

    return batches.decide<Problem>(campaign, async ({ batches: all, version, control }) => {
      if (how.seen !== undefined && how.seen !== version) return refuse({ code: 'moved' });
      if (now() >= campaign.notAfter) return NOT_AFTER_PASSED;
      if (control.cancelled) return over('retry');
      const refusedOnes = all.filter(({ state }) => state === 'refused');
      if (refusedOnes.length === 0) return NOTHING_REFUSED;
      if (how.as !== 'is' && !isList) return NOT_A_LIST;
      const changed: { before: Batch; after: Batch }[] = [];
      const added: Batch[] = [];
      for (const before of refusedOnes) {
        const no = all.length + added.length + 1;
        const retried = await retriedAs(how.as, { campaign, control, batch: before, leftOut, no });
        if (retried) changed.push({ before, after: retried.after });
        if (retried?.other) added.push(retried.other);
      }
      return changed.length === 0 ? NOTHING_REFUSED : { changed, added, audit };
    });
  };

  async function retriedAs(as: RetryHow['as'], at: Retrying): Promise<Retried> {
    switch (as) {
      case 'is':
        return { after: advance(at.batch, { type: 'retried' }) };
      case 'halves':
        return inHalves(at);
      case 'without':
        return withoutSome(at);
    }
  }

  /** The lower half keeps the number, the upper one gets the next free one. */
  async function inHalves({ campaign, control, batch, no }: Retrying): Promise<Retried> {
    const recipients = control.recipients ?? campaign.counts?.recipients ?? 0;
    const range = rangeOf(batch, recipients);
    const halves = halvesOf(range, await keptOf({ campaign, control, batch }, range.from));
    if (!halves) return null;
    const [lower, upper] = halves;
    const withoutToo = batch.without === undefined ? {} : { without: batch.without };
    return {
      after: advance(batch, { type: 'retried', ...lower }),
      other: { ...newBatch(no, upper.size), range: upper.range, ...withoutToo },
    };
  }

  /** Positions in the list of those that the batch still goes to; undefined: all of its range. */
  async function keptOf(of: Of, from: number): Promise<number[] | undefined> {
    if (of.batch.without === undefined) return undefined;
    const all = await batchOpenIds(audiences, { ...of, batch: { ...of.batch, without: [] } });
    const kept = new Set(await batchOpenIds(audiences, of));
    return (all ?? []).flatMap((openId, at) => (kept.has(openId) ? [from + at] : []));
  }

  /** One OpenID cannot be mass-sent (40130): such a batch stays refused. */
  async function withoutSome({ leftOut, ...of }: Retrying): Promise<Retried> {
    const without = [...(of.batch.without ?? []), leftOut];
    const left = await batchOpenIds(audiences, { ...of, batch: { ...of.batch, without } });
    if (!left || left.length < 2) return null;
    return { after: advance(of.batch, { type: 'retried', without, size: left.length }) };
  }

  async function listOf(
    { account, notAfter }: Campaign,
    openIds: readonly string[],
  ): Promise<string | Refused> {
    const list = await audiences.create(openIds, { account });
    if (list.recipients === 0) {
      await audiences.remove(list.id);
      return refuse({ code: 'no-openid' });
    }
    await audiences.touch(list.id, notAfter - now());
    return list.id;
  }
}

interface Of {
  readonly campaign: Campaign;
  readonly control: Control;
  readonly batch: Batch;
}

interface Retrying extends Of {
  /** The list of those to leave out. */
  readonly leftOut: string;
  /** A number that is free. */
  readonly no: number;
}

const NOT_A_LIST = refuse({ code: 'not-a-list' });
const NOTHING_REFUSED = refuse({ code: 'nothing-refused' });
const NOT_AFTER_PASSED = refuse({ code: 'not-after-passed' });
