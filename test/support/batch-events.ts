/** Whatever could happen to a batch, in any order, for property tests. */
import fc from 'fast-check';
import { advance, type BatchEvent } from '../../src/shared/campaign/advance-batch.ts';
import type { Batch, HeldReason, WaitReason } from '../../src/shared/campaign/batch.ts';
import { at, receipt } from './builders.ts';

const msgId = fc.constantFrom('1000001', '1000002');
const when = fc.integer({ min: 0, max: 3_600 }).map((s) => at('09:00:00') + s * 1_000);
const waitReason = fc.constantFrom<WaitReason>('rate', 'daily-quota', 'new-media', 'wechat-busy');
const heldReason = fc.constantFrom<HeldReason>('outcome-unknown', 'message-id-taken');
const someReceipt = fc
  .record({
    status: fc.constantFrom('delivered' as const, 'refused' as const, 'unknown' as const),
    sent: fc.option(fc.nat(10_000)),
  })
  .map((changes) => receipt(changes));

/** By nobody's word: WeChat, the clock, the workers. */
export const machineEvent: fc.Arbitrary<BatchEvent> = fc.oneof(
  { weight: 4, arbitrary: when.map((time) => ({ type: 'attempt-started' as const, at: time })) },
  fc.record({ type: fc.constant('accepted' as const), msgId, at: when }),
  fc.record({
    type: fc.constant('refused' as const),
    failure: fc.constant({ code: 'record-lost' as const }),
    at: when,
  }),
  fc.record({ type: fc.constant('put-back' as const), reason: waitReason, nextAttemptAt: when }),
  {
    weight: 2,
    arbitrary: when.map((time) => ({ type: 'outcome-unknown' as const, nextAttemptAt: time })),
  },
  fc.record({ type: fc.constant('held' as const), reason: heldReason, at: when }),
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('receipt-arrived' as const),
      msgId,
      receipt: someReceipt,
      at: when,
    }),
  },
  when.map((time) => ({ type: 'cancelled' as const, at: time })),
  fc.constant({ type: 'rerun' as const }),
);

const personEvent: fc.Arbitrary<BatchEvent> = fc.oneof(
  fc.record({ type: fc.constant('resolved-sent' as const), msgId, at: when }),
  fc.constant({ type: 'resolved-not-sent' as const }),
  when.map((time) => ({ type: 'resolved-given-up' as const, at: time })),
  fc.constant({ type: 'retried' as const }),
);

export const anyEvent = fc.oneof({ weight: 4, arbitrary: machineEvent }, personEvent);

export const isPersons = ({ type }: BatchEvent): boolean =>
  type.startsWith('resolved') || type === 'retried';

export interface Step {
  readonly before: Batch;
  readonly event: BatchEvent;
  /** The same object as before if the event was no news or cannot be. */
  readonly after: Batch;
  readonly legal: boolean;
}

/** The life of a batch; what cannot be is refused and leaves it as it was. */
export function live(start: Batch, events: readonly BatchEvent[]): Step[] {
  let batch = start;
  return events.map((event) => {
    const before = batch;
    try {
      batch = advance(batch, event);
      return { before, event, after: batch, legal: true };
    } catch {
      return { before, event, after: before, legal: false };
    }
  });
}
