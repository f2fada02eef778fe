/** Which campaigns wait for a second person, by their account's policy. */
import { type Audience, isEveryone } from './audience.ts';

export type ApprovalPolicy = 'always' | 'everyone' | 'never';

/** A key and an operator of one name are one person, who must not approve what they submitted. */
export const isSamePerson = (one: string, other: string): boolean =>
  personOf(one) === personOf(other);

const personOf = (by: string): string => by.replace(/^board:/, '');

export const needsApproval = (policy: ApprovalPolicy, audience: Audience): boolean =>
  policy === 'always' || (policy === 'everyone' && isEveryone(audience));
