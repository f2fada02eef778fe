/** Who did what to a campaign, and when. */
import type { Command } from './commit.ts';
import type { Keys } from './keys.ts';

export interface AuditEntry {
  readonly at: number;
  readonly by: string;
  readonly action: string;
  readonly note?: string;
  readonly batch?: number;
  readonly msgId?: string;
  readonly clientMsgId?: string;
}

/** Written in the same step as what it tells of. */
export const auditCommand = (keys: Keys, id: string, entry: AuditEntry): Command => [
  'RPUSH',
  keys.audit(id),
  JSON.stringify(entry),
];
