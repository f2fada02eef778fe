/**
 * From a request to an accepted campaign: by HTTP, by the command line, or as an `accept-campaign`
 * job that another service put into Redis. Every mistake is told at once, and nothing is kept of a
 * request that is refused.
 */
import { createHash, randomBytes } from 'node:crypto';
import type { AccountConfig } from '../accounts.ts';
import type { Audience, AudienceCounts } from '../campaign/audience.ts';
import type { Campaign, CampaignView, Control } from '../campaign/campaign.ts';
import { CampaignRequest, INLINE_OPENIDS, isMusic } from '../campaign/request.ts';
import type { AudienceStore } from '../store/audience-store.ts';
import type { CampaignStore } from '../store/campaign-store.ts';
import type { MediaStore } from '../store/media-store.ts';
import { DAY } from '../time.ts';
import { checkMessage } from './check-message.ts';
import type { Era } from './media-kind.ts';
import { type Mistake, type Refusal, refuse } from './refusal.ts';

export interface AcceptDependencies {
  readonly accounts: () => readonly AccountConfig[];
  readonly era: Era;
  readonly isSandbox: boolean;
  readonly campaigns: CampaignStore;
  readonly audiences: AudienceStore;
  readonly media: MediaStore;
  /** Adds the root job; if it fails, the outbox still has it. */
  readonly enqueueRoot: (campaign: Campaign) => Promise<void>;
  readonly now: () => number;
}

export interface Caller {
  /** The name of the API key. */
  readonly by: string;
  readonly idempotencyKey?: string;
}

export type AcceptResult =
  | { readonly kind: 'accepted'; readonly created: boolean; readonly view: CampaignView }
  | { readonly refused: Refusal };

/** A request that passed every check, and has not been kept yet. */
export interface Prepared {
  readonly request: CampaignRequest;
  readonly account: AccountConfig;
  readonly sendAt: number;
  readonly notAfter: number;
  readonly counts: AudienceCounts | null;
}

const YEAR = 366 * DAY;

export type AcceptCampaign = ReturnType<typeof makeAcceptCampaign>;

