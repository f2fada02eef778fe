import { describe, expect, it } from 'vitest';
import { cancelled } from '../../../src/shared/actions/campaign-decisions.ts';
import { makeResolveHeld, type Resolution } from '../../../src/shared/actions/resolve-held.ts';
import type { BatchEvent } from '../../../src/shared/campaign/advance-batch.ts';
import type { Batch } from '../../../src/shared/campaign/batch.ts';
import type { Campaign, Control } from '../../../src/shared/campaign/campaign.ts';
import { testRedis } from '../../support/redis.ts';
import { testStores } from '../../support/stores.ts';

const { batches, campaigns, clock, laidOut } = testStores(testRedis());
/** One moment, however long the test takes. */
const AT = clock.now();
const now = (): number => AT;
const resolveHeld = makeResolveHeld({ batches, now });

let messages = 0;
const freshMsgId = (): string => {
  messages += 1;
  return `${3_000_000 + messages}`;
};

const happens = (campaign: Campaign, no: number, event: BatchEvent): Promise<Batch> =>
  batches.apply({ campaignId: campaign.id, no }, event);

/** Its first `held` batches are held. */
async function withHeld(held: number, count = held): Promise<Campaign> {
  const campaign = await laidOut(count);
  for (let no = 1; no <= held; no += 1) {
    await happens(campaign, no, { type: 'attempt-started', at: now() });
    await happens(campaign, no, { type: 'held', reason: 'outcome-unknown', at: now() });
  }
  return campaign;
}

const batch = async ({ id }: Campaign, no = 1): Promise<Batch> =>
  (await batches.read({ campaignId: id, no })) as Batch;

const decide = (campaign: Campaign, decision: Resolution, which: number | 'all-held' = 1) =>
  resolveHeld(campaign, which, decision, 'anna');

const cancel = ({ id }: Campaign) =>
  campaigns.control(id, (control) => cancelled(control, { at: now(), by: 'anna' }) as Control);

const lastAudit = async ({ id }: Campaign) => (await campaigns.audit(id)).at(-1);

describe('a decision about one batch that is held', () => {
  it('says that it was sent: it waits for the receipt of that message', async () => {
    const campaign = await withHeld(1);
    const msgId = freshMsgId();

    expect(await decide(campaign, { as: 'sent', msgId, note: 'seen in the console' })).toBeNull();

    expect(await batch(campaign)).toMatchObject({ state: 'submitted', msgId, submittedAt: now() });
    expect(await lastAudit(campaign)).toMatchObject({
      ...{ at: now(), by: 'anna', action: 'resolve', as: 'sent', note: 'seen in the console' },
      batch: 1,
    });
  });

  it('says that it was not sent: it goes again under a new key', async () => {
    const campaign = await withHeld(1);

    expect(await decide(campaign, { as: 'not-sent' })).toBeNull();

    expect(await batch(campaign)).toMatchObject({ state: 'pending', generation: 1 });
    expect(await lastAudit(campaign)).toEqual({
      ...{ at: now(), by: 'anna', action: 'resolve', as: 'not-sent' },
      batch: 1,
    });
  });

  it('gives it up', async () => {
    const campaign = await withHeld(1);

    expect(await decide(campaign, { as: 'given-up' })).toBeNull();

    expect(await batch(campaign)).toMatchObject({ state: 'abandoned', abandonedAt: now() });
  });

  it('is done on the version that was seen, and on no other', async () => {
    const campaign = await withHeld(2);
    const { version } = await batch(campaign);
    const other = { refused: { code: 'moved', batch: await batch(campaign) } };

    for (const seen of [version - 1, version + 1]) {
      expect(await decide(campaign, { as: 'not-sent', seen })).toEqual(other);
      expect(await decide(campaign, { as: 'sent', msgId: freshMsgId(), seen })).toEqual(other);
    }
    expect(await decide(campaign, { as: 'not-sent', seen: version })).toBeNull();
    expect(await batch(campaign)).toMatchObject({ state: 'pending' });
    const sent = { as: 'sent', msgId: freshMsgId(), seen: (await batch(campaign, 2)).version };
    expect(await decide(campaign, sent as Resolution, 2)).toBeNull();
    expect(await batch(campaign, 2)).toMatchObject({ state: 'submitted' });
  });

  it('is refused where there is no such batch, or it is not held', async () => {
    const campaign = await withHeld(1, 2);
    const none = { refused: { code: 'batch-not-found' } };
    const open = { refused: { code: 'batch-not-held', no: 2, state: 'pending' } };

    expect(await decide(campaign, { as: 'not-sent' }, 3)).toEqual(none);
    expect(await decide(campaign, { as: 'not-sent' }, 2)).toEqual(open);
    expect(await decide(campaign, { as: 'given-up' }, 2)).toEqual(open);
    expect(await decide(campaign, { as: 'sent', msgId: freshMsgId() }, 2)).toEqual(open);
    expect(await batch(campaign, 2)).toMatchObject({ state: 'pending', version: 0 });
  });

  it('is refused where the message is another batch’s', async () => {
    const campaign = await withHeld(2);
    const msgId = freshMsgId();
    await decide(campaign, { as: 'sent', msgId }, 1);

    expect(await decide(campaign, { as: 'sent', msgId }, 2)).toEqual({
      refused: { code: 'message-id-taken', msgId, owner: `${campaign.id}/1` },
    });
  });
});

