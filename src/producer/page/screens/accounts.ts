/** The accounts: a table, worst first; and one of them, with what is found of it. */
import type { DescribeAccount } from '../../../shared/actions/describe-account.ts';
import type { ListAttention } from '../../../shared/actions/list-attention.ts';
import { beijingDay } from '../../../shared/campaign/quota-window.ts';
import type { AccountDetails } from '../../../shared/contract/accounts.ts';
import { refuse } from '../../../shared/contract/problem.ts';
import type { AccountConfig } from '../../../shared/platform/accounts.ts';
import { DAY } from '../../../shared/platform/time.ts';
import type { CampaignStore } from '../../../shared/record/campaign-store.ts';
import type { LaneStore } from '../../../shared/record/lane-store.ts';
import { type QuotaLedger, REFUSED } from '../../../shared/record/quota-ledger.ts';
import { noSuchAccount } from '../../api/accounts.ts';
import { type Html, html } from '../html.ts';
import { actsPart } from '../parts/act.ts';
import { barChart } from '../parts/chart.ts';
import { figures, number, pageAsked, pager, scrolled, select } from '../parts/table.ts';
import type { Ask, Screen, Show } from '../screen.ts';
import { accountStanding, campaignChip, type Standing, sendsLeft } from '../standing.ts';
import { timeTag } from '../times.ts';
import type { Words } from '../words.ts';

interface Dependencies {
  readonly accounts: () => readonly AccountConfig[];
  readonly describeAccount: DescribeAccount;
  readonly listAttention: ListAttention;
  readonly lanes: Pick<LaneStore, 'read'>;
  readonly quota: Pick<QuotaLedger, 'onDay' | 'toEveryone'>;
  readonly campaigns: Pick<CampaignStore, 'list'>;
  readonly now: () => number;
}

const SIZE = 50;
/** All are looked at, for the worst comes first; of more of them not every few seconds. */
const LIVE = 200;
const PATH = '/page/accounts';
const DAYS = 30;
const RECENT = 10;
/** Campaigns that wait for an administrator. */
const AWAITED_READ = 100;
const STATES = ['open', 'asleep', 'paused'] as const;

interface Seen {
  readonly account: AccountDetails;
  readonly standing: Standing;
  /** Its lane is open, and something waits for what somebody does in WeChat. */
  readonly mayGoOn: boolean;
  readonly toEveryone: number;
}

export const showAccounts =
  (deps: Dependencies): Show =>
  async ({ words, query, isAllowed }): Promise<Screen> => {
    const { search = '', state } = query;
    const page = pageAsked(query.page);
    const named = deps
      .accounts()
      .filter(({ name }) => isAllowed(name))
      .filter(({ name }) => name.toLowerCase().includes(search.toLowerCase()));
    const awaited = await awaitedOf(deps);
    const seen = await Promise.all(named.map((account) => look(deps, account, awaited, words)));
    const wanted = state ? seen.filter(({ account }) => account.lane.state === state) : seen;
    wanted.sort(
      (a, b) => b.standing.weight - a.standing.weight || (a.account.name < b.account.name ? -1 : 1),
    );
    const { accounts: say } = words.screens;
    return {
      title: say.title,
      nav: 'accounts',
      head: html`<form method="get" action="${PATH}" class="filters" role="search">
<label>${say.search} <input type="search" name="search" value="${search}" maxlength="32"></label>
${select('state', say.state, [['', words.frame.all], ...STATES.map((one) => [one, say.states[one]] as const)], state)}
<p class="buttons"><button class="strong">${words.frame.apply}</button></p></form>`,
      parts: new Map([
        [
          'accounts',
          tablePart(wanted.slice((page - 1) * SIZE, page * SIZE), words, {
            query,
            page,
            total: wanted.length,
          }),
        ],
      ]),
      ...(named.length > LIVE ? { live: false as const } : {}),
    };
  };

/** Accounts of which a campaign waits until an administrator has agreed in WeChat. */
async function awaitedOf({ listAttention }: Dependencies): Promise<ReadonlySet<string>> {
  const { items } = await listAttention({ kind: 'wechat-approval', limit: AWAITED_READ });
  return new Set(items.map(({ account }) => account));
}

