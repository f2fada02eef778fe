/** What an operator looks at over all campaigns and accounts. */
import type { AttentionItem, AttentionPage, AttentionQuery } from '../shared/contract/attention.ts';
import type { AuditLogQuery, LoggedAct } from '../shared/contract/campaigns.ts';
import type { Answered } from '../shared/contract/shapes.ts';
import type { Transport } from './transport.ts';

/** Of this account, or of this kind only; `limit` is of a page. */
export type AttentionOptions = Partial<Omit<Answered<typeof AttentionQuery>, 'cursor'>>;
/** Days of Beijing (`2026-12-01`); 30 days back if `from` is absent. `limit` is of a page. */
export type AuditOptions = Partial<Omit<Answered<typeof AuditLogQuery>, 'cursor'>>;

export function makeOverview({ get, pages }: Transport) {
  return {
    /** What needs an operator, worst first. */
    attention: {
      /** How many of each kind, without the items. */
      async counts(query: Omit<AttentionOptions, 'limit'> = {}): Promise<AttentionPage['counts']> {
        const page = await get<AttentionPage>('/v1/attention', { query: { ...query, limit: 1 } });
        return page.counts;
      },
      list: (query: AttentionOptions = {}) =>
        pages<AttentionItem>('/v1/attention', 'items', { query }),
    },
    /** Who did what, newest first; one campaign's is `campaigns.audit`. */
    audit: (query: AuditOptions = {}) => pages<LoggedAct>('/v1/audit', 'audit', { query }),
  };
}
