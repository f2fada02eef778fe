/** Week and month: a row an account, what is planned on each day, what is left today. */
import type { DescribeAccount } from '../../../shared/actions/describe-account.ts';
import type { CampaignView } from '../../../shared/contract/campaign-view.ts';
import type { AccountConfig } from '../../../shared/platform/accounts.ts';
import type { CampaignStore } from '../../../shared/record/campaign-store.ts';
import { type Html, html } from '../html.ts';
import { address, number, pageAsked, pager, scrolled } from '../parts/table.ts';
import type { Screen, Show } from '../screen.ts';
import { campaignChip, sendsLeft } from '../standing.ts';
import { addDays, between, dayOf, isDay, shown } from '../times.ts';
import type { Words } from '../words.ts';

interface Dependencies {
  readonly accounts: () => readonly AccountConfig[];
  readonly describeAccount: DescribeAccount;
  readonly campaigns: Pick<CampaignStore, 'list'>;
  readonly now: () => number;
}

const PATH = '/page/calendar';
const ACCOUNTS_SHOWN = 50;
const CAMPAIGNS_SHOWN = 1_000;
/** More are read when the page is asked for, and not every few seconds. */
const LIVE = 200;
/** In a cell of a month. */
const NAMED = 3;

export const showCalendar =
  (deps: Dependencies): Show =>
  async ({ words, query, isAllowed }): Promise<Screen> => {
    const today = dayOf(deps.now());
    const { day: asked = '' } = query;
    const day = isDay(asked) ? asked : today;
    const isMonth = query.view === 'month';
    const days = isMonth ? monthOf(day) : weekOf(day);
    const [first = day, last = day] = [days[0], days.at(-1)];
    const found = await deps.campaigns.list({
      ...{ limit: CAMPAIGNS_SHOWN, isAllowed },
      ...between(first, last),
    });
    const page = pageAsked(query.page);
    const all = deps.accounts().filter(({ name }) => isAllowed(name));
    const some = all.slice((page - 1) * ACCOUNTS_SHOWN, page * ACCOUNTS_SHOWN);
    const rows = await Promise.all(
      some.map(async (config) => {
        const account = await deps.describeAccount(config, words.lang);
        const planned = found.campaigns.filter((one) => one.account === config.name);
        const { left, perDay } = sendsLeft(account);
        const quota = words.overviews.calendar.left(number(left), number(perDay));
        return rowOf({ name: config.name, quota, planned, days, isMonth }, words);
      }),
    );
    const { calendar: say } = words.overviews;
    const step = isMonth ? days.length : 7;
    const to = (changes: Record<string, string>): string =>
      address(PATH, { view: query.view ?? '', day }, changes);
    return {
      title: say.title,
      nav: 'calendar',
      head: html`<nav class="tabs" aria-label="${say.title}"><a href="${to({ view: '' })}"${!isMonth && html` aria-current="true"`}>${say.week}</a><a href="${to({ view: 'month' })}"${isMonth && html` aria-current="true"`}>${say.month}</a>
<a class="button" rel="prev" href="${to({ day: isMonth ? addDays(first, -1) : addDays(first, -step) })}">${say.before}</a><a class="button" href="${to({ day: '' })}">${say.today}</a><a class="button" rel="next" href="${to({ day: addDays(last, 1) })}">${say.after}</a> <b>${first} – ${last}</b></nav>`,
      parts: new Map([
        [
          'calendar',
          html`<section id="calendar">${found.campaigns.length === 0 && html`<p class="facts">${say.empty}</p>`}${scrolled(
            say.title,
            html`<table class="calendar"><thead><tr><th scope="col">${say.account}</th>${days.map(
              (one) =>
                html`<th scope="col"${one === today && html` class="today"`}>${say.weekdays[weekday(one)]}<br>${one.slice(5)}</th>`,
            )}</tr></thead><tbody>${rows}</tbody></table>`,
          )}${found.next !== null && html`<p class="facts">${say.more(number(CAMPAIGNS_SHOWN))}</p>`}${pager(
            { path: PATH, query, page, size: ACCOUNTS_SHOWN, total: all.length },
            words,
          )}</section>`,
        ],
      ]),
      ...(found.campaigns.length > LIVE ? { live: false as const } : {}),
    };
  };

interface Row {
  readonly name: string;
  readonly quota: string;
  readonly planned: readonly CampaignView[];
  readonly days: readonly string[];
  readonly isMonth: boolean;
}

function rowOf({ name, quota, planned, days, isMonth }: Row, words: Words): Html {
  const cell = (day: string): Html => {
    const ofDay = planned
      .filter(({ sendAt }) => dayOf(sendAt) === day)
      .sort((one, other) => (one.sendAt < other.sendAt ? -1 : 1));
    const named = isMonth ? ofDay.slice(0, NAMED) : ofDay;
    const more = ofDay.length - named.length;
    return html`<td>${named.map((view) => entry(view, words))}${
      more > 0 && html`<a class="facts" href="${address(PATH, {}, { day })}">+ ${more}</a>`
    }</td>`;
  };
  return html`<tr id="a-${name}"><th scope="row"><a href="/page/accounts/${name}">${name}</a><br><span class="facts">${quota}</span></th>${days.map(cell)}</tr>`;
}

/** To change its time: the form on its page. */
function entry(view: CampaignView, words: Words): Html {
  const { tone, text } = campaignChip(view, words);
  return html`<a class="entry chip ${tone}" href="/page/campaigns/${view.id}" title="${text}">${shown(view.sendAt).slice(11)} ${view.name || words.screens.campaigns.unnamed}</a>`;
}

/** 0 for Monday. */
const weekday = (day: string): number => (new Date(`${day}T00:00:00Z`).getUTCDay() + 6) % 7;

function weekOf(day: string): string[] {
  const monday = addDays(day, -weekday(day));
  return Array.from({ length: 7 }, (_, at) => addDays(monday, at));
}

function monthOf(day: string): string[] {
  const month = day.slice(0, 7);
  return Array.from({ length: 31 }, (_, at) => addDays(`${month}-01`, at)).filter((one) =>
    one.startsWith(month),
  );
}
