/**
 * Every check of a campaign before anything of it is kept: for accepting it, and for planning it.
 * Every mistake is told at once.
 */
import type { z } from 'zod';
import { isWholesale } from '../campaign/audience.ts';
import type { Message } from '../campaign/message.ts';
import { CampaignRequest, isMusic } from '../campaign/request.ts';
import type { AccountConfig } from '../platform/accounts.ts';
import { targetRefusal } from '../platform/safe-target.ts';
import { DAY } from '../platform/time.ts';
import type { AudienceStore } from '../record/audience-store.ts';
import type { MediaStore } from '../record/media-store.ts';
import { accountFor } from './account-for.ts';
import { checkMessage } from './check-message.ts';
import { tooFew } from './freeze-audience.ts';
import { inWords } from './in-words.ts';
import { invalid } from './invalid-campaign.ts';
import type { Era } from './media-kind.ts';
import { mistakesOf } from './mistakes-of.ts';
import { type Mistake, type Refusal, refuse } from './refusal.ts';
import { unkeptMedia } from './unkept-media.ts';

interface Dependencies {
  readonly accounts: () => readonly AccountConfig[];
  readonly era: Era;
  readonly audiences: AudienceStore;
  readonly media: MediaStore;
  readonly now: () => number;
  /** False: a webhook at a private address, or without https, is refused here already. */
  readonly allowPrivateTargets: boolean;
}

/** A request that passed every check, and has not been kept yet. */
export interface Prepared {
  readonly request: CampaignRequest;
  readonly account: AccountConfig;
  readonly message: Message;
  /** Keeps the files that came with it. */
  readonly keepMedia: () => Promise<void>;
  readonly sendAt: number;
  readonly notAfter: number;
}

export type Prepare = (body: unknown) => Promise<Prepared | { readonly refused: Refusal }>;

const YEAR = 366 * DAY;

export function makePrepareCampaign(deps: Dependencies) {
  const { audiences, era, now } = deps;

  async function prepare(body: unknown): Promise<Prepared | { refused: Refusal }> {
    const parsed = parse(body);
    if ('refused' in parsed) return parsed;
    const { request } = parsed;
    const found = accountFor(deps.accounts(), request.account);
    const account = 'refused' in found ? undefined : found;

    const { mistakes: wrongTimes, ...times } = timesOf(request);

    // Without an account, what either route would take may pass: one mistake is there already.
    const coverAs = account?.newsRoute === 'uploadnews' ? 'thumb' : 'permanent';
    const media = unkeptMedia(deps.media);
    const { message, mistakes } = await checkMessage(
      { media, era, coverAs, neededUntil: times.notAfter },
      request.message,
    );
    const all = [
      ...('refused' in found ? (found.refused.errors ?? []) : []),
      ...mistakes,
      ...wrongTimes,
      ...webhookMistakes(request),
      ...audienceMistakes(request, account),
      ...(await listMistakes(request, account)),
    ];
    if (!account || all.length > 0) return invalid(all);
    return { request, account, message, keepMedia: media.keep, ...times };
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
    const parsed = CampaignRequest.safeParse(body, { error: inWords });
    if (parsed.success) return { request: parsed.data };
    const errors = mistakesOf(parsed.error);
    const tooMany = parsed.error.issues.find(isTooManyOpenIds);
    return tooMany ? refuse(413, 'too-many-openids', tooMany.message, { errors }) : invalid(errors);
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

  /** The name is looked up when the webhook is called; what the address itself shows, now. */
  function webhookMistakes({ webhook }: CampaignRequest): Mistake[] {
    const allowPrivate = deps.allowPrivateTargets;
    const refusal = webhook ? targetRefusal(webhook.url, { allowPrivate }) : null;
    return refusal === null ? [] : [{ path: 'webhook.url', message: refusal }];
  }

  function audienceMistakes({ audience }: CampaignRequest, account?: AccountConfig): Mistake[] {
    if (account?.kind === 'subscription' && !isWholesale(audience)) {
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
    account?: AccountConfig,
  ): Promise<Mistake[]> {
    const mistakes: Mistake[] = [];
    const look = async (id: string, path: string, least: number): Promise<void> => {
      const list = await audiences.describe(id);
      if (list?.state !== 'ready') {
        mistakes.push({ path, message: `no audience ${id}: make it by POST /v1/audiences` });
      } else if (account && list.account !== undefined && list.account !== account.name) {
        mistakes.push({ path, message: `audience ${id} belongs to account ${list.account}` });
      } else if (list.recipients < least) {
        mistakes.push({ path, message: tooFew(list.recipients) });
      }
    };
    if (audience.type === 'list') await look(audience.listId, 'audience.listId', 2);
    for (const [at, id] of exclude.entries()) await look(id, `exclude.${at}`, 0);
    if (exclude.length > 0 && isWholesale(audience)) {
      mistakes.push({
        path: 'exclude',
        message:
          'WeChat itself says who is in a group, a tag or everyone: nobody can be left out of it; send to OpenIDs, a list or followers instead',
      });
    }
    return mistakes;
  }

  return { prepare, parse };
}

const isTooManyOpenIds = ({ code, path }: z.core.$ZodIssue): boolean =>
  code === 'too_big' && path.join('.') === 'audience.openids';
