/** Lists of OpenIDs over HTTP, streamed in: never whole in memory, and whole or not at all. */
import express, { type Request, type Response, type Router } from 'express';
import { isWholesale } from '../../shared/campaign/audience.ts';
import { rfc3339 } from '../../shared/campaign/campaign.ts';
import {
  AUDIENCE_ID,
  AudienceListQuery,
  AudienceUploadQuery,
} from '../../shared/contract/audience-query.ts';
import { type Problem, refuse } from '../../shared/contract/problem.ts';
import type { AudienceFormat } from '../../shared/openids/read-ids.ts';
import type { AccountConfig } from '../../shared/platform/accounts.ts';
import type { Ingested } from '../../shared/record/audience-intake.ts';
import type { AudienceList } from '../../shared/record/audience-record.ts';
import type { AudienceStore } from '../../shared/record/audience-store.ts';
import type { BatchStore } from '../../shared/record/batch-store.ts';
import type { CampaignStore } from '../../shared/record/campaign-store.ts';
import { Stopping } from '../http/faults.ts';
import { parseQuery } from '../http/parse-input.ts';
import { sendRefusal } from '../http/problem.ts';
import { noCursor } from './media.ts';

interface Dependencies {
  readonly audiences: Pick<AudienceStore, 'ingest' | 'describe' | 'list' | 'remove'>;
  readonly campaigns: Pick<CampaignStore, 'open' | 'read'>;
  readonly batches: Pick<BatchStore, 'all'>;
  readonly accounts: () => readonly Pick<AccountConfig, 'name'>[];
  readonly stopping: AbortSignal;
  readonly now: () => number;
}

/** A list on its way in, through this process: what a person sees of it while it runs. */
interface Upload {
  readonly name: string | null;
  readonly since: number;
  received: number;
  invalid: number;
}

export function makeAudiencesRoutes(deps: Dependencies): Router {
  const { audiences, campaigns, batches, accounts, stopping, now } = deps;
  const receiving = new Set<Upload>();
  const router = express.Router();

  router.post('/v1/audiences', async (req, res) => {
    const asked = uploadOf(req);
    if ('refused' in asked) return sendRefusal(res, asked.refused);
    const upload: Upload = {
      name: asked.options.name ?? null,
      since: now(),
      received: 0,
      invalid: 0,
    };
    receiving.add(upload);
    const list = await audiences
      .ingest(req, {
        ...asked.options,
        signal: dropSignal(res, stopping),
        onProgress: ({ received, invalid }) => Object.assign(upload, { received, invalid }),
      })
      .finally(() => receiving.delete(upload));
    if ('refused' in list) {
      return sendRefusal(res, { code: 'audience-unreadable', why: list.refused });
    }
    res.status(201).location(`/v1/audiences/${list.id}`).json(audienceView(list));
  });

  router.get('/v1/audiences', async (req, res) => {
    const query = parseQuery(req, AudienceListQuery);
    if ('refused' in query) return sendRefusal(res, query.refused);
    const { cursor, limit } = query.value;
    if (cursor !== undefined && !CURSOR.test(cursor)) return sendRefusal(res, noCursor);
    const page = await audiences.list({ limit, ...(cursor === undefined ? {} : { cursor }) });
    res.json({
      audiences: page.lists.map(audienceView),
      receiving: [...receiving].map((one) => ({ ...one, since: rfc3339(one.since) })),
      next: page.cursor ?? null,
    });
  });

  router.get('/v1/audiences/:id', async (req, res) => {
    const { id } = req.params;
    const list = AUDIENCE_ID.test(id) ? await audiences.describe(id) : null;
    if (list) res.json(audienceView(list));
    else sendRefusal(res, NO_AUDIENCE);
  });

  router.delete('/v1/audiences/:id', async (req, res) => {
    const { id } = req.params;
    if (!AUDIENCE_ID.test(id)) return sendRefusal(res, NO_AUDIENCE);
    const campaignId = await openCampaignOf(id);
    if (campaignId !== null) {
      return sendRefusal(res, { code: 'audience-in-use', campaignId });
    }
    if (await audiences.remove(id)) res.status(204).end();
    else sendRefusal(res, NO_AUDIENCE);
  });

  function uploadOf(req: Request) {
    const query = parseQuery(req, AudienceUploadQuery);
    if ('refused' in query) return query;
    const { format = formatOf(req), account, column, name, exclude } = query.value;
    const encoding = req.headers['content-encoding'] ?? 'identity';
    if (!PACKINGS.includes(encoding.toLowerCase())) return BAD_PACKING;
    if (format === null) return NO_FORMAT;
    if (account !== undefined && !accounts().some((known) => known.name === account)) {
      return NO_ACCOUNT;
    }
    return {
      options: {
        format,
        ...(account === undefined ? {} : { account }),
        ...(column === undefined ? {} : { column }),
        ...(name === undefined ? {} : { name }),
        ...(exclude === undefined ? {} : { exclude }),
      },
    };
  }

  /** A campaign refers to its lists and never copies them. */
  async function openCampaignOf(listId: string): Promise<string | null> {
    for (const id of await campaigns.open()) {
      const { campaign, control } = (await campaigns.read(id)) ?? {};
      if (!campaign || isWholesale(campaign.audience)) continue;
      const own = campaign.audience.type === 'list' ? campaign.audience.listId : control?.listId;
      if (own === listId || campaign.exclude?.includes(listId)) return id;
      if ((await batches.all(id)).some(({ without }) => without?.includes(listId))) return id;
    }
    return null;
  }

  return router;
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
  errors: [{ path: 'account', message: 'no such account; GET /v1/accounts names them' }],
});
const NO_AUDIENCE: Problem = { code: 'audience-not-found' };