export function makeAcceptCampaign(deps: AcceptDependencies) {
  const { campaigns, audiences, media, era, now } = deps;

  async function accept(body: unknown, caller: Caller): Promise<AcceptResult> {
    const parsed = parse(body);
    if ('refused' in parsed) return parsed;
    const { request } = parsed;
    const account = accountFor(request.account);
    if ('refused' in account) return account;

    const checked = await checkMessage(
      { media, era, coverAs: account.newsRoute === 'draft' ? 'permanent' : 'thumb' },
      request.message,
    );
    const times = timesOf(request);
    const mistakes = [
      ...checked.mistakes,
      ...times.mistakes,
      ...audienceMistakes(request, account),
      ...(await listMistakes(request, account)),
    ];
    if (mistakes.length > 0) return invalid(mistakes);

    const id = campaignId(now());
    const audience = await audienceOf(request, account.name, times.notAfter);
    if ('refused' in audience) return audience;
    const campaign: Campaign = {
      v: 1,
      id,
      account: account.name,
      name: request.name,
      ...(deps.isSandbox ? { sandbox: true } : {}),
      audience: audience.audience,
      counts: audience.counts,
      messageType: checked.message.type,
      createdAt: now(),
      sendAt: times.sendAt,
      notAfter: times.notAfter,
      ...(request.webhook ? { webhook: request.webhook } : {}),
      createdBy: caller.by,
      priority: request.priority,
    };
    const result = await campaigns.accept({
      campaign,
      message: checked.message,
      requestDigest: digestOf(request),
      ...(caller.idempotencyKey === undefined ? {} : { idempotencyKey: caller.idempotencyKey }),
      contentDigest: digestOf([request.audience, request.exclude, checked.message]),
      repeatMeant: request.repeat,
      ...(needsApproval(account, campaign) ? { paused: awaitingApproval(now()) } : {}),
    });
    if (result.kind !== 'created') await audience.discard();
    if (result.kind === 'key-conflict') {
      return refuse(
        409,
        'idempotency-key-reused',
        'this Idempotency-Key was used with another body; use a new key for a new campaign',
        { campaignId: result.id },
      );
    }
    if (result.kind === 'same-content') {
      return refuse(
        409,
        'same-content',
        `campaign ${result.id} sent the same message to the same audience within 24 hours; if that is meant, say "repeat": true`,
        { campaignId: result.id },
      );
    }
    if (result.kind === 'created') await deps.enqueueRoot(campaign).catch(() => undefined);
    const view = await campaigns.view(result.id);
    if (!view) return refuse(404, 'campaign-not-found', 'the campaign is no longer kept');
    return { kind: 'accepted', created: result.kind === 'created', view };
  }

  function parse(body: unknown): { request: CampaignRequest } | { refused: Refusal } {
    if (isMusic(body)) {
      return refuse(
        422,
        'message-type-unknown',
        'music is named in WeChat’s tables and has never had a shape for mass sends; WeChat answers 40008',
        { errors: [{ path: 'message.type', message: 'music cannot be mass-sent' }] },
      );
    }
    const parsed = CampaignRequest.safeParse(body);
    if (parsed.success) return { request: parsed.data };
    return invalid(
      parsed.error.issues.map((issue) => ({
        path: issue.path.join('.'),
        message: issue.message,
      })),
    );
  }

  function accountFor(name: string | undefined): AccountConfig | { refused: Refusal } {
    const accounts = deps.accounts();
    if (name === undefined) {
      const [only] = accounts;
      if (only && accounts.length === 1) return only;
      return invalid([
        {
          path: 'account',
          message: `say which account: ${accounts.map((one) => one.name).join(', ') || 'none is configured'}`,
        },
      ]);
    }
    const known = accounts.find((one) => one.name === name);
    return (
      known ??
      invalid([
        {
          path: 'account',
          message: `no account ${name}; there is ${accounts.map((one) => one.name).join(', ') || 'none'}`,
        },
      ])
    );
  }

  function timesOf(request: CampaignRequest) {
    const at = now();
    const sendAt = request.sendAt === undefined ? at : Math.max(at, Date.parse(request.sendAt));
    const notAfter = request.notAfter === undefined ? sendAt + DAY : Date.parse(request.notAfter);
    const mistakes: Mistake[] = [];
    if (sendAt > at + YEAR) mistakes.push({ path: 'sendAt', message: 'is over a year away' });
    if (notAfter <= at) mistakes.push({ path: 'notAfter', message: 'has passed already' });
    else if (notAfter <= sendAt) mistakes.push({ path: 'notAfter', message: 'is before sendAt' });
    return { sendAt, notAfter, mistakes };
  }

  function audienceMistakes({ audience }: CampaignRequest, account: AccountConfig): Mistake[] {
    if (account.kind === 'subscription' && !isWholesaleType(audience.type)) {
      return [
        {
          path: 'audience.type',
          message: `${account.name} is a subscription account: WeChat lets only service accounts send to OpenIDs (48001); use a tag, a group or everyone`,
        },
      ];
    }
    if (era === '2014' && audience.type === 'tag') {
      return [{ path: 'audience.type', message: 'the protocol of 2014 has groups, not tags' }];
    }
    return [];
  }

  async function listMistakes(
    { audience, exclude }: CampaignRequest,
    account: AccountConfig,
  ): Promise<Mistake[]> {
    const mistakes: Mistake[] = [];
    const look = async (id: string, path: string, least: number): Promise<void> => {
      const list = await audiences.describe(id);
      if (!list || list.state !== 'ready') {
        mistakes.push({ path, message: `no audience ${id}: make it by POST /v1/audiences` });
      } else if (list.account !== undefined && list.account !== account.name) {
        mistakes.push({ path, message: `audience ${id} belongs to account ${list.account}` });
      } else if (list.recipients < least) {
        mistakes.push({ path, message: tooFew(list.recipients) });
      }
    };
    if (audience.type === 'list') await look(audience.listId, 'audience.listId', 2);
    for (const [at, id] of exclude.entries()) await look(id, `exclude.${at}`, 0);
    if (exclude.length > 0 && isWholesaleType(audience.type)) {
      mistakes.push({
        path: 'exclude',
        message:
          'WeChat counts out a group, a tag or everyone itself; send to OpenIDs to exclude some',
      });
    }
    return mistakes;
  }

  /** Inline OpenIDs become a list of ours: a campaign refers to its list, it never copies it. */
  async function audienceOf(request: CampaignRequest, account: string, notAfter: number) {
    const { audience, exclude } = request;
    const nothing = async (): Promise<void> => undefined;
    if (audience.type === 'openids') {
      if (audience.openids.length > INLINE_OPENIDS) {
        return refuse(
          413,
          'too-many-openids',
          `${audience.openids.length} OpenIDs inline, at most ${INLINE_OPENIDS}: stream them to POST /v1/audiences`,
        );
      }
      const list = await audiences.create(audience.openids, { account, exclude });
      const discard = async (): Promise<void> => {
        await audiences.remove(list.id);
      };
      if (list.recipients < 2) {
        await discard();
        return invalid([{ path: 'audience.openids', message: tooFew(list.recipients, list) }]);
      }
      await audiences.touch(list.id, Math.max(0, notAfter - now()) + YEAR / 12);
      return {
        audience: { type: 'list', listId: list.id } satisfies Audience,
        counts: countsOf(list),
        discard,
      };
    }
    if (audience.type === 'list') {
      const list = await audiences.describe(audience.listId);
      await audiences.touch(audience.listId, Math.max(0, notAfter - now()) + YEAR / 12);
      return { audience: audience as Audience, counts: list && countsOf(list), discard: nothing };
    }
    return { audience: audience as Audience, counts: null, discard: nothing };
  }

  return { accept, parse };
}