async function look(
  deps: Dependencies,
  config: AccountConfig,
  awaited: ReadonlySet<string>,
  words: Words,
): Promise<Seen> {
  const { name } = config;
  const [account, lane, everyone] = await Promise.all([
    deps.describeAccount(config, words.lang),
    deps.lanes.read(name),
    deps.quota.toEveryone(name),
  ]);
  const isAwaited = awaited.has(name);
  const standing = accountStanding(account, { ...lane, isAwaited }, words);
  const mayGoOn = isAwaited || Object.keys(lane.refusedHosts ?? {}).length > 0;
  return { account, standing, mayGoOn, toEveryone: everyone.thisMonth };
}

interface Paged {
  readonly query: Readonly<Record<string, string>>;
  readonly page: number;
  readonly total: number;
}

function tablePart(seen: readonly Seen[], words: Words, paged: Paged): Html {
  const { accounts: say } = words.screens;
  const { columns } = say;
  return html`<section id="accounts">
${seen.length === 0 && html`<p class="empty">${say.empty}</p>`}
${
  seen.length > 0 &&
  scrolled(
    say.title,
    html`<table><thead><tr><th scope="col">${columns.name}</th><th scope="col">${columns.state}</th><th scope="col" class="n">${columns.today}</th><th scope="col" class="n">${columns.month}</th><th scope="col">${columns.callback}</th><th scope="col">${columns.token}</th></tr></thead>
<tbody>${seen.map((one) => accountRow(one, words))}</tbody></table>`,
  )
}
${pager({ path: PATH, size: SIZE, ...paged }, words)}
</section>`;
}

function accountRow({ account, standing, toEveryone }: Seen, words: Words): Html {
  const { accounts: say } = words.screens;
  const { name, token, lastEvent, lane } = account;
  const [why] = standing.lines;
  return html`<tr id="a-${name}"><th scope="row"><a href="${PATH}/${name}">${name}</a></th>
<td class="wide"><span class="chip ${standing.tone}">${standing.text}</span>${why && html` ${why}`}${lane.pending > 0 && html` <span class="facts">${words.facts.account.queued(lane.pending)}</span>`}</td>
<td class="n">${leftOf(account, words)}</td><td class="n">${toEveryone}</td>
<td>${lastEvent ? timeTag(lastEvent.at) : say.never}</td><td>${token ? timeTag(token.expiresAt) : say.none}</td></tr>`;
}

function leftOf(account: AccountDetails, words: Words): Html {
  const { left, perDay, isWechats } = sendsLeft(account);
  const text = words.screens.accounts.ofDay(number(left), number(perDay));
  return html`<span class="${left === 0 && 'none'}">${isWechats ? words.facts.account.asWechatSays : text}</span>`;
}

export const showAccount =
  (deps: Dependencies): Show =>
  async (ask, { name = '' }) => {
    const { words } = ask;
    const visible = deps.accounts().filter((one) => ask.isAllowed(one.name));
    const config = visible.find((one) => one.name === name);
    if (!config) return refuse(noSuchAccount(visible));
    const [seen, days, recent] = await Promise.all([
      awaitedOf(deps).then((awaited) => look(deps, config, awaited, words)),
      daysOf(deps, name),
      deps.campaigns.list({ account: name, limit: RECENT }),
    ]);
    const { accounts: say } = words.screens;
    const screen: Screen = {
      title: name,
      nav: 'accounts',
      parts: new Map([
        ['status', statusPart(seen, ask)],
        ['quotas', quotasPart(seen, words)],
        ['days', daysPart(days, seen, words)],
        [
          'recent',
          html`<section id="recent"><h2>${say.recent}</h2><ul class="plain">${recent.campaigns.map(
            (view) => {
              const { tone, text } = campaignChip(view, words);
              return html`<li><a href="/page/campaigns/${view.id}">${view.name || words.screens.campaigns.unnamed}</a> <span class="chip ${tone}">${text}</span> <span class="facts">${timeTag(view.sendAt)}</span></li>`;
            },
          )}</ul><p><a href="/page/campaigns?account=${name}">${words.frame.all}</a></p></section>`,
        ],
      ]),
      campaigns: recent.campaigns.map(({ id }) => id),
    };
    return screen;
  };