describe('a decision that was taken before', () => {
  it.each<[Resolution['as'], Resolution]>([
    ['sent', { as: 'sent', msgId: '4000001' }],
    ['not-sent', { as: 'not-sent' }],
    ['given-up', { as: 'given-up' }],
  ])('is done, and changes nothing: %s', async (_, decision) => {
    const campaign = await withHeld(1);
    const { version: seen } = await batch(campaign);
    await decide(campaign, { ...decision, seen });
    const after = await batch(campaign);
    const told = (await campaigns.audit(campaign.id)).length;

    expect(await decide(campaign, { ...decision, seen })).toBeNull();
    expect(await decide(campaign, decision)).toBeNull();

    expect(await batch(campaign)).toEqual(after);
    expect(await campaigns.audit(campaign.id)).toHaveLength(told);
  });

  it('is no repeat where it was decided otherwise', async () => {
    const campaign = await withHeld(1);
    const { version: seen } = await batch(campaign);
    const msgId = freshMsgId();
    await decide(campaign, { as: 'sent', msgId, seen });
    const after = await batch(campaign);
    const moved = { refused: { code: 'moved', batch: after } };
    const notHeld = { refused: { code: 'batch-not-held', no: 1, state: 'submitted' } };

    expect(await decide(campaign, { as: 'not-sent', seen })).toEqual(moved);
    expect(await decide(campaign, { as: 'sent', msgId, seen: seen - 1 })).toEqual(moved);
    expect(await decide(campaign, { as: 'sent', msgId: freshMsgId() })).toEqual(notHeld);
    expect(await batch(campaign)).toEqual(after);
  });

  it('is no repeat where a message is named, and none is known', async () => {
    const campaign = await withHeld(1);
    await decide(campaign, { as: 'given-up' });
    await decide(campaign, { as: 'not-sent', mayBeReceivedTwice: true });

    expect(await decide(campaign, { as: 'sent', msgId: freshMsgId() })).toEqual({
      refused: { code: 'batch-not-held', no: 1, state: 'pending' },
    });
  });
});

describe('a batch that was given up', () => {
  const givenUp = async (): Promise<Campaign> => {
    const campaign = await withHeld(1);
    await decide(campaign, { as: 'given-up' });
    return campaign;
  };

  it('goes again only where that is said to be meant', async () => {
    const campaign = await givenUp();

    expect(await decide(campaign, { as: 'not-sent' })).toEqual({
      refused: { code: 'may-be-received-twice' },
    });
    expect(await batch(campaign)).toMatchObject({ state: 'abandoned' });
    expect(await decide(campaign, { as: 'not-sent', mayBeReceivedTwice: true })).toBeNull();
    expect(await batch(campaign)).toMatchObject({ state: 'pending', generation: 1 });
  });

  it('is over without a word where nothing may be sent any more', async () => {
    const campaign = await givenUp();
    await cancel(campaign);

    expect(await decide(campaign, { as: 'not-sent' })).toBeNull();
    expect(await batch(campaign)).toMatchObject({ state: 'cancelled', cancelledAt: now() });
  });

  it('was sent after all', async () => {
    const campaign = await givenUp();

    expect(await decide(campaign, { as: 'sent', msgId: freshMsgId() })).toBeNull();
    expect(await batch(campaign)).toMatchObject({ state: 'submitted' });
  });

  it('is given up once, by whoever says so on what it is now', async () => {
    const campaign = await givenUp();
    const { version } = await batch(campaign);

    expect(await decide(campaign, { as: 'given-up', seen: version })).toBeNull();
    expect(await batch(campaign)).toMatchObject({ state: 'abandoned', version });
  });
});

