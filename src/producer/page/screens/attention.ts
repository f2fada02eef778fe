/** Home: what needs an operator, worst first; below it, the day. */
import type { AttentionList, ListAttention } from '../../../shared/actions/list-attention.ts';
import type { SteerAccount } from '../../../shared/actions/steer-account.ts';
import { disagreementsOf, settingOf, valuesOf } from '../../../shared/campaign/serving.ts';
import { type Attention, attentionInWords } from '../../../shared/contract/attention.ts';
import type { CampaignView } from '../../../shared/contract/campaign-view.ts';
import { SECOND } from '../../../shared/platform/time.ts';
import type { CampaignStore } from '../../../shared/record/campaign-store.ts';
import type { LaneStore } from '../../../shared/record/lane-store.ts';
import type { ServingStore } from '../../../shared/record/serving-store.ts';
import { type Html, html } from '../html.ts';
import { actsPart } from '../parts/act.ts';
import { address, heldBack, pageAsked } from '../parts/table.ts';
import type { Ask, Screen, Show } from '../screen.ts';
import { campaignChip } from '../standing.ts';
import { dayOf, shown, timeTag } from '../times.ts';
import type { Words } from '../words.ts';

interface Dependencies {
  readonly listAttention: ListAttention;
  readonly campaigns: Pick<CampaignStore, 'list' | 'openAccounts' | 'byTime' | 'view'>;
  readonly lanes: Pick<LaneStore, 'wrongClocks'>;
  readonly workers: Pick<ServingStore, 'serving'>;
  readonly steerAccount: Pick<SteerAccount, 'restored'>;
  readonly now: () => number;
}

/** Things on a page; campaigns of each kind below. */
const SHOWN = 50;
const OF_THE_DAY = 8;
/** Looked at, where an operator may see few of them. */
const LOOKED_AT = 80;

export const showAttention =
  (deps: Dependencies): Show =>
  async (ask): Promise<Screen> => {
    const { words, query, isAllowed } = ask;
    const { listAttention, campaigns } = deps;
    const cursor = query.after === undefined ? {} : { cursor: query.after };
    const [list, alarms, restored, { begun, coming }, done] = await Promise.all([
      listAttention({ limit: SHOWN, isAllowed, ...cursor }),
      alarmsOf(deps, words),
      restoredOf(deps, isAllowed),
      campaigns.byTime(deps.now()),
      campaigns.list({ isAllowed, limit: OF_THE_DAY, state: 'completed' }),
    ]);
    const today = dayOf(deps.now());
    const ended = done.campaigns.filter((one) => dayOf(one.completedAt ?? one.sendAt) === today);
    const { attention } = words.screens;
    const day = [
      [attention.going, await firstOf(deps, begun, isAllowed)],
      [attention.scheduled, await firstOf(deps, coming, isAllowed)],
      [attention.ended, ended],
    ] as const;
    return {
      title: attention.title,
      nav: 'attention',
      parts: new Map([
        ['alarms', alarmsPart(alarms, restored, ask)],
        ['needs', needsPart(list, words)],
        ['day', dayPart(day, words)],
      ]),
      campaigns: day.flatMap(([, some]) => some.map(({ id }) => id)),
      ...(pageAsked(query.after) > 1 ? { live: false as const } : {}),
    };
  };

async function firstOf(
  { campaigns }: Dependencies,
  ids: readonly string[],
  isAllowed: (account: string) => boolean,
): Promise<CampaignView[]> {
  const found: CampaignView[] = [];
  for (let at = 0; at < Math.min(ids.length, LOOKED_AT); at += OF_THE_DAY) {
    const views = await Promise.all(ids.slice(at, at + OF_THE_DAY).map(campaigns.view));
    found.push(...views.filter((view) => view !== null).filter((view) => isAllowed(view.account)));
    if (found.length >= OF_THE_DAY) break;
  }
  return found.slice(0, OF_THE_DAY);
}

/** Of the machines, which no account and no campaign is to blame for. */
async function alarmsOf({ lanes, workers, now }: Dependencies, { facts }: Words) {
  const [clocks, serving] = await Promise.all([lanes.wrongClocks(now()), workers.serving()]);
  return [
    ...clocks.map(({ host, aheadMs }) => facts.clock(host, Math.round(aheadMs / SECOND))),
    ...disagreementsOf(serving).map((one) => facts.workersDiffer(settingOf(one), valuesOf(one))),
  ];
}

