/** Lists of OpenIDs over HTTP, streamed in: never whole in memory, and whole or not at all. */
import type { Request, Response } from 'express';
import { z } from 'zod';
import { rfc3339 } from '../../shared/campaign/campaign.ts';
import {
  AUDIENCE_ID,
  AudienceDetails,
  AudienceListQuery,
  AudiencePage,
  AudienceUploadQuery,
} from '../../shared/contract/audiences.ts';
import { refuse } from '../../shared/contract/problem.ts';
import type { AudienceFormat } from '../../shared/openids/read-ids.ts';
import type { AccountConfig } from '../../shared/platform/accounts.ts';
import type { Ingested } from '../../shared/record/audience-intake.ts';
import type { AudienceList } from '../../shared/record/audience-list.ts';
import type { AudienceStore } from '../../shared/record/audience-store.ts';
import type { CampaignStore } from '../../shared/record/campaign-store.ts';
import { accountRefusalOf, allowedTo } from '../http/caller.ts';
import { Stopping } from '../http/faults.ts';
import { type Route, route } from '../http/route.ts';
import { noCursor } from './media.ts';

interface Dependencies {
  readonly audiences: Pick<AudienceStore, 'ingest' | 'describe' | 'list' | 'remove'>;
  readonly campaigns: Pick<CampaignStore, 'userOf'>;
  readonly accounts: () => readonly Pick<AccountConfig, 'name'>[];
  readonly stopping: AbortSignal;
  readonly now: () => number;
}

/** A list on its way in, through this process: what a person sees of it while it runs. */
interface Upload {
  readonly account: string | undefined;
  readonly name: string | null;
  readonly since: number;
  received: number;
  invalid: number;
}

const tag = 'Audiences';

export function makeAudiencesRoutes(deps: Dependencies): Route[] {
  const { audiences, campaigns, accounts, stopping, now } = deps;
  const receiving = new Set<Upload>();

  return [
    route(
      {
        method: 'post',
        path: '/v1/audiences',
        operationId: 'uploadAudience',
        permission: 'send',
        tag,
        summary: 'Stream a list of OpenIDs in',
        description:
          'Of any size, gzip or not. Malformed ids and duplicates are counted and dropped. A list is whole or not there at all.',
        query: AudienceUploadQuery,
        body: {
          raw: {
            'text/plain': 'An OpenID a line',
            'text/csv': 'With a header; `column` names the OpenID’s',
            'application/x-ndjson': 'A string, or an object with the field `column`, a line',
            'application/json': 'An array of those, or what WeChat’s user/get answers',
          },
        },
        answers: { 201: AudienceDetails },
        problems: {
          415: 'Neither text, CSV, NDJSON nor JSON, or compressed otherwise than by gzip',
          422: 'It is empty, cannot be read, or most of it is no OpenID; nothing was kept',
        },
      },
      async ({ query, rights, req, res }) => {
        const { format = formatOf(req), ...options } = query;
        const { account, name = null } = options;
        const encoding = req.headers['content-encoding'] ?? 'identity';
        if (!PACKINGS.includes(encoding.toLowerCase())) return BAD_PACKING;
        if (format === null) return NO_FORMAT;
        const notAllowed = accountRefusalOf(rights, { account }, accounts());
        if (notAllowed) return refuse(notAllowed);
        if (account !== undefined && !accounts().some((known) => known.name === account)) {
          return NO_ACCOUNT;
        }
        const upload: Upload = { account, name, since: now(), received: 0, invalid: 0 };
        receiving.add(upload);
        const list = await audiences
          .ingest(req, {
            ...options,
            format,
            signal: dropSignal(res, stopping),
            onProgress: ({ received, invalid }) => Object.assign(upload, { received, invalid }),
          })
          .finally(() => receiving.delete(upload));
        if ('refused' in list) return refuse({ code: 'audience-unreadable', flaw: list.refused });
        res.location(`/v1/audiences/${list.id}`);
        return audienceView(list);
      },
    ),

    route(
      {
        method: 'get',
        path: '/v1/audiences',
        operationId: 'listAudiences',
        permission: 'read',
        tag,
        summary: 'List audiences, newest first',
        query: AudienceListQuery,
        answers: { 200: AudiencePage },
      },
      async ({ query, rights }) => {
        const isAllowed = allowedTo(rights);
        const isVisible = ({ account }: { readonly account?: string | undefined }): boolean =>
          account === undefined || isAllowed(account);
        if (query.cursor !== undefined && !CURSOR.test(query.cursor)) return noCursor;
        const page = await audiences.list(query);
        return {
          audiences: page.lists.filter(isVisible).map(audienceView),
          receiving: [...receiving].filter(isVisible).map(({ account: _, ...one }) => ({
            ...one,
            since: rfc3339(one.since),
          })),
          next: page.cursor ?? null,
        };
      },
    ),

    route(
      {
        method: 'get',
        path: '/v1/audiences/:id',
        operationId: 'getAudience',
        permission: 'read',
        tag,
        summary: 'See an audience',
        params,
        answers: { 200: AudienceDetails },
      },
      async ({ params: { id } }) => {
        const list = await audiences.describe(id);
        return list ? audienceView(list) : NO_AUDIENCE;
      },
    ),

    route(
      {
        method: 'delete',
        path: '/v1/audiences/:id',
        operationId: 'removeAudience',
        permission: 'send',
        tag,
        summary: 'Remove an audience',
        params,
        answers: { 204: { description: 'Removed' } },
        problems: {
          403: 'It is for every account, and the caller’s rights are for some',
          409: 'An open campaign sends to it',
        },
      },
      async ({ params: { id }, rights }) => {
        const list = rights.accounts === null ? null : await audiences.describe(id);
        if (list && list.account === undefined) return refuse({ code: 'audience-of-all' });
        const campaignId = await campaigns.userOf(id);
        if (campaignId !== null) return refuse({ code: 'audience-in-use', campaignId });
        return (await audiences.remove(id)) ? undefined : NO_AUDIENCE;
      },
    ),
  ];
}

