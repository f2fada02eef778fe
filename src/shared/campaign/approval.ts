/** Which campaigns wait for a second person, by their account's policy. */
import type { Audience } from './audience.ts';

export type ApprovalPolicy = 'always' | 'everyone' | 'never';

/** A key and an operator of one name are one person, who must not approve what they submitted. */
export const isSamePerson = (one: string, other: string): boolean =>
  personOf(one) === personOf(other);

const personOf = (by: string): string => by.replace(/^board:/, '');

/** `everyone`: what goes to all followers, by whichever way; not those with one tag. */
export function needsApproval(policy: ApprovalPolicy, audience: Audience): boolean {
  if (policy !== 'everyone') return policy === 'always';
  if (audience.type === 'followers') return audience.tagId === undefined;
  return audience.type === 'everyone';
}