const restoredOf = async (
  { campaigns, steerAccount }: Dependencies,
  isAllowed: (account: string) => boolean,
): Promise<string[]> =>
  steerAccount.restored([...(await campaigns.openAccounts())].filter(isAllowed));

function alarmsPart(
  alarms: readonly string[],
  restored: readonly string[],
  { words, refusal }: Ask,
): Html {
  const { facts, acts } = words;
  return html`<div id="alarms">${alarms.map((text) => html`<p class="card alarm">${text}</p>`)}${
    restored.length > 0 &&
    html`<div class="card alarm"><p>${facts.account.restored(restored.length)}</p>${actsPart(
      [
        {
          id: 'restored',
          ...acts.account.resumeRestored,
          about: restored.join(', '),
          action: '/page/accounts/resume-restored',
          danger: true,
          refused: refusal('steer'),
        },
      ],
      words,
    )}</div>`
  }</div>`;
}

function needsPart({ items, next, counts }: AttentionList, words: Words): Html {
  const { attention } = words.screens;
  const approvals = counts['approval-needed'] ?? 0;
  return html`<section id="needs">
${approvals > 0 && html`<p><a href="/page/approvals">${words.overviews.approvals.link(approvals)}</a></p>`}
${heldBack(words)}
${items.length === 0 && html`<p class="empty">${attention.empty}</p>`}
<ol class="needs" data-hold>${items.map((item) => needRow(item, words))}</ol>
${next !== null && html`<p class="pager"><a class="button" rel="next" href="${address('/', {}, { after: next })}">${words.frame.later}</a></p>`}
</section>`;
}

function needRow(item: Attention, words: Words): Html {
  const { attention, campaigns } = words.screens;
  const { kind, account, campaign, since, batches = 0 } = item;
  const { message, next, todo } = attentionInWords(item, words.lang);
  const at = next.at === undefined ? '' : ` (${shown(next.at)})`;
  const button = attention.buttons[kind]?.(batches) ?? kind;
  return html`<li id="n-${kind}-${campaign?.id ?? account}" class="need ${WORST.includes(kind) ? 'bad' : 'care'}">
  <div class="what">
    <h2><a href="${placeOf(item)}">${campaign ? campaign.name || campaigns.unnamed : account}</a></h2>
    <p><b>${message}</b></p>
    <p class="facts">${campaign && html`${account} · `}${attention.since(shown(since))}</p>
  </div>
  <div class="then">
    <p><b>${attention.system}</b>${next.message}${at}</p>
    <p><b>${attention.you}</b>${todo.message}</p>
  </div>
  <p class="go"><a class="button strong" href="${placeOf(item)}">${button}</a></p>
</li>`;
}

const WORST: readonly string[] = ['outcome-unknown', 'account-stopped', 'address-refused'];

/** Where it is decided. */
function placeOf({ kind, account, campaign }: Attention): string {
  if (!campaign) return `/page/accounts/${account}`;
  return `/page/campaigns/${campaign.id}${ANCHORS[kind] ?? ''}`;
}

const ANCHORS: Readonly<Partial<Record<Attention['kind'], string>>> = {
  'outcome-unknown': '#unknown',
  'batches-refused': '#batches',
};

function dayPart(day: readonly (readonly [string, readonly CampaignView[]])[], words: Words): Html {
  const { attention, campaigns } = words.screens;
  const some = day.filter(([, views]) => views.length > 0);
  return html`<section id="day">
<h2>${attention.today}</h2>
${some.length === 0 && html`<p class="facts">${attention.noneToday}</p>`}
<div class="columns">${some.map(
    ([title, views]) =>
      html`<div><h3>${title}</h3><ul class="plain">${views.map((view) => {
        const { tone, text } = campaignChip(view, words);
        return html`<li><a href="/page/campaigns/${view.id}">${view.name || campaigns.unnamed}</a> <span class="chip ${tone}">${text}</span><br><span class="facts">${view.account} · ${timeTag(view.completedAt ?? view.sendAt)}</span></li>`;
      })}</ul></div>`,
  )}</div>
</section>`;
}
