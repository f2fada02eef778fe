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
import {
  type LoggedAct as Act,
  type AuditLog,
  LOG_KEPT,
  type LogPlace,
  type LogQuery,
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
/** Entries for one page, which ends there and has a next one, however few of them are meant. */
const MOST_LOOKED = 2_000;
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
        'What people and other systems did; what the system and WeChat did stands in the audit of the campaign. Kept for 400 days. A call looks at a limited number of entries: where few of them fit, a page is short, or empty, and has a `next` all the same.',
      query: AuditLogQuery,
      answers: { 200: AuditLogPage },
    },
    async ({ query, rights, language }) => {
      const isMeant = isMeantBy(query, allowedTo(rights));
      const audit: LoggedAct[] = [];
      let last: LogPlace | undefined;
      let looks = 0;
      for await (const { act, place } of auditLog.read(
        daysOf(query, now()),
        placeOf(query.cursor),
      )) {
        const isShown = isMeant(act);
        const isFull = (isShown && audit.length === query.limit) || looks === MOST_LOOKED;
        if (isFull && last) return { audit, next: cursorOf(last) };
        looks += 1;
        if (isShown) audit.push(shown(act, language));
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
      const isMeant = isMeantBy(query, allowedTo(rights));
      for await (const { act } of auditLog.read(daysOf(query, now()))) {
        if (res.destroyed) break;
        if (!isMeant(act)) continue;
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

type Filters = z.output<typeof AuditLogFileQuery>;

/** No day before the first that is kept, and none that has not come: each costs a look. */
function daysOf({ from, until }: Filters, now: number): LogQuery {
  const [first, today] = [beijingDay(now - LOG_KEPT), beijingDay(now)];
  const asked = from ?? beijingDay(now - LOOKS_BACK);
  return {
    from: asked < first ? first : asked,
    until: until !== undefined && until < today ? until : today,
  };
}

const isMeantBy =
  ({ account, by, action }: Filters, isAllowed: (account: string) => boolean) =>
  (act: Act): boolean =>
    isAllowed(act.account) &&
    (account === undefined || act.account === account) &&
    (by === undefined || act.by === by || act.by === PERSON + by) &&
    (action === undefined || act.action === action);

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