describe('a batch that was not sent, when nothing may be sent any more', () => {
  it('is over after a cancel', async () => {
    const campaign = await withHeld(1);
    await cancel(campaign);

    expect(await decide(campaign, { as: 'not-sent' })).toBeNull();
    expect(await batch(campaign)).toMatchObject({ state: 'cancelled', cancelledAt: now() });
  });

  it('is over from `notAfter` on, and goes a moment before it', async () => {
    const campaign = await withHeld(2);
    const early = { ...campaign, notAfter: now() + 1 };
    const late = { ...campaign, notAfter: now() };

    expect(await resolveHeld(early, 1, { as: 'not-sent' }, 'anna')).toBeNull();
    expect(await resolveHeld(late, 2, { as: 'not-sent' }, 'anna')).toBeNull();
    expect(await batch(campaign, 1)).toMatchObject({ state: 'pending' });
    expect(await batch(campaign, 2)).toMatchObject({ state: 'cancelled' });
  });
});

describe('a decision about all that are held', () => {
  const versionOf = async ({ id }: Campaign): Promise<number> =>
    (await campaigns.read(id))?.tally.version ?? -1;

  it('is about those alone', async () => {
    const campaign = await withHeld(3, 4);
    await decide(campaign, { as: 'given-up' }, 3);

    expect(await decide(campaign, { as: 'not-sent' }, 'all-held')).toBeNull();

    const states = (await batches.all(campaign.id)).map(({ state, generation }) => {
      return `${state} ${generation}`;
    });
    expect(states).toEqual(['pending 1', 'pending 1', 'abandoned 0', 'pending 0']);
  });

  it('is done on the campaign as it was seen, and once', async () => {
    const campaign = await withHeld(2);
    const seen = await versionOf(campaign);
    const moved = { refused: { code: 'moved' } };

    expect(await decide(campaign, { as: 'given-up', seen: seen - 1 }, 'all-held')).toEqual(moved);
    expect(await decide(campaign, { as: 'given-up', seen }, 'all-held')).toBeNull();
    const after = await batches.all(campaign.id);
    expect(after.map(({ state }) => state)).toEqual(['abandoned', 'abandoned']);

    expect(await decide(campaign, { as: 'given-up', seen }, 'all-held')).toBeNull();
    expect(await decide(campaign, { as: 'not-sent', seen }, 'all-held')).toEqual(moved);
    expect(await batches.all(campaign.id)).toEqual(after);
  });

  it('is a repeat although another batch is held since: that one was not meant', async () => {
    const campaign = await withHeld(1, 2);
    const seen = await versionOf(campaign);
    await decide(campaign, { as: 'given-up', seen }, 'all-held');
    await happens(campaign, 2, { type: 'attempt-started', at: now() });
    await happens(campaign, 2, { type: 'held', reason: 'outcome-unknown', at: now() });

    expect(await decide(campaign, { as: 'given-up', seen }, 'all-held')).toBeNull();
    expect(await batch(campaign, 2)).toMatchObject({ state: 'held' });
  });

  it('is no repeat of another decision about the same version', async () => {
    const campaign = await withHeld(2);
    const seen = await versionOf(campaign);
    await decide(campaign, { as: 'given-up' }, 1);
    await decide(campaign, { as: 'not-sent' }, 2);
    const moved = { refused: { code: 'moved' } };

    expect(await decide(campaign, { as: 'given-up', seen }, 'all-held')).toEqual(moved);
    expect(await decide(campaign, { as: 'not-sent', seen }, 'all-held')).toEqual(moved);
  });

  it('is over for all that were not sent after a cancel', async () => {
    const campaign = await withHeld(2);
    await cancel(campaign);

    expect(await decide(campaign, { as: 'not-sent' }, 'all-held')).toBeNull();
    const after = await batches.all(campaign.id);
    expect(after.map(({ state }) => state)).toEqual(['cancelled', 'cancelled']);
  });

  it('may be given up after a cancel', async () => {
    const campaign = await withHeld(1);
    await cancel(campaign);

    expect(await decide(campaign, { as: 'given-up' }, 'all-held')).toBeNull();
    expect(await batch(campaign)).toMatchObject({ state: 'abandoned' });
  });

  it('may be done by one who named no version, more than once', async () => {
    const campaign = await withHeld(1);

    expect(await decide(campaign, { as: 'given-up' }, 'all-held')).toBeNull();
    expect(await decide(campaign, { as: 'given-up' }, 'all-held')).toBeNull();
  });

  it('cannot name one message for all', async () => {
    const campaign = await withHeld(1);

    expect(await decide(campaign, { as: 'sent', msgId: freshMsgId() }, 'all-held')).toEqual({
      refused: { code: 'one-msg-id' },
    });
    expect(await batch(campaign)).toMatchObject({ state: 'held' });
  });
});
