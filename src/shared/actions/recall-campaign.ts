/**
 * Takes back what can be taken back of a campaign: message/mass/delete.
 *
 * It removes the page behind an article or a video; the cards stay in the followers' chats. WeChat
 * takes nothing else back, and gives a fresh account ten calls a day.
 */

import type { Batch } from '../campaign/batch.ts';
import type { Campaign } from '../campaign/campaign.ts';
import { quotaOf, RECALL } from '../campaign/daily-quotas.ts';
import { NEWS } from '../campaign/material.ts';
import { isPage } from '../campaign/message.ts';
import { type RecallNote, recallNoteWords } from '../contract/campaign-words.ts';
import type { RecallReport, RecallRequest } from '../contract/decisions.ts';
import { type Refused, refuse } from '../contract/problem.ts';
import { noOutcome } from '../delivery/said-no.ts';
import type { WechatFor } from '../delivery/wechat-accounts.ts';
import type { AccountConfig } from '../platform/accounts.ts';
import type { Language } from '../platform/sentences.ts';
import type { Stores } from '../record/record.ts';
import { recallMass } from '../wechat/mass.ts';
import { refusesAll } from '../wechat/remedies.ts';

interface Dependencies {
  readonly stores: Pick<Stores, 'campaigns' | 'batches' | 'quota' | 'identityOf'>;
  readonly accounts: () => readonly AccountConfig[];
  readonly wechatFor: WechatFor;
  readonly now: () => number;
}

type RecallResult = RecallReport['results'][number];
type Sent = Extract<Batch, { state: 'submitted' | 'settled' }>;

export type RecallCampaign = ReturnType<typeof makeRecallCampaign>;

export function makeRecallCampaign({ stores, accounts, wechatFor, now }: Dependencies) {
  const { campaigns, batches, quota, identityOf } = stores;

  return async function recallCampaign(
    id: string,
    request: RecallRequest,
    by: string,
    language: Language,
  ): Promise<RecallReport | Refused> {
    const campaign = await campaigns.spec(id);
    if (!campaign) return refuse({ code: 'campaign-not-found' });
    const view = request.seen === undefined ? null : await campaigns.view(id);
    if (view && view.version !== request.seen) {
      return refuse({ code: 'moved', campaign: view });
    }
    const account = accounts().find(({ name }) => name === campaign.account);
    if (!account) return refuse({ code: 'account-not-configured', account: campaign.account });
    if (campaign.identity !== identityOf(campaign.account)) {
      return refuse({ code: 'account-changed', account: campaign.account });
    }
    const wrong = await whyNot(campaign, request);
    if (wrong) return wrong;

    const all = await batches.all(id);
    const meant = all.filter(({ no }) => request.batches?.includes(no) ?? true);
    const sent = meant.filter(wentOut);
    if (sent.length === 0) {
      return refuse({ code: 'nothing-to-recall' });
    }
    const results = await recallAll(campaign, account, sent, request, { by, language });
    const notOut = meant.filter((batch) => !wentOut(batch));
    return {
      id,
      recalled: results.filter(({ outcome }) => outcome === 'recalled').length,
      results,
      quota: quotaOf(RECALL, await quota.today(account.name)),
      notes: notesOf(campaign, request, notOut).map((note) => ({
        ...note,
        message: recallNoteWords(note, language),
      })),
    };
  };

  async function whyNot(campaign: Campaign, { articleIndex }: RecallRequest) {
    const { id, messageType } = campaign;
    if (!isPage(messageType) && messageType !== 'video') {
      return refuse({ code: 'recall-impossible', messageType });
    }
    if (articleIndex === undefined) return null;
    const message = await campaigns.message(id);
    const known = message?.type === 'news' && 'articles' in message ? message.articles.length : 10;
    const most = messageType === 'news' ? known : 1;
    if (articleIndex <= most) return null;
    const mistake = { code: 'article-unknown', path: 'articleIndex', articles: most } as const;
    return refuse({ code: 'invalid-body', errors: [mistake] });
  }

  /** What uploadnews made once went out in every batch: WeChat deletes it in all of them at once. */
  async function isOneArticle({ id, messageType }: Campaign): Promise<boolean> {
    if (messageType !== 'news') return false;
    const [record, message, items] = await Promise.all([
      campaigns.read(id),
      campaigns.message(id),
      campaigns.items(id, [NEWS.name]),
    ]);
    const isOurs = message?.type === 'news' && 'articles' in message;
    const isShared = record?.control.newsBy === 'uploadnews';
    return isOurs && isShared && items[NEWS.name]?.generation === 0;
  }

  async function recallAll(
    campaign: Campaign,
    account: AccountConfig,
    sent: readonly Sent[],
    { articleIndex }: RecallRequest,
    { by, language }: { readonly by: string; readonly language: Language },
  ): Promise<RecallResult[]> {
    const { id } = campaign;
    const client = wechatFor(account.name);
    const [done, isOne] = await Promise.all([doneBefore(id, articleIndex), isOneArticle(campaign)]);
    // Our table is of fresh accounts: WeChat's 45009 says when a day's calls are used up.
    let isOver = false;
    const results: RecallResult[] = [];
    for (const { no, msgId } of sent) {
      if (done.has(`${no} ${msgId}`)) {
        results.push({ no, msgId, outcome: 'already' });
        continue;
      }
      if (isOver) {
        results.push({ no, msgId, outcome: 'not-tried' });
        continue;
      }
      const target = articleIndex === undefined ? { msgId } : { msgId, articleIndex };
      const isGone =
        isOne && results.some(({ outcome }) => outcome === 'recalled' || outcome === 'already');
      const answer = isGone ? GONE : await recallMass(client, target);
      const { outcome, ...why } =
        answer.kind === 'ok' ? { outcome: 'recalled' as const } : noOutcome(answer, language);
      results.push({ no, msgId, outcome, ...why });
      const article = articleIndex === undefined ? {} : { article: articleIndex };
      const told = { action: 'recall', batch: no, msgId, outcome, ...article } as const;
      await campaigns.note(id, { at: now(), by, ...told });
      isOver ||= refusesAll(answer);
    }
    return results;
  }

  /** Batches and their messages that an earlier recall of the same, or of all, took back. */
  async function doneBefore(id: string, article: number | undefined): Promise<Set<string>> {
    const done = new Set<string>();
    for (const entry of await campaigns.audit(id)) {
      if (entry.action !== 'recall' || entry.outcome !== 'recalled') continue;
      const isOfAll = entry.article === undefined || entry.article === article;
      if (isOfAll) done.add(`${entry.batch} ${entry.msgId}`);
    }
    return done;
  }
}

/** As WeChat answers a recall: the article went with another batch of it. */
const GONE = { kind: 'ok', value: undefined } as const;

const wentOut = (batch: Batch): batch is Sent =>
  batch.state === 'submitted' || batch.state === 'settled';

function notesOf(
  { messageType }: Campaign,
  { articleIndex }: RecallRequest,
  notOut: readonly Batch[],
): RecallNote[] {
  const open = notOut.filter(({ state }) => state === 'pending' || state === 'submitting').length;
  const held = notOut.filter(({ state }) => state === 'held').length;
  const isOfAll = messageType === 'news' && articleIndex === undefined;
  return [
    { code: 'cards-stay' },
    ...(isOfAll ? [{ code: 'gone-in-all-sends' } as const] : []),
    ...(open > 0 ? [{ code: 'not-taken-yet', batches: open } as const] : []),
    ...(held > 0 ? [{ code: 'held', batches: held } as const] : []),
  ];
}
