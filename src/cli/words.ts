/** What a campaign is called on a terminal. */
import type { Audience } from '../shared/campaign/audience.ts';
import type { InWords } from '../shared/campaign/warnings.ts';
import type { CampaignView } from '../shared/contract/campaign-view.ts';

export const number = (count: number | null | undefined): string =>
  count === null || count === undefined ? 'unknown' : count.toLocaleString('en');

export function audienceWords(audience: Audience): string {
  switch (audience.type) {
    case 'group':
      return `group ${audience.groupId}`;
    case 'tag':
      return `tag ${audience.tagId}`;
    case 'everyone':
      return 'everyone';
    case 'list':
      return `list ${audience.listId}`;
    case 'followers':
      return 'all followers, by OpenID';
  }
}

export const stateWords = ({ state, outcome }: Pick<CampaignView, 'state' | 'outcome'>): string =>
  outcome ? `${state}: ${outcome}` : state;

/** The campaign as some lines; the last ones say what stands in the way, and what helps. */
export function campaignLines(campaign: InWords<CampaignView>): string[] {
  const { id, batches, receipt, waiting, error, warnings, pausedFor = [] } = campaign;
  const counts = Object.entries(batches).filter(([state, n]) => state !== 'total' && n > 0);
  return [
    `${id}  ${campaign.name}`,
    `  state       ${stateWords(campaign)}, version ${campaign.version}${campaign.sandbox ? '  (sandbox: nobody real gets anything)' : ''}`,
    `  account     ${campaign.account}`,
    `  audience    ${audienceWords(campaign.audience)}${campaign.recipients === null ? '' : `, ${number(campaign.recipients)} recipients`}`,
    `  batches     ${number(batches.total)}${counts.length > 0 ? `: ${counts.map(([state, n]) => `${number(n)} ${state}`).join(', ')}` : ''}`,
    ...(batches.settled > 0
      ? [
          `  receipt     ${number(receipt.sent)} sent, ${number(receipt.failed)} failed, of ${number(receipt.eligible)} eligible (${number(receipt.total)} in all)`,
        ]
      : []),
    `  send at     ${campaign.sendAt}, not after ${campaign.notAfter}`,
    ...(campaign.completedAt ? [`  ended at    ${campaign.completedAt}`] : []),
    ...(waiting ? [`  waits for   ${waitWords(waiting)}`] : []),
    ...pausedFor.map((reason) => `  paused for  ${reason}${PAUSE_HELP[reason]?.(id) ?? ''}`),
    ...(error ? [`  error       ${error.code}: ${error.message}`] : []),
    ...warnings.map(({ message }) => `  !           ${message}`),
  ];
}

export const waitWords = ({
  reason,
  until,
  queue,
  missesNotAfter,
}: NonNullable<CampaignView['waiting']>): string =>
  `${reason}${queue ? ` (no worker serves ${queue})` : ''}${until ? `, until ${until}` : ''}${missesNotAfter ? ', which is after notAfter: it will be cancelled' : ''}`;

const PAUSE_HELP: Readonly<Record<string, (id: string) => string>> = {
  operator: (id) => `; qunfa resume ${id}`,
  'followers-incomplete': (id) => `; qunfa resume ${id} sends to those that were listed`,
  approval: (id) => `; somebody else: qunfa approve ${id}, or qunfa reject ${id} --note '…'`,
};

/** Columns as wide as what stands in them. */
export function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, at) =>
    Math.max(...rows.map((row) => (row[at] ?? '').length)),
  );
  return rows.map((row) =>
    row
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