function statusPart({ account, standing, mayGoOn }: Seen, { words, refusal }: Ask): Html {
  const { accounts: say } = words.screens;
  const { acts, facts } = words;
  const { name, kind, lane, lastEvent, token, approval, newsRoute, callsPerMinute } = account;
  const isStopped = lane.state !== 'open' || lane.sendBlocked !== undefined || mayGoOn;
  const steps = [
    ...(isStopped ? (['resume'] as const) : []),
    ...(lane.state === 'paused' ? [] : (['pause'] as const)),
  ];
  const rows: readonly (readonly [string, Html | string])[] = [
    [say.kind, facts.kinds[kind]],
    [
      say.columns.callback,
      lastEvent
        ? html`${timeTag(lastEvent.at)} (${say.modes[lastEvent.mode] ?? lastEvent.mode})`
        : say.never,
    ],
    [say.columns.token, token ? timeTag(token.expiresAt) : say.none],
    [say.pace, String(callsPerMinute)],
    [say.approval, say.approvals[approval]],
    [say.route, newsRoute],
  ];
  return html`<section id="status" class="card ${standing.tone}">
<p><span class="chip ${standing.tone}">${standing.text}</span>${lane.pending > 0 && html` <span class="facts">${facts.account.queued(lane.pending)}</span>`}</p>
<h2>${say.findings}</h2>
${standing.lines.length === 0 && html`<p class="facts">${say.noFindings}</p>`}
<ul>${standing.lines.map((line) => html`<li>${line}</li>`)}</ul>
${actsPart(
  steps.map((step) => ({
    id: step,
    label: acts.account[step].label,
    about: `${name} · ${standing.text}`,
    consequence: acts.account[step].consequence(lane.pending),
    confirm: acts.account[step].confirm,
    action: `${PATH}/${name}/${step}`,
    strong: step === 'resume',
    refused: refusal('steer', name),
  })),
  words,
)}
<dl class="facts-list">${rows.map(([label, value]) => html`<div><dt>${label}</dt><dd>${value}</dd></div>`)}</dl>
</section>`;
}

/** The few that an operator counts; the API has them all. One line for what is one quota. */
function quotasPart({ account, toEveryone }: Seen, words: Words): Html {
  const { accounts: say } = words.screens;
  const rows = Object.entries(words.facts.quotas).flatMap(([path, label]) => {
    const found = account.quota[path];
    const isSame = path === 'message/mass/send';
    return found && !isSame ? [[label, found, path] as const] : [];
  });
  return html`<section id="quotas"><h2>${say.quotas}</h2><dl class="facts-list">${rows.map(
    ([label, { left, perDay }, path]) =>
      html`<div><dt>${label}</dt><dd>${path === 'message/mass/sendall' ? leftOf(account, words) : say.ofDay(number(left), number(perDay))}</dd></div>`,
  )}<div><dt>${say.columns.month}</dt><dd>${toEveryone}</dd></div></dl></section>`;
}

interface DayOfUse {
  readonly day: string;
  readonly sends: number;
  /** Of these. */
  readonly refused: number;
  readonly uploads: number;
}

async function daysOf({ quota, now }: Dependencies, name: string): Promise<DayOfUse[]> {
  const days = Array.from({ length: DAYS }, (_, at) => beijingDay(now() - (DAYS - 1 - at) * DAY));
  return Promise.all(
    days.map(async (day) => {
      const calls = await quota.onDay(name, day);
      const sends = (calls['message/mass/send'] ?? 0) + (calls['message/mass/sendall'] ?? 0);
      const refused = Math.min(sends, calls[REFUSED] ?? 0);
      return { day, sends, refused, uploads: calls['media/uploadnews'] ?? 0 };
    }),
  );
}

function daysPart(days: readonly DayOfUse[], { account }: Seen, words: Words): Html {
  const { accounts: say } = words.screens;
  const { perDay } = sendsLeft(account);
  return html`<section id="days"><h2>${say.days}</h2>
${barChart(
  {
    ...{ id: 'days-chart', title: `${say.days}: ${say.sends}` },
    colours: [say.accepted, say.refused],
    bars: days.map(({ day, sends, refused }) => ({
      label: day,
      values: [sends - refused, refused],
    })),
    limit: { name: say.quota, value: perDay },
  },
  words,
)}
<p class="facts">${say.quota}: ${number(perDay)}</p>
${figures(
  words.frame.table,
  [say.day, say.sends, say.refused, say.uploads],
  days
    .toReversed()
    .map(({ day, ...counts }) => [
      day,
      ...[counts.sends, counts.refused, counts.uploads].map(number),
    ]),
)}</section>`;
}
