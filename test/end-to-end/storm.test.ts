/** Everything at once, by chance: the ledger decides. STORM_SEED makes other choices. */
import { afterAll, describe, expect, it } from 'vitest';
import type { FaultDetails, FaultName } from '../../src/sandbox/fault.ts';
import { MINUTE, SECOND } from '../../src/shared/platform/time.ts';
import { anImage, aRequest, someNews, toOpenIds } from '../support/builders.ts';
import { startWorld } from '../support/world.ts';

const seed = Number(process.env.STORM_SEED ?? 20_260_105);
const CAMPAIGNS = Number(process.env.STORM_CAMPAIGNS ?? 24);
const ACCOUNTS = ['one', 'two', 'drafts', 'plain'];

/** mulberry32 */
function chance(start: number): () => number {
  let state = start;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const random = chance(seed);
const oneOf = <T>(choices: readonly T[]): T => choices[Math.floor(random() * choices.length)] as T;

const SEND = 'message/mass/send';
const TROUBLES: readonly (readonly [Exclude<FaultName, 'hold'>, FaultDetails])[] = [
  ['silent-after-accepting', {}],
  ['silent-before', { path: SEND }],
  ['reset-before', { path: SEND }],
  ['reset-after-accepting', {}],
  ['status-502', { path: SEND }],
  ['status-502', { path: SEND, processed: true }],
  ['truncated-json', { path: SEND }],
  ['html-answer', { path: SEND, processed: true }],
  ['errcode', { path: SEND, errcode: -1 }],
  ['errcode', { path: SEND, errcode: -1, processed: true }],
  ['errcode', { path: SEND, errcode: 45066 }],
  ['errcode', { path: SEND, errcode: 42010 }],
  ['errcode', { path: SEND, errcode: 45002 }],
  ['key-taken', { msgId: 'latest' }],
  ['key-taken', { msgId: 'none' }],
  ['media-expired', { path: SEND }],
  ['token-replaced', { path: SEND }],
  ['token-expired', {}],
  ['reset-before', { path: 'media/upload' }],
  ['status-502', { path: 'media/uploadnews' }],
  ['errcode', { path: 'draft/add', errcode: -1 }],
  ['event-early', {}],
  ['event-duplicate', {}],
  ['event-late', { afterMs: 300 }],
  ['event-status', { eventStatus: 'err(20001)' }],
  ['event-status', { eventStatus: 'send fail' }],
];

const world = await startWorld(
  { onTestFinished: (end) => afterAll(end) },
  {
    accounts: ACCOUNTS.map((name) => ({
      name,
      plain: name === 'plain',
      newsRoute: name === 'drafts' ? ('draft' as const) : ('uploadnews' as const),
    })),
    submitTimeoutMs: 3 * SECOND,
    hosts: ['host-1', 'host-2'],
  },
);

async function oneCampaign(): Promise<string> {
  const message = oneOf([undefined, undefined, anImage(), someNews()]);
  const audience = toOpenIds(oneOf([25, 12_000, 25_000]));
  return world.create(
    aRequest(oneOf(ACCOUNTS), { audience, repeat: true, ...(message ? { message } : {}) }),
  );
}

/** Ended, or waiting for a person and for nothing else. */
const isStill = async (id: string): Promise<boolean> => {
  const { state, batches } = await world.view(id);
  if (state === 'completed' || state === 'failed' || state === 'cancelled') return true;
  const atRest = batches.submitting + batches.submitted === 0;
  return atRest && (state === 'held' || state === 'paused');
};

describe(`a storm of faults and of people (seed ${seed})`, () => {
  it('sends nothing twice and loses nothing, and every batch says what became of it', {
    timeout: 5 * MINUTE,
  }, async () => {
    const ids: string[] = [];
    for (let i = 0; i < CAMPAIGNS; i += 1) {
      const [name, details] = oneOf(TROUBLES);
      world.faults.set(name, { account: oneOf(ACCOUNTS), ...details, nth: oneOf([1, 2, 3]) });
      ids.push(await oneCampaign());
      const target = oneOf(ids);
      const word = oneOf(['none', 'none', 'pause', 'resume', 'cancel'] as const);
      if (word !== 'none') await world.steer[word](target, 'ann');
    }
    for (const id of ids) await world.steer.resume(id, 'ann');
    for (const id of ids) {
      await world
        .until(`${id} is still`, () => isStill(id), 2 * MINUTE)
        .catch(async (error) => {
          const found = {
            view: await world.view(id),
            batches: await world.batches(id),
            ...(await world.asleep(id)),
          };
          throw new Error(`${String(error)} ${JSON.stringify(found)}`);
        });
    }
    await world.events.settled();

    for (const id of ids) {
      const ofCampaign = world.ledger.sends(id);
      const followers = world.ledger.messagesPerFollower(id);
      expect(
        Object.keys(followers).filter((times) => times !== '1'),
        id,
      ).toEqual([]);
      for (const batch of await world.batches(id)) {
        const key = `${id}-${batch.no}-${batch.generation}`;
        const sent = ofCampaign.filter(({ clientMsgId }) => clientMsgId === key);
        // Whatever is neither held nor on record as sent did not go out; what is, went once.
        if (batch.state === 'settled') {
          expect(
            sent.map(({ msgId }) => msgId),
            key,
          ).toEqual([batch.msgId]);
        } else if (batch.state === 'held') {
          expect(sent.length, key).toBeLessThanOrEqual(1);
        } else {
          expect([batch.state, sent.length], key).toEqual([batch.state, 0]);
        }
      }
    }
    expect(world.ledger.duplicates((send) => send.clientMsgId?.split('-')[0])).toEqual([]);
  });
});
