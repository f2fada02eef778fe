/** Audit entries are written in the same step as what they tell of. */
import type { AuditEntry } from '../campaign/audit.ts';
import type { Command } from './commit.ts';
import type { Keys } from './keys.ts';

export const auditCommand = (keys: Keys, id: string, entry: AuditEntry): Command => [
  'RPUSH',
  keys.audit(id),
  JSON.stringify(entry),
];
