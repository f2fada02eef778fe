/** One batch as a line of CSV. */
import type { BatchDetails } from '../../shared/contract/batches.ts';
import { type Cell, csvLine } from '../http/csv.ts';

const COLUMNS: Readonly<Record<string, (batch: BatchDetails) => Cell>> = {
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

export const RESULT_HEADER = csvLine(Object.keys(COLUMNS));

export const resultRow = (batch: BatchDetails): string =>
  csvLine(Object.values(COLUMNS).map((cell) => cell(batch)));
