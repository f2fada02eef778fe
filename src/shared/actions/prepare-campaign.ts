/**
 * Every check of a campaign before anything of it is kept: for accepting it, and for planning it.
 * Every mistake is told at once.
 */
import { setImmediate as breath } from 'node:timers/promises';
import type { z } from 'zod';
import { usesSendAll } from '../campaign/audience.ts';
import { coverKind, type Message, type NewsRoute } from '../campaign/message.ts';
import type { Mistake } from '../campaign/mistake.ts';
import { CampaignRequest, isMusic } from '../contract/campaign-request.ts';
import { type Refused, refuse } from '../contract/problem.ts';
import type { FetchPicture } from '../delivery/fetch-picture.ts';
import { newsRouteOf } from '../delivery/upload-route.ts';
import { fingerprintOf } from '../openids/fingerprint.ts';
import type { AccountConfig } from '../platform/accounts.ts';
import { targetRefusal } from '../platform/safe-target.ts';
import { DAY, MINUTE } from '../platform/time.ts';
import type { AudienceStore } from '../record/audience-store.ts';
import type { LaneStore } from '../record/lane-store.ts';
import type { MediaStore } from '../record/media-store.ts';
import { accountFor } from './account-for.ts';
import { checkMessage } from './check-message.ts';
import { tooFew } from './freeze-audience.ts';
import { invalid } from './invalid-campaign.ts';
import type { Era } from './media-kind.ts';
import { parseAll } from './parse-all.ts';
import { unkeptMedia } from './unkept-media.ts';

interface Dependencies {
  readonly accounts: () => readonly AccountConfig[];
  readonly era: Era;
  readonly audiences: AudienceStore;
  readonly media: MediaStore;
  readonly lanes: Pick<LaneStore, 'facts'>;
  /** Null for a plan, which names what would be fetched. */
  readonly fetchPicture: FetchPicture | null;
  readonly now: () => number;
  /** False: a webhook at a private address, or without https, is refused here already. */
  readonly allowPrivateTargets: boolean;
}

/** A request that passed every check, and has not been kept yet. */
export interface Prepared {
  readonly request: CampaignRequest;
  readonly account: AccountConfig;
  readonly message: Message;
  /** Addresses of pictures that were fetched, or would be. */
  readonly fetched: readonly string[];
  /** How its articles, if it has any, become one id at WeChat. */
  readonly newsBy: NewsRoute;
  /** Keeps the files that came with it. */
  readonly keepMedia: () => Promise<void>;
  readonly sendAt: number;
  readonly notAfter: number;
}

export type Prepare = (body: unknown) => Promise<Prepared | Refused>;

const YEAR = 366 * DAY;
/** A caller's clock may be behind ours, and a request may have waited on its way. */
const CLOCKS_APART = 5 * MINUTE;

const MUSIC: Mistake = { code: 'message-type-unknown', path: 'message.type' };

