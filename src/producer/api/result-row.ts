/** One batch as a line of CSV (RFC 4180). Unknown is empty, never 0. */
import type { BatchDetails } from '../../shared/contract/batches.ts';

type Cell = (batch: BatchDetails) => string | number | null | undefined;

const COLUMNS: Readonly<Record<string, Cell>> = {
  batch: ({ no }) => no,
  state: ({ state }) => state,
  size: ({ size }) => size,
  clientMsgId: ({ clientMsgId }) => clientMsgId,
  msgId: ({ msgId }) => msgId,
  attempts: ({ attempts }) => attempts,
  submittedAt: ({ submittedAt }) => submittedAt,
  settledAt: ({ settledAt }) => settledAt,
  status: ({ receipt }) => receipt?.status,
  code: ({ receipt }) => receipt?.code,
  meaning: ({ receipt }) => receipt?.meaning,
  total: ({ receipt }) => receipt?.total,
  eligible: ({ receipt }) => receipt?.eligible,
  sent: ({ receipt }) => receipt?.sent,
  failed: ({ receipt }) => receipt?.failed,
  errcode: ({ errcode }) => errcode,
  reason: ({ reason, error }) => reason ?? error?.code,
  message: ({ message, error }) => message ?? error?.message,
};

export const RESULT_HEADER = `${Object.keys(COLUMNS).join(',')}\r\n`;

export const resultRow = (batch: BatchDetails): string =>
  csvRow(Object.values(COLUMNS).map((cell) => cell(batch)));

/** A line of CSV (RFC 4180). */
export const csvRow = (cells: readonly (string | number | null | undefined)[]): string =>
  `${cells.map(cellText).join(',')}\r\n`;

/** A spreadsheet runs what begins like a formula, so text from outside gets a ' before it. */
function cellText(value: string | number | null | undefined): string {
  if (value === null || value === undefined) return '';
  const text = typeof value === 'string' ? value.replace(/^[=+\-@\t\r]/, "'$&") : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
