/** A message to a few people at once, for a look: no campaign, no batch, no receipt. */

import { PREVIEW, quotaOf } from '../campaign/daily-quotas.ts';
import { coverKind } from '../campaign/message.ts';
import type { Mistake } from '../campaign/mistake.ts';
import { type PreviewReport, PreviewRequest, type PreviewTo } from '../contract/previews.ts';
import { type Refused, refuse } from '../contract/problem.ts';
import { makeBringMessage } from '../delivery/bring-message.ts';
import type { FetchPicture } from '../delivery/fetch-picture.ts';
import { noOutcome } from '../delivery/said-no.ts';
import { newsRouteOf } from '../delivery/upload-route.ts';
import type { WechatFor } from '../delivery/wechat-accounts.ts';
import type { AccountConfig } from '../platform/accounts.ts';
import type { Language } from '../platform/sentences.ts';
import type { Stores } from '../record/record.ts';
import type { Era } from '../wechat/client.ts';
import { type MassMessage, preview } from '../wechat/mass.ts';
import { refusesAll } from '../wechat/remedies.ts';
import { accountFor } from './account-for.ts';
import { checkMessage } from './check-message.ts';
import { parseAll } from './parse-all.ts';

interface Dependencies {
  readonly stores: Pick<Stores, 'media' | 'materials' | 'quota' | 'lanes'>;
  readonly accounts: () => readonly AccountConfig[];
  readonly era: Era;
  readonly wechatFor: WechatFor;
  readonly fetchPicture: FetchPicture;
  readonly now: () => number;
}

type PreviewResult = PreviewReport['results'][number];

export type PreviewMessage = ReturnType<typeof makePreviewMessage>;

export function makePreviewMessage(deps: Dependencies) {
  const { stores, era, wechatFor } = deps;
  const bringMessage = makeBringMessage(deps);

  return async function previewMessage(
    body: unknown,
    language: Language,
  ): Promise<PreviewReport | Refused> {
    const { value: request, own, mistakes: ofSchema } = parseAll(PreviewRequest, body);
    if (!request) return invalidPreview(ofSchema);
    const found = accountFor(deps.accounts(), request.account);
    const account = 'mistake' in found ? undefined : found;
    const newsBy = account
      ? newsRouteOf(request.message.type, account, era, await stores.lanes.facts(account.name))
      : 'draft';
    const { message, mistakes } = await checkMessage(
      {
        ...{ media: stores.media, era, coverAs: coverKind({ newsBy }), neededUntil: deps.now() },
        account: account?.name ?? '',
        picturePosts: account?.picturePosts ?? true,
        fetchPicture: deps.fetchPicture,
      },
      request.message,
    );
    const unknown = 'mistake' in found ? [found.mistake] : [];
    const errors = [...ofSchema, ...own([...unknown, ...mistakes])];
    if (!account || errors.length > 0) return invalidPreview(errors);
    const brought = await bringMessage(account, message, { newsBy, spendLast: request.spendLast });
    if ('refused' in brought) return brought;
    const results = await showAll(account.name, brought.message, request.to, language);
    await brought.tidy();
    return {
      account: account.name,
      sent: results.filter(({ outcome }) => outcome === 'sent').length,
      results,
      quota: quotaOf(PREVIEW, await stores.quota.today(account.name)),
    };
  };

  async function showAll(
    account: string,
    message: MassMessage,
    to: readonly PreviewTo[],
    language: Language,
  ) {
    const client = wechatFor(account);
    const results: PreviewResult[] = [];
    let stopped = false;
    for (const one of to) {
      if (stopped) {
        results.push({ to: one, outcome: 'not-tried' });
        continue;
      }
      const whom = 'openid' in one ? { openId: one.openid } : one;
      const answer = await preview(client, { to: whom, message });
      results.push({
        to: one,
        ...(answer.kind === 'ok' ? { outcome: 'sent' as const } : noOutcome(answer, language)),
      });
      stopped = refusesAll(answer);
    }
    return results;
  }
}

const invalidPreview = (errors: readonly Mistake[]) => refuse({ code: 'invalid-preview', errors });
