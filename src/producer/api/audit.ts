/** Who did what, over all campaigns and accounts: as a list, and as a file. */
import { once } from 'node:events';
import type { z } from 'zod';
import { auditWords } from '../../shared/campaign/audit.ts';
import { rfc3339 } from '../../shared/campaign/campaign.ts';
import { beijingDay } from '../../shared/campaign/quota-window.ts';
import {
  AuditLogFileQuery,
  AuditLogPage,
  AuditLogQuery,
  type LoggedAct,
} from '../../shared/contract/campaigns.ts';
import type { Language } from '../../shared/platform/sentences.ts';
import { DAY } from '../../shared/platform/time.ts';
import type {
  LoggedAct as Act,
  AuditLog,
  LogPlace,
  LogQuery,
} from '../../shared/record/audit-log.ts';
import { allowedTo } from '../http/caller.ts';
import { BOM, csvLine } from '../http/csv.ts';
import { type Route, route } from '../http/route.ts';

interface Dependencies {
  readonly auditLog: Pick<AuditLog, 'read'>;
  readonly now: () => number;
}

const tag = 'Service';
const LOOKS_BACK = 30 * DAY;
const COLUMNS = [
  ...(['at', 'person', 'key', 'account', 'campaignId', 'batch', 'action', 'message'] as const),
  'note',
] as const;

export const makeAuditRoutes = ({ auditLog, now }: Dependencies): Route[] => [
  route(
    {
      method: 'get',
      path: '/v1/audit',
      operationId: 'listAuditLog',
      permission: 'read',
      tag,
      summary: 'See who did what, over all campaigns and accounts',
      description:
        'What people and other systems did; what the system and WeChat did stands in the audit of the campaign. Kept for 400 days.',
      query: AuditLogQuery,
      answers: { 200: AuditLogPage },
    },
    async ({ query, rights, language }) => {
      const audit: LoggedAct[] = [];
      let last: LogPlace | undefined;
      for await (const { act, place } of auditLog.read(
        wanted(query, allowedTo(rights), now()),
        placeOf(query.cursor),
      )) {
        if (audit.length === query.limit && last) return { audit, next: cursorOf(last) };
        audit.push(shown(act, language));
        last = place;
      }
      return { audit, next: null };
    },
  ),

  route(
    {
      method: 'get',
      path: '/v1/audit.csv',
      operationId: 'getAuditFile',
      permission: 'read',
      tag,
      summary: 'Download who did what as CSV',
      query: AuditLogFileQuery,
      answers: { 200: { description: 'CSV with a header, UTF-8 with BOM', type: 'text/csv' } },
    },
    async ({ query, rights, language, res }) => {
      res.set({
        'content-type': 'text/csv; charset=utf-8; header=present',
        'content-disposition': 'attachment; filename="audit.csv"',
      });
      res.write(BOM + csvLine(COLUMNS));
      for await (const { act } of auditLog.read(wanted(query, allowedTo(rights), now()))) {
        if (res.destroyed) break;
        const line = shown(act, language);
        if (!res.write(csvLine(COLUMNS.map((column) => line[column])))) {
          await Promise.race([once(res, 'drain'), once(res, 'close')]);
        }
      }
      res.end();
      return undefined;
    },
  ),
];

function wanted(
  query: z.output<typeof AuditLogFileQuery>,
  isAllowed: (account: string) => boolean,
  now: number,
): LogQuery {
  const { account, by, action } = query;
  return {
    from: query.from ?? beijingDay(now - LOOKS_BACK),
    until: query.until ?? beijingDay(now),
    isMeant: (act) =>
      isAllowed(act.account) &&
      (account === undefined || act.account === account) &&
      (by === undefined || act.by === by || act.by === PERSON + by) &&
      (action === undefined || act.action === action),
  };
}

/** What stands before an operator's name; the rest are API keys. */
const PERSON = 'board:';

function shown({ at, ...act }: Act, language: Language): LoggedAct {
  const who = act.by.startsWith(PERSON) ? { person: act.by.slice(PERSON.length) } : { key: act.by };
  return { ...act, at: rfc3339(at), ...who, message: auditWords(act, language) };
}

const cursorOf = ({ day, before }: LogPlace): string => [day, ...before].join('.');

function placeOf(cursor: string | undefined): LogPlace | undefined {
  if (!/^\d{4}-\d{2}-\d{2}(?:\.\d{1,12})+$/.test(cursor ?? '')) return undefined;
  const [day = '', ...before] = (cursor ?? '').split('.');
  return { day, before: before.map(Number) };
}
