/**
 * How far a campaign is, told from its batches' states alone, never from jobs having run dry.
 *
 * The store keeps these tallies beside the batches and changes both in one step, so a campaign of
 * a thousand batches is read in one go.
 */
import { BATCH_STATES, type Batch, isUnknown } from './batch.ts';
import { isImplausible, type Receipt, whyNobody } from './receipt.ts';

export const TALLY_FIELDS = [
  ...BATCH_STATES,
  'receipt-delivered',
  'receipt-refused',
  'receipt-failed',
  'receipt-unknown',
  /** Settled batches whose counts WeChat never told. */
  'uncounted',
  /** Settled as delivered, and sent to nobody: why, as far as the counts tell. */
  'nobody-no-followers',
  'nobody-filtered',
  'nobody-none-sent',
  /** Of the uncounted: an event came, and its counts cannot be read. */
  'unreadable',
  'implausible',
  'unverified',
  'disputed',
  /** Refused because the list of its OpenIDs is gone. */
  'audience-gone',
  /** May have been received twice. */
  'twice',
  'total',
  'eligible',
  'sent',
  'failed',
] as const;
export type TallyField = (typeof TALLY_FIELDS)[number];

/** `version` is kept with the counts, and grows with each change that matters to an operator. */
export type Tally = Readonly<Record<TallyField | 'version', number>>;

export const EMPTY_TALLY = Object.fromEntries(
  [...TALLY_FIELDS, 'version'].map((field) => [field, 0]),
) as Tally;

/** What one batch adds to its campaign's tally. */
export function tallyOf(batch: Batch): Partial<Record<TallyField, number>> {
  const twice = batch.twice ? { twice: 1 } : {};
  if (batch.state === 'refused' && batch.failure.code === 'audience-gone') {
    return { refused: 1, 'audience-gone': 1, ...twice };
  }
  if (batch.state !== 'settled') return { [batch.state]: 1, ...twice };
  const { receipt } = batch;
  return {
    settled: 1,
    ...twice,
    [`receipt-${receipt.status}`]: 1,
    uncounted: receipt.sent === null ? 1 : 0,
    ...(receipt.status === 'delivered' && receipt.sent === 0
      ? { [`nobody-${whyNobody(receipt)}`]: 1 }
      : {}),
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
export function tallyChange(before: Batch | null, after: Batch): [keyof Tally, number][] {
  const minus = before ? tallyOf(before) : {};
  const plus = tallyOf(after);
  const counts = TALLY_FIELDS.map((field): [keyof Tally, number] => [
    field,
    (plus[field] ?? 0) - (minus[field] ?? 0),
  ]);
  const version: [keyof Tally, number] = ['version', isDecisive(before, after) ? 1 : 0];
  return [...counts, version].filter(([, by]) => by !== 0);
}

/** What an operator sees when deciding: what is held or given up, and what is submitted again. */
function isDecisive(before: Batch | null, after: Batch): boolean {
  if (before === null) return true;
  if (before.state === after.state) return false;
  return [before, after].some(isUnknown) || before.state === 'refused';
}

export const batchTotal = (tally: Tally): number =>
  BATCH_STATES.reduce((sum, state) => sum + tally[state], 0);

export const openBatches = (tally: Tally): number =>
  tally.pending + tally.submitting + tally.submitted + tally.held;

/** The campaign's receipt: sums of what WeChat counted; null where it counted nothing at all. */
export function receiptTotals(
  tally: Tally,
): Pick<Receipt, 'total' | 'eligible' | 'sent' | 'failed'> {
  const counted = tally.settled - tally.uncounted;
  if (counted === 0) return { total: null, eligible: null, sent: null, failed: null };
  return { total: tally.total, eligible: tally.eligible, sent: tally.sent, failed: tally.failed };
}