export function makePrepareCampaign(deps: Dependencies) {
  const { audiences, era, now } = deps;

  async function prepare(body: unknown): Promise<Prepared | Refused> {
    await breath();
    const { value: request, issues, own, ...parsed } = parseAll(CampaignRequest, body);
    const ofSchema = isMusic(body)
      ? [MUSIC, ...parsed.mistakes.filter(({ path }) => path !== MUSIC.path)]
      : parsed.mistakes;
    if (!request) return invalid(ofSchema);
    const found = accountFor(deps.accounts(), request.account);
    const account = 'mistake' in found ? undefined : found;

    const { mistakes: wrongTimes, ...times } = timesOf(request, now());

    // Without an account, what either route would take may pass: one mistake is there already.
    const newsBy = account ? await newsByOf(account, request) : 'draft';
    const media = unkeptMedia(deps.media);
    const { message, mistakes, fetched } = await checkMessage(
      {
        ...{ media, era, coverAs: coverKind({ newsBy }), neededUntil: times.notAfter },
        account: account?.name ?? '',
        picturePosts: account?.picturePosts ?? true,
        fetchPicture: deps.fetchPicture,
      },
      request.message,
    );
    const later = own([
      ...('mistake' in found ? [found.mistake] : []),
      ...mistakes,
      ...wrongTimes,
      ...webhookMistakes(request),
      ...audienceMistakes(request, account),
      ...(await listMistakes(request, account)),
    ]);
    const errors = [...ofSchema, ...later];
    if (issues.some(isTooManyOpenIds)) return refuse({ code: 'too-many-openids', errors });
    if (!account || errors.length > 0) return invalid(errors);
    return { request, account, message, fetched, newsBy, keepMedia: media.keep, ...times };
  }

  async function newsByOf(account: AccountConfig, { message }: CampaignRequest) {
    const asks = message.type === 'news' && account.newsRoute === 'auto';
    return newsRouteOf(
      message.type,
      account,
      era,
      asks ? await deps.lanes.facts(account.name) : {},
    );
  }

  /** The name is looked up when the webhook is called; what the address itself shows, now. */
  function webhookMistakes({ webhook }: CampaignRequest): Mistake[] {
    const allowPrivate = deps.allowPrivateTargets;
    const refusal = webhook ? targetRefusal(webhook.url, { allowPrivate }) : null;
    return refusal === null ? [] : [{ code: refusal, path: 'webhook.url' }];
  }

  function audienceMistakes({ audience }: CampaignRequest, account?: AccountConfig): Mistake[] {
    if (account?.kind === 'subscription' && !usesSendAll(audience)) {
      return [{ code: 'subscription-account', path: 'audience.type', account: account.name }];
    }
    if (era === '2014' && audience.type === 'tag') {
      return [{ code: 'tags-not-in-2014', path: 'audience.type' }];
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
        mistakes.push({ code: 'audience-unknown', path, audience: id });
      } else if (account && list.account !== undefined && list.account !== account.name) {
        const { account: owner } = list;
        mistakes.push({ code: 'audience-of-another', path, audience: id, account: owner });
      } else if (list.recipients < least) {
        mistakes.push({ path, ...tooFew(list.recipients) });
      }
    };
    if (audience.type === 'openids') {
      await breath();
      const { count } = fingerprintOf(audience.openids);
      if (count < 2) mistakes.push({ path: 'audience.openids', ...tooFew(count) });
    }
    if (audience.type === 'list') await look(audience.listId, 'audience.listId', 2);
    for (const [at, id] of exclude.entries()) await look(id, `exclude.${at}`, 0);
    if (exclude.length > 0 && usesSendAll(audience)) {
      mistakes.push({ code: 'exclude-needs-openids', path: 'exclude' });
    }
    return mistakes;
  }

  return { prepare };
}

/** When a campaign begins and when it may make no further call, and what is wrong with that. */
export function timesOf(
  request: { readonly sendAt?: string | undefined; readonly notAfter?: string | undefined },
  at: number,
  standsOpenFor = DAY,
) {
  const asked = request.sendAt === undefined ? at : Date.parse(request.sendAt);
  const sendAt = Math.max(at, asked);
  const notAfter =
    request.notAfter === undefined ? sendAt + standsOpenFor : Date.parse(request.notAfter);
  const mistakes: Mistake[] = [];
  if (asked < at - CLOCKS_APART) mistakes.push({ code: 'passed', path: 'sendAt' });
  if (sendAt > at + YEAR) mistakes.push({ code: 'over-a-year-away', path: 'sendAt' });
  if (notAfter <= at) mistakes.push({ code: 'passed', path: 'notAfter' });
  else if (notAfter <= sendAt) mistakes.push({ code: 'before-send-at', path: 'notAfter' });
  return { sendAt, notAfter, mistakes };
}

const isTooManyOpenIds = ({ code, path }: z.core.$ZodIssue): boolean =>
  code === 'too_big' && path.join('.') === 'audience.openids';
