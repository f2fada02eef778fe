import type { Mistake } from '../campaign/mistake.ts';
import { type Refused, refuse } from '../contract/problem.ts';

/** Mistakes that are named in the answer's own code where they are the only one. */
const OWN_CODES = ['foreign-picture', 'message-type-unknown'] as const;

/** All that is wrong with one request. */
export function invalid(errors: readonly Mistake[]): Refused {
  const [first, ...more] = errors;
  const own = more.length === 0 ? OWN_CODES.find((code) => code === first?.code) : undefined;
  return refuse({ code: own ?? 'invalid-campaign', errors });
}
