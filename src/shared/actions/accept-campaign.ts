/**
 * From a request to an accepted campaign: by HTTP, by the command line, or as an `accept-campaign`
 * job that another service put into Redis. Every mistake is told at once, and nothing is kept of a
 * request that is refused.
 */
import { hash } from 'node:crypto';
import { setImmediate as breath } from 'node:timers/promises';
import { needsApproval } from '../campaign/approval.ts';
import { type Campaign, type Control, NEW_CONTROL } from '../campaign/campaign.ts';
import { acceptedAt } from '../campaign/campaign-id.ts';
import { isPage } from '../campaign/message.ts';
import { EMPTY_TALLY } from '../campaign/progress.ts';
import { CampaignRequest } from '../contract/campaign-request.ts';
import { type CampaignView, viewOf } from '../contract/campaign-view.ts';
import { type Refused, refuse } from '../contract/problem.ts';
import type { FetchPicture } from '../delivery/fetch-picture.ts';
import { fingerprintOf } from '../openids/fingerprint.ts';
import type { AccountConfig } from '../platform/accounts.ts';
import type { IdentityOf } from '../platform/identity.ts';
import { traceparent } from '../platform/tracing.ts';
import type { EnqueueRoot, NewRoots } from '../queue/enqueue-root.ts';
import type { Claimed } from '../record/accept-campaign.ts';
import type { AudienceStore } from '../record/audience-store.ts';
import type { CampaignStore } from '../record/campaign-store.ts';
import type { LaneStore } from '../record/lane-store.ts';
import type { MediaStore } from '../record/media-store.ts';
import { accountFor } from './account-for.ts';
import { asWritten } from './check-message.ts';
import { makeFreezeAudience } from './freeze-audience.ts';
import type { Era } from './media-kind.ts';
import { makePrepareCampaign } from './prepare-campaign.ts';

export interface AcceptDependencies {
  readonly accounts: () => readonly AccountConfig[];
  readonly era: Era;
  readonly isSandbox: boolean;
  readonly identityOf: IdentityOf;
  readonly campaigns: Pick<CampaignStore, 'newId' | 'accept' | 'claimed' | 'view'>;
  readonly audiences: AudienceStore;
  readonly media: MediaStore;
  readonly lanes: Pick<LaneStore, 'facts'>;
  readonly newRoots: NewRoots;
  /** Adds the root job where `newRoots` could not; if it fails, the outbox still has it. */
  readonly enqueueRoot: EnqueueRoot;
  readonly now: () => number;
  readonly allowPrivateTargets: boolean;
  readonly fetchPicture: FetchPicture;
}

export interface Caller {
  /** The name of the API key. */
  readonly by: string;
  /** `job`: an accept-campaign job; its keys and those of an API key of that name never meet. */
  readonly via?: 'api' | 'job';
  readonly idempotencyKey?: string;
  /** The key was made for the caller, who did not choose it: the same content is still refused. */
  readonly keyIsMade?: boolean;
}

export type AcceptResult =
  | { readonly kind: 'accepted'; readonly created: boolean; readonly view: CampaignView }
  | Refused;

/** Requests are told apart under a key alone. */
const NEVER_COMPARED = { requestDigest: '' };

export type AcceptCampaign = ReturnType<typeof makeAcceptCampaign>;

