/**
 * When a submission with an unknown outcome is asked about again, with the same key: after 1, 2,
 * 5, 15, 30 and from then on 55 units. WeChat refuses a key within a minute of its last use, so
 * the unit is 65 s; a repeat burns quota, so the steps grow.
 */
import { HOUR } from '../platform/time.ts';
import type { Batch } from './batch.ts';

const STEPS = [1, 2, 5, 15, 30];
const LAST_STEP = 55;

/** WeChat remembers a key for 24 hours; an hour is kept as margin. */
const KEY_LIFE_MS = 23 * HOUR;

/** @param asked how many calls may have been accepted so far, the last one included. */
export const repeatDelayMs = (asked: number, unitMs: number): number =>
  (STEPS[asked - 1] ?? LAST_STEP) * unitMs;

/** Until when a repeat with the same key is safe and wanted. */
export const repeatDeadline = (firstAttemptAt: number, notAfter: number): number =>
  Math.min(firstAttemptAt + KEY_LIFE_MS, notAfter);

/** After this no call may be made for the batch, first or repeated. */
export const callableUntil = (batch: Batch, notAfter: number): number =>
  batch.state === 'submitting' ? repeatDeadline(batch.firstAttemptAt, notAfter) : notAfter;
