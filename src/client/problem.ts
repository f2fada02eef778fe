import type { QunfaFacts } from './qunfa-error.ts';

/** The shape of every "no" of the API (RFC 9457), as far as programs read it. */
export type Problem = Omit<QunfaFacts, 'status'>;

export function isProblem(value: unknown): value is Problem {
  const { code, detail } = Object(value) as Record<string, unknown>;
  return typeof code === 'string' && typeof detail === 'string';
}