const audienceView = ({ fingerprint: _, ...list }: AudienceList | Ingested) => ({
  ...list,
  createdAt: rfc3339(list.createdAt),
});

/**
 * Whoever sends the list has gone, or we stop: what came of it is dropped.
 *
 * Not AbortSignal.any: on Node 20 it leaves a listener behind at a signal that outlives the upload.
 */
function dropSignal(res: Response, stopping: AbortSignal): AbortSignal {
  const drop = new AbortController();
  const stop = (): void => drop.abort(new Stopping());
  if (stopping.aborted) stop();
  stopping.addEventListener('abort', stop, { once: true });
  res.once('close', () => {
    stopping.removeEventListener('abort', stop);
    if (!res.writableFinished) drop.abort(new SenderGone());
  });
  return drop.signal;
}

class SenderGone extends Error {
  override name = 'SenderGone';
  readonly type = 'request.aborted';
}

const TYPES: Readonly<Record<string, AudienceFormat>> = {
  'text/plain': 'text',
  'text/csv': 'csv',
  'application/csv': 'csv',
  'application/x-ndjson': 'ndjson',
  'application/ndjson': 'ndjson',
  'application/jsonl': 'ndjson',
  'application/json': 'json',
};

function formatOf(req: Request): AudienceFormat | null {
  const type = (req.headers['content-type'] ?? 'text/plain').split(';')[0] ?? '';
  return TYPES[type.trim().toLowerCase()] ?? null;
}

/** Of this list: its age and its id. */
const CURSOR = /^\d{15}:a_[A-Za-z0-9_-]{22}$/;

/** gzip is told by its first bytes, whether it is announced or not. */
const PACKINGS = ['identity', 'gzip', 'x-gzip'];

const BAD_PACKING = refuse({ code: 'content-encoding-unsupported', accepted: ['gzip'] });
const NO_FORMAT = refuse({
  code: 'content-type-unsupported',
  accepted: [
    'text/plain',
    'text/csv',
    'application/x-ndjson',
    'application/json',
    '?format=text|csv|ndjson|json',
  ],
});
export const NO_ACCOUNT = refuse({
  code: 'invalid-query',
  errors: [{ code: 'account-unknown', path: 'account', names: [] }],
});
const NO_AUDIENCE = refuse({ code: 'audience-not-found' });
const params = {
  id: { schema: z.string().regex(AUDIENCE_ID), otherwise: NO_AUDIENCE.refused },
} as const;
