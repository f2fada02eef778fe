/** All campaigns as a table: filters in the address, sorted, page by page, and as CSV. */
import { CAMPAIGN_STATES } from '../../../shared/campaign/campaign.ts';
import { MESSAGE_TYPES } from '../../../shared/campaign/message.ts';
import { OUTCOMES } from '../../../shared/campaign/outcome.ts';
import type { CampaignView } from '../../../shared/contract/campaign-view.ts';
import type { AccountConfig } from '../../../shared/platform/accounts.ts';
import type { CampaignStore } from '../../../shared/record/campaign-store.ts';
import { BOM, csvLine } from '../../http/csv.ts';
import type { AudienceNames } from '../audience-names.ts';
import { type Filter, findCampaigns, SEARCHED, SORTS } from '../find-campaigns.ts';
import { type Html, html } from '../html.ts';
import { address, heldBack, number, pageAsked, pager, scrolled, select } from '../parts/table.ts';
import type { Ask, Screen, Show } from '../screen.ts';
import { campaignChip } from '../standing.ts';
import { shown, timeTag } from '../times.ts';
import type { Words } from '../words.ts';

interface Dependencies {
  readonly campaigns: Pick<CampaignStore, 'list'>;
  readonly accounts: () => readonly Pick<AccountConfig, 'name'>[];
  readonly names: AudienceNames;
}

const SIZE = 50;
const PATH = '/page/campaigns';

export const showCampaigns =
  ({ campaigns, accounts, names }: Dependencies): Show =>
  async ({ words, query, isAllowed }): Promise<Screen> => {
    const page = pageAsked(query.page);
    const found = await findCampaigns(campaigns, { ...query, isAllowed }, page * SIZE);
    const some = found.campaigns.slice((page - 1) * SIZE, page * SIZE);
    const rows = await Promise.all(
      some.map(async (view) => row(view, await names.withCount(view, words), words)),
    );
    const { title } = words.screens.campaigns;
    return {
      title,
      nav: 'campaigns',
      head: html`${filters(
        query,
        accounts().filter(({ name }) => isAllowed(name)),
        words,
      )}`,
      parts: new Map([['campaigns', tablePart({ rows, query, page, ...found, words })]]),
      campaigns: some.map(({ id }) => id),
      ...(page > 1 ? { live: false as const } : {}),
    };
  };

function filters(query: Filter, accounts: readonly { name: string }[], words: Words): Html {
  const { screens, states, facts, frame } = words;
  const { filters: say, sorts, outcomes } = screens.campaigns;
  const any = ['', frame.all] as const;
  const stateOptions = [
    any,
    ...CAMPAIGN_STATES.flatMap((state): (readonly [string, string])[] =>
      state === 'completed'
        ? [[state, states[state]], ...OUTCOMES.map((one) => [one, outcomes[one]] as const)]
        : [[state, states[state]]],
    ),
  ];
  return html`<form method="get" action="${PATH}" class="filters" role="search">
${select('account', say.account, [any, ...accounts.map(({ name }) => [name, name] as const)], query.account)}
${select('state', say.state, stateOptions, query.state)}
${select('type', say.type, [any, ...MESSAGE_TYPES.map((type) => [type, facts.types[type]] as const)], query.type)}
<label>${say.day} <input type="date" name="day" value="${query.day ?? ''}"></label>
<label>${say.by} <input name="by" value="${query.by ?? ''}" maxlength="64"></label>
<label>${say.word} <input type="search" name="word" value="${query.word ?? ''}" maxlength="128"></label>
${select(
  'sort',
  say.sort,
  SORTS.map((sort) => [sort, sorts[sort]] as const),
  query.sort,
)}
<p class="buttons"><button class="strong">${frame.apply}</button> <a class="button" href="${PATH}">${frame.clear}</a></p>
</form>`;
}

interface Table {
  readonly rows: readonly Html[];
  readonly query: Readonly<Record<string, string>>;
  readonly page: number;
  readonly total: number;
  readonly isAll: boolean;
  readonly words: Words;
}

function tablePart({ rows, query, page, total, isAll, words }: Table): Html {
  const { campaigns: say } = words.screens;
  const { columns } = say;
  const { page: _, lang: __, ...filter } = query;
  const isFiltered = Object.keys(filter).length > 0;
  const heads = [columns.name, columns.state, columns.planned, columns.account, columns.audience];
  return html`<section id="campaigns">
${heldBack(words)}
${rows.length === 0 && html`<p class="empty">${isFiltered ? say.emptyFiltered : say.empty}</p>`}
${
  rows.length > 0 &&
  scrolled(
    say.title,
    html`<table><thead><tr>${heads.map((head) => html`<th scope="col">${head}</th>`)}
<th scope="col" class="n">${columns.sent}</th><th scope="col" class="n">${columns.failed}</th><th scope="col">${columns.by}</th></tr></thead>
<tbody data-hold>${rows}</tbody></table>`,
  )
}
${pager({ path: PATH, query, page, size: SIZE, total }, words)}
${!isAll && total <= page * SIZE && html`<p class="facts">${say.more(number(SEARCHED))}</p>`}
${rows.length > 0 && html`<p class="facts"><a href="${address(`${PATH}.csv`, filter)}" download>${say.csv}</a></p>`}
</section>`;
}

function row(view: CampaignView, audience: string, words: Words): Html {
  const { tone, text } = campaignChip(view, words);
  const { receipt, id, name, account, sendAt, messageType, createdBy } = view;
  return html`<tr id="c-${id}">
<th scope="row"><a href="${PATH}/${id}">${name || words.screens.campaigns.unnamed}</a><br><span class="facts">${words.facts.types[messageType]}</span></th>
<td><span class="chip ${tone}">${text}</span></td><td>${timeTag(sendAt)}</td>
<td><a href="/page/accounts/${account}">${account}</a></td><td>${audience}</td>
<td class="n">${receipt.sent !== null && number(receipt.sent)}</td><td class="n">${receipt.failed !== null && number(receipt.failed)}</td>
<td>${createdBy}</td></tr>`;
}

/** The same filters, all pages. */
export async function campaignsCsv(
  { campaigns, names }: Pick<Dependencies, 'campaigns' | 'names'>,
  { words, query, isAllowed }: Ask,
): Promise<string> {
  const { campaigns: found } = await findCampaigns(campaigns, { ...query, isAllowed });
  const { columns } = words.screens.campaigns;
  const { campaign } = words.screens;
  const head = csvLine([
    ...[campaign.id, columns.name, columns.account, columns.audience, columns.planned],
    ...[columns.state, columns.sent, columns.failed, columns.by],
  ]);
  const lines = await Promise.all(
    found.map(async (view) =>
      csvLine([
        ...[view.id, view.name, view.account, await names.withCount(view, words)],
        ...[shown(view.sendAt), campaignChip(view, words).text],
        ...[view.receipt.sent, view.receipt.failed, view.createdBy],
      ]),
    ),
  );
  return `${BOM}${head}${lines.join('')}`;
}
