/** A WeChat that may do whatever it has been seen to do with a call, and its events. */
import type { BatchEvent } from '../../src/shared/campaign/advance-batch.ts';
import type { Batch, Called } from '../../src/shared/campaign/batch.ts';
import type { Answer } from '../../src/shared/wechat/client.ts';
import { remedyFor } from '../../src/shared/wechat/remedies.ts';
import type { Submission } from '../../src/workers/lane/read-submission.ts';
import { followersOf, KEY_LIFE, SAME_MOMENT, type State } from './state.ts';

/** Of another campaign's message, which is never ours. */
const FOREIGN = 'foreign';

/** WeChat's answers that differ in what they mean for a batch. */
const SAID: Readonly<Record<string, Answer<Submission>>> = {
  silent: { kind: 'unknown', cause: 'timeout' },
  'not-sent': { kind: 'not-sent', cause: 'not-wanted' },
  refused: refusal(40003),
  'no-sends-left': refusal(45028),
  'media-gone': refusal(40007),
  'key-in-use': refusal(45066),
  'exists-without-id': refusal(45065),
  [`exists ${FOREIGN}`]: { ...refusal(45065), msgId: FOREIGN },
};

function refusal(errcode: number): Extract<Answer<Submission>, { kind: 'refused' }> {
  const remedy = remedyFor('/cgi-bin/message/mass/send', errcode);
  return { kind: 'refused', errcode, errmsg: '', remedy };
}

export function toAnswer(said: string): Answer<Submission> {
  const [kind, msgId = ''] = said.split(' ');
  if (kind === 'ok') return { kind: 'ok', value: { msgId } };
  if (kind === 'exists' && msgId !== FOREIGN) return { ...refusal(45065), msgId };
  return SAID[said] as Answer<Submission>;
}

/** Null: another campaign's. */
export const messageOf = (msgId: string): number | null =>
  msgId === FOREIGN ? null : Number(msgId.slice(1));

/** What may come of one call: in words, the answer, and the world after it. */
export function* answersOf(
  state: State,
  called: Called,
): Iterable<readonly [words: string, answer: string, after: State]> {
  const { accepted, now, left } = state;
  const { no, generation } = called;
  const after: State = { ...state, left: { ...left, calls: left.calls - 1 } };
  const message = accepted.findIndex(
    (one) => one.no === no && one.generation === generation && now - one.at < KEY_LIFE,
  );
  if (message >= 0) {
    yield ['knows the key and names its message', `exists m${message}`, after];
    yield ['knows the key and names no message', 'exists-without-id', after];
  } else {
    const followers = followersOf(called);
    const next: State = {
      ...after,
      accepted: [...accepted, { no, generation, at: now, followers }],
      events: [...state.events, accepted.length],
    };
    yield ['accepts it', `ok m${accepted.length}`, next];
    yield ['accepts it and is silent', 'silent', next];
    yield [
      'accepts it, asks itself again, and says that the key exists',
      `exists m${accepted.length}`,
      next,
    ];
    if (accepted.length === 0) yield ['does not know the media', 'media-gone', after];
    for (const [other, { at }] of accepted.entries()) {
      const isNear = now - at <= SAME_MOMENT && accepted[other]?.no !== no;
      if (isNear)
        yield [`names the message of batch ${accepted[other]?.no}`, `exists m${other}`, after];
    }
  }
  if (state.store.batches.length === 1) {
    yield ["names another campaign's message", `exists ${FOREIGN}`, after];
  }
  // It may look at other things before the key.
  yield ['refuses it', 'refused', after];
  yield ['has no sends left', 'no-sends-left', after];
  yield ['is silent and did nothing', 'silent', after];
  yield ['says that the key was just in use', 'key-in-use', after];
}

export function receiptOf(batch: Extract<Batch, { msgId: string }>, at: number): BatchEvent {
  const size = followersOf(batch).length;
  const counts = { total: size, eligible: size, sent: size, failed: 0 };
  return {
    type: 'receipt-arrived',
    msgId: batch.msgId,
    receipt: { status: 'delivered', reason: 'sent', ...counts },
    reportedAt: 0,
    at,
  };
}
