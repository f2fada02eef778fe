/** What waits for a second person, with all that is to be approved: content, audience, cost, submitter. */
import type { ListAttention } from '../../../shared/actions/list-attention.ts';
import { isSamePerson } from '../../../shared/campaign/approval.ts';
import { batchCount } from '../../../shared/campaign/cut.ts';
import type { CampaignView } from '../../../shared/contract/campaign-view.ts';
import type { CampaignStore } from '../../../shared/record/campaign-store.ts';
import type { AudienceNames } from '../audience-names.ts';
import { campaignActs } from '../campaign-acts.ts';
import { type Html, html } from '../html.ts';
import { messagePart } from '../parts/message.ts';
import { address } from '../parts/table.ts';
import type { ReadDrafts } from '../read-drafts.ts';
import type { Ask, Screen, Show } from '../screen.ts';
import { timeTag } from '../times.ts';

interface Dependencies {
  readonly listAttention: ListAttention;
  readonly campaigns: Pick<CampaignStore, 'message' | 'spec'>;
  readonly names: AudienceNames;
  readonly readDrafts: ReadDrafts;
  readonly now: () => number;
}

const SHOWN = 10;

export const showApprovals =
  (deps: Dependencies): Show =>
  async (ask): Promise<Screen> => {
    const { words, query } = ask;
    const { approvals: say } = words.overviews;
    const cursor = query.after === undefined ? {} : { cursor: query.after };
    const { items, next } = await deps.listAttention({
      ...{ limit: SHOWN, kind: 'approval-needed', isAllowed: ask.isAllowed },
      ...cursor,
    });
    const waiting = items.flatMap(({ campaign }) => campaign ?? []);
    const cards = await Promise.all(waiting.map((view) => card(deps, view, ask)));
    return {
      title: say.title,
      nav: 'attention',
      parts: new Map([
        [
          'approvals',
          html`<section id="approvals">${cards.length === 0 && html`<p class="empty">${say.empty}</p>`}${cards}${
            next !== null &&
            html`<p class="pager"><a class="button" rel="next" href="${address('/page/approvals', {}, { after: next })}">${words.frame.later}</a></p>`
          }</section>`,
        ],
      ]),
      campaigns: waiting.map(({ id }) => id),
    };
  };

async function card(deps: Dependencies, view: CampaignView, ask: Ask): Promise<Html> {
  const { words, by } = ask;
  const { approvals: say } = words.overviews;
  const [message, spec, audience, { count }] = await Promise.all([
    deps.campaigns.message(view.id),
    deps.campaigns.spec(view.id),
    deps.names.withCount(view, words),
    deps.names.labelled(view.account, view.audience, words),
  ]);
  const left = await Promise.all(
    (spec?.exclude ?? []).map((listId) =>
      deps.names.labelled(view.account, { type: 'list', listId }, words),
    ),
  );
  // Followers are sent to one by one; how many there are is known once they are read.
  const isOneByOne = view.audience.type === 'followers';
  const recipients = view.recipients ?? (isOneByOne ? count : 1);
  const named = message?.type === 'news' && 'mediaId' in message ? message.mediaId : null;
  const draft = named === null ? null : await deps.readDrafts(view.account, named);
  const { campaign } = words.screens;
  const rows: readonly (readonly [string, Html | string])[] = [
    [campaign.account, view.account],
    [campaign.audience, audience],
    [campaign.begins, timeTag(view.sendAt)],
    [campaign.expires, timeTag(view.notAfter)],
    [say.cost, recipients === null ? say.callsEach : say.calls(batchCount(recipients))],
    ...(left.length > 0 ? [[say.exclude, left.map(({ name }) => name).join(' · ')] as const] : []),
    [say.by, view.createdBy],
  ];
  const isOwn = isSamePerson(by, view.createdBy);
  const about = words.acts.about(view.name, view.account, audience);
  return html`<article class="card" id="c-${view.id}"><h2><a href="/page/campaigns/${view.id}">${view.name}</a></h2>
<div class="split"><div><dl class="facts-list">${rows.map(
    ([label, value]) => html`<div><dt>${label}</dt><dd>${value}</dd></div>`,
  )}</dl>
${isOwn && html`<p class="why">${say.own}</p>`}
${campaignActs({ view, audit: [], about, ask, now: deps.now(), hasWebhook: false, place: view.id })}</div>
<div>${message && messagePart({ message, draft }, words)}</div></div></article>`;
}
