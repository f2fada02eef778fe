/** Commands of several stores' commits. */
import type { AuditEntry } from '../campaign/audit.ts';
import type { Campaign, Control } from '../campaign/campaign.ts';
import type { Command } from './commit.ts';
import type { Keys } from './keys.ts';

/** Audit entries are written in the same step as what they report. */
export const auditCommand = (keys: Keys, id: string, entry: AuditEntry): Command => [
  'RPUSH',
  keys.audit(id),
  JSON.stringify(entry),
];

/** Sets the life of everything that is kept as long as the campaign is. */
export const keepCampaign = (
  keys: Keys,
  { id, idempotency }: { readonly id: string; readonly idempotency: string },
  ...[command, ...life]: readonly ['PERSIST'] | readonly ['PEXPIRE', number]
): Command[] =>
  [
    keys.campaign(id),
    keys.batches(id),
    keys.tally(id),
    keys.audit(id),
    ...(idempotency ? [idempotency] : []),
  ].map((key) => [command, key, ...life]);

/** The lists of OpenIDs that a campaign refers to, apart from those that single batches leave out. */
export function listsOf({ audience, exclude = [] }: Campaign, { listId }: Control): string[] {
  const own = audience.type === 'list' ? audience.listId : listId;
  return [...(own === undefined ? [] : [own]), ...exclude];
}

/** `SADD`: the campaign refers to these lists while it is open; `SREM`: it does no longer. */
export const usersCommands = (
  keys: Keys,
  command: 'SADD' | 'SREM',
  id: string,
  lists: readonly (string | undefined)[],
): Command[] =>
  lists.flatMap((list) => (list === undefined ? [] : [[command, keys.audienceUsers(list), id]]));
