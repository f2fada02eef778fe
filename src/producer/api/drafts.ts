/** Campaigns that are still being written, over HTTP: each caller keeps and sees its own. */
import { rfc3339 } from '../../shared/campaign/campaign.ts';
import {
  DraftId,
  DraftList,
  DraftRequest,
  KeptDraft,
  RemovedDraft,
} from '../../shared/contract/drafts.ts';
import { refuse } from '../../shared/contract/problem.ts';
import type { AccountConfig } from '../../shared/platform/accounts.ts';
import type { Rights } from '../../shared/platform/people.ts';
import type { Composed, ComposedBody, ComposedStore } from '../../shared/record/composed-store.ts';
import { allowedTo, refusalOf, visibleTo } from '../http/caller.ts';
import { type Route, route } from '../http/route.ts';
import { noSuchAccount } from './accounts.ts';

interface Dependencies {
  readonly composed: ComposedStore;
  readonly accounts: () => readonly AccountConfig[];
}

/** Fifty of each caller are kept in memory; what is longer is in the library, or a list. */
const MAX_BYTES = 256 * 1024;

const common = { permission: 'send', tag: 'Campaigns' } as const;
const params = { id: { schema: DraftId, otherwise: { code: 'draft-not-found' } } } as const;
const problems = {
  404: 'No such account, or the caller keeps no such draft',
  413: 'Over 256 KiB',
  403: 'Its account is not among the caller’s rights',
};

export function makeDraftsRoutes({ composed, accounts }: Dependencies): Route[] {
  /** Null where this caller may keep a draft for this account. */
  function whyNot(body: ComposedBody, rights: Rights) {
    const { account } = body;
    const bytes = Buffer.byteLength(JSON.stringify(body));
    if (bytes > MAX_BYTES) return refuse({ code: 'body-too-large', bytes, maxBytes: MAX_BYTES });
    const notAllowed = refusalOf(rights, 'send', account);
    if (notAllowed) return refuse(notAllowed);
    const visible = visibleTo(rights, accounts());
    return visible.some(({ name }) => name === account) ? null : refuse(noSuchAccount(visible));
  }

  /** Whose account the caller may no longer see is hidden, too. */
  async function ownDraft(by: string, id: string, rights: Rights): Promise<Composed | null> {
    const found = await composed.read(by, id);
    return found && allowedTo(rights)(found.body.account) ? found : null;
  }

  return [
    route(
      {
        ...common,
        method: 'get',
        path: '/v1/drafts',
        operationId: 'listOwnDrafts',
        summary: 'List the campaigns that the caller is still writing',
        answers: { 200: DraftList },
      },
      async ({ by, rights }) => {
        const own = await composed.list(by);
        return {
          drafts: own.filter(({ body }) => allowedTo(rights)(body.account)).map(shown),
        };
      },
    ),

    route(
      {
        ...common,
        method: 'post',
        path: '/v1/drafts',
        operationId: 'beginDraft',
        summary: 'Keep a campaign that is not whole yet',
        body: { schema: DraftRequest },
        answers: { 201: KeptDraft },
        problems,
      },
      async ({ by, body, rights, res }) => {
        const wrong = whyNot(body, rights);
        if (wrong) return wrong;
        const id = await composed.begin(by, body);
        res.location(`/v1/drafts/${id}`);
        return asKept(await composed.read(by, id));
      },
    ),

    route(
      {
        ...common,
        method: 'get',
        path: '/v1/drafts/:id',
        operationId: 'getOwnDraft',
        summary: 'Read a campaign that the caller is still writing',
        params,
        answers: { 200: KeptDraft },
      },
      async ({ by, params: { id }, rights }) => asKept(await ownDraft(by, id, rights)),
    ),

    route(
      {
        ...common,
        method: 'put',
        path: '/v1/drafts/:id',
        operationId: 'saveDraft',
        summary: 'Replace what a draft says',
        description: 'What was sent already stays as it was: a copy of it begins as another draft.',
        params,
        body: { schema: DraftRequest },
        answers: { 200: KeptDraft },
        problems: { ...problems, 409: 'It was sent' },
      },
      async ({ by, params: { id }, body, rights }) => {
        const found = await ownDraft(by, id, rights);
        if (!found) return NO_DRAFT;
        const { campaignId } = found;
        if (campaignId !== undefined) return refuse({ code: 'draft-sent', campaignId });
        const wrong = whyNot(body, rights);
        if (wrong) return wrong;
        await composed.save(by, { id, body });
        return asKept(await composed.read(by, id));
      },
    ),

    route(
      {
        ...common,
        method: 'delete',
        path: '/v1/drafts/:id',
        operationId: 'removeDraft',
        summary: 'Delete a draft',
        description: 'The campaign that it has become, if any, is not touched. May be repeated.',
        params,
        answers: { 200: RemovedDraft },
      },
      async ({ by, params: { id } }) => {
        await composed.remove(by, id);
        return { id };
      },
    ),
  ];
}

const NO_DRAFT = refuse({ code: 'draft-not-found' });

const asKept = (found: Composed | null) => (found ? shown(found) : NO_DRAFT);

const shown = ({ id, changedAt, campaignId, body }: Composed) => ({
  id,
  changedAt: rfc3339(changedAt),
  ...(campaignId === undefined ? {} : { campaignId }),
  body,
});
