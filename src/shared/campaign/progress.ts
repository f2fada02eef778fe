/**
 * How far a campaign is, told from its batches' states alone, never from jobs having run dry.
 *
 * The store keeps these tallies beside the batches and changes both in one step, so a campaign of
 * a thousand batches is read in one go.
 */
import { BATCH_STATES, type Batch, type BatchState } from './batch.ts';
import { isImplausible, type Receipt } from './receipt.ts';

export type Tally = Readonly<Record<TallyField, number>>;

export type TallyField =
  | BatchState
  | `receipt-${Receipt['status']}`
  /** Settled batches whose counts WeChat never told. */
  | 'uncounted'
  /** Settled as delivered, and yet nobody was sent to. */
  | 'sent-zero'
  /** Of the uncounted: an event came, and its counts cannot be read. */
  | 'unreadable'
  | 'implausible'
  | 'unverified'
  | 'disputed'
  | 'total'
  | 'eligible'
  | 'sent'
  | 'failed';

const FIELDS: readonly TallyField[] = [
  ...BATCH_STATES,
  'receipt-delivered',
  'receipt-refused',
  'receipt-failed',
  'receipt-unknown',
  'uncounted',
  'sent-zero',
  'unreadable',
  'implausible',
  'unverified',
  'disputed',
  'total',
  'eligible',
  'sent',
  'failed',
];

export const EMPTY_TALLY = Object.fromEntries(FIELDS.map((field) => [field, 0])) as Tally;

/** What one batch adds to its campaign's tally. */
export function tallyOf(batch: Batch): Partial<Record<TallyField, number>> {
  if (batch.state !== 'settled') return { [batch.state]: 1 };
  const { receipt } = batch;
  return {
    settled: 1,
    [`receipt-${receipt.status}`]: 1,
    uncounted: receipt.sent === null ? 1 : 0,
    'sent-zero': receipt.status === 'delivered' && receipt.sent === 0 ? 1 : 0,
    unreadable: receipt.sent === null && batch.reportedAt !== undefined ? 1 : 0,
    implausible: isImplausible(receipt, batch.size) ? 1 : 0,
    unverified: receipt.unverified && receipt.sent !== null ? 1 : 0,
    disputed: receipt.disputed ? 1 : 0,
    total: receipt.total ?? 0,
    eligible: receipt.eligible ?? 0,
    sent: receipt.sent ?? 0,
    failed: receipt.failed ?? 0,
  };
}

/** The fields that change when one batch takes another's place, by how much; none that stay. */
export function tallyChange(before: Batch | null, after: Batch): [TallyField, number][] {
  const minus = before ? tallyOf(before) : {};
  const plus = tallyOf(after);
  return FIELDS.map((field): [TallyField, number] => [
    field,
    (plus[field] ?? 0) - (minus[field] ?? 0),
  ]).filter(([, by]) => by !== 0);
}

export const batchTotal = (tally: Tally): number =>
  BATCH_STATES.reduce((sum, state) => sum + tally[state], 0);

export const openBatches = (tally: Tally): number =>
  tally.pending + tally.submitting + tally.submitted + tally.held;

export type Outcome = 'delivered' | 'partly' | 'none' | 'unknown';

/**
 * What became of a campaign with no open batch. `went` is delivered batches, `not` the refused,
 * failed and cancelled, `nobody knows` the settled without WeChat's word.
 *
 * | went | not | nobody knows | outcome |
 * |---|---|---|---|
 * | some | 0 | 0 | delivered |
 * | some | some | any | partly |
 * | 0 | any | 0 | none |
 * | any | 0 | some | unknown |
 * | 0 | some | some | unknown |
 */
export function outcomeOf(tally: Tally): Outcome {
  const went = tally['receipt-delivered'];
  const not = tally.refused + tally.cancelled + tally['receipt-refused'] + tally['receipt-failed'];
  const nobodyKnows = tally['receipt-unknown'];
  if (went > 0 && not > 0) return 'partly';
  if (nobodyKnows > 0) return 'unknown';
  return went > 0 ? 'delivered' : 'none';
}

/** The campaign's receipt: sums of what WeChat counted; null where it counted nothing at all. */
export function receiptTotals(
  tally: Tally,
): Pick<Receipt, 'total' | 'eligible' | 'sent' | 'failed'> {
  const counted = tally.settled - tally.uncounted;
  if (counted === 0) return { total: null, eligible: null, sent: null, failed: null };
  return { total: tally.total, eligible: tally.eligible, sent: tally.sent, failed: tally.failed };
}