export function makeAcceptCampaign(deps: AcceptDependencies) {
  const { campaigns, now } = deps;
  const { prepare } = makePrepareCampaign(deps);
  const freeze = makeFreezeAudience(deps);

  async function accept(body: unknown, caller: Caller): Promise<AcceptResult> {
    const prepared = await prepare(body);
    if ('refused' in prepared) return (await asBefore(body, caller)) ?? prepared;
    const { request, account, message, newsBy, keepMedia, sendAt, notAfter } = prepared;

    const id = await campaigns.newId(account.name);
    const createdAt = acceptedAt(id);
    const audience = await freeze(request, account.name, notAfter);
    if ('refused' in audience) return audience;
    await keepMedia();
    const trace = traceparent();
    const campaign: Campaign = {
      v: 1,
      id,
      account: account.name,
      identity: deps.identityOf(account.name),
      name: request.name,
      era: deps.era,
      ...(deps.isSandbox ? { sandbox: true } : {}),
      audience: audience.audience,
      counts: audience.counts,
      ...(audience.audience.type === 'followers' && request.exclude.length > 0
        ? { exclude: request.exclude }
        : {}),
      messageType: message.type,
      createdAt,
      sendAt,
      notAfter,
      ...(request.webhook ? { webhook: request.webhook } : {}),
      createdBy: caller.by,
      priority: request.priority,
      ...(trace === undefined ? {} : { trace }),
    };
    const control: Control = {
      ...NEW_CONTROL,
      ...(isPage(message.type) ? { newsBy } : {}),
      ...(needsApproval(account.approval, campaign.audience)
        ? { pauses: { approval: { at: now(), by: 'qunfa' } } }
        : {}),
    };
    const keyed = keyOf(caller);
    const acceptance = {
      campaign,
      message,
      ...keyed,
      ...(keyed.idempotencyKey === undefined ? NEVER_COMPARED : await digestsOf(request)),
      contentDigest: digestOf([audience.identity, asWritten(message, request.message)]),
      repeatMeant: request.repeat || (caller.idempotencyKey !== undefined && !caller.keyIsMade),
      control,
    };
    await breath();
    const result = await campaigns.accept(acceptance, () => deps.newRoots.add(campaign));
    if (result.kind !== 'created') {
      await Promise.all([audience.discard(), deps.newRoots.drop(id)]);
    }
    if (result.kind === 'same-content') {
      return refuse({ code: 'same-content', campaignId: result.id });
    }
    if (result.kind === 'created') {
      if (!result.hasRoot) await deps.enqueueRoot(campaign).catch(() => undefined);
      return {
        kind: 'accepted',
        created: true,
        view: viewOf(campaign, control, EMPTY_TALLY),
      };
    }
    return answerAgain(result);
  }

  /** A request repeated under its key is answered as before, though it would be refused by now. */
  async function asBefore(body: unknown, caller: Caller): Promise<AcceptResult | null> {
    const { data: request } = CampaignRequest.safeParse(body);
    const { idempotencyKey } = keyOf(caller);
    if (idempotencyKey === undefined || !request) return null;
    const account = accountFor(deps.accounts(), request.account);
    if ('mistake' in account) return null;
    const digests = await digestsOf(request);
    const identity = deps.identityOf(account.name);
    const claim = await campaigns.claimed({ identity, idempotencyKey, ...digests });
    return claim?.kind === 'existing' ? answerAgain(claim) : null;
  }

  /** The same list is the same audience: uploaded again, in another order, or written out. */
  async function digestsOf(request: CampaignRequest) {
    const { audience, exclude } = request;
    // 100,000 OpenIDs take some 30 ms for each of parsing, sorting and hashing: others go in between.
    await breath();
    const same = {
      ...request,
      audience: await identityOf(audience),
      exclude: (await Promise.all(exclude.map(fingerprintOfList))).sort(),
    };
    await breath();
    const requestDigest = digestOf(same);
    await breath();
    const writtenDigest = digestOf(request);
    await breath();
    return { requestDigest, writtenDigest };
  }

  async function identityOf(audience: CampaignRequest['audience']): Promise<unknown> {
    if (audience.type === 'openids') return fingerprintOf(audience.openids).fingerprint;
    return audience.type === 'list' ? fingerprintOfList(audience.listId) : audience;
  }

  const fingerprintOfList = async (id: string): Promise<string> =>
    (await deps.audiences.describe(id))?.fingerprint ?? id;

  async function answerAgain({ kind, id }: Claimed): Promise<AcceptResult> {
    if (kind === 'key-conflict') {
      return refuse({ code: 'idempotency-key-reused', campaignId: id });
    }
    const view = await campaigns.view(id);
    if (!view) return refuse({ code: 'campaign-not-found' });
    return { kind: 'accepted', created: false, view };
  }

  return { accept };
}

/** Of one caller: two of them may choose the same key. */
const keyOf = ({ via = 'api', by, idempotencyKey }: Caller): { idempotencyKey?: string } =>
  idempotencyKey === undefined ? {} : { idempotencyKey: JSON.stringify([via, by, idempotencyKey]) };

const digestOf = (value: unknown): string => hash('sha256', JSON.stringify(value), 'base64url');