const countsOf = ({ received, duplicates, invalid: bad, recipients }: AudienceCounts) => ({
  received,
  duplicates,
  invalid: bad,
  recipients,
});

function tooFew(recipients: number, list?: AudienceCounts): string {
  const dropped = list
    ? ` of ${list.received} (${list.invalid} malformed, ${list.duplicates} twice)`
    : '';
  return recipients === 1
    ? `one OpenID is left${dropped}, and WeChat takes two at least (40130); send it by POST /v1/previews`
    : `no OpenID is left${dropped}: nothing would be sent`;
}

const isWholesaleType = (type: CampaignRequest['audience']['type']): boolean =>
  type === 'group' || type === 'tag' || type === 'everyone';

const invalid = (errors: readonly Mistake[]): { refused: Refusal } => {
  const foreign = errors.some(({ message }) => message.startsWith('foreign-picture'));
  return refuse(
    422,
    foreign && errors.length === 1 ? 'foreign-picture' : 'invalid-campaign',
    `${errors.length} ${errors.length === 1 ? 'mistake' : 'mistakes'} in the request; nothing was kept`,
    { errors },
  );
};

function needsApproval(account: AccountConfig, campaign: Campaign): boolean {
  if (account.approval === 'always') return true;
  return (
    account.approval === 'everyone' &&
    (campaign.audience.type === 'everyone' || campaign.audience.type === 'followers')
  );
}

const awaitingApproval = (at: number): NonNullable<Control['paused']> => ({
  at,
  by: 'qunfa',
  reason: 'approval',
});

const digestOf = (value: unknown): string =>
  createHash('sha256').update(JSON.stringify(value)).digest('base64url');

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';

/** 9 characters of time (45 bits of milliseconds) and 9 by chance (45 bits); sorts by age. */
export function campaignId(at: number): string {
  let time = '';
  for (let rest = at, place = 0; place < 9; place += 1) {
    time = (ALPHABET[rest % 32] ?? '') + time;
    rest = Math.floor(rest / 32);
  }
  const chance = [...randomBytes(9)].map((byte) => ALPHABET[byte % 32] ?? '').join('');
  return time + chance;
}
