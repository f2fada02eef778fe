/** Campaigns and batches as lines on a terminal. */
import type { BatchDetails, CampaignSummary } from '../client/index.ts';
import { STATE_WORDS } from '../shared/campaign/state-words.ts';
import { meaningOf } from '../shared/wechat/errcodes.ts';
import { fields, localTime, number, type Screen } from './screen.ts';

type Audience = CampaignSummary['audience'];

export function audienceText(audience: Audience, { t }: Screen): string {
  switch (audience.type) {
    case 'group':
      return t.audience.group(audience.groupId);
    case 'tag':
      return t.audience.tag(audience.tagId);
    case 'list':
      return t.audience.list(audience.listId);
    default:
      return t.audience[audience.type];
  }
}

export function stateText(
  { state, outcome }: Pick<CampaignSummary, 'state' | 'outcome'>,
  { lang, t }: Screen,
): string {
  const { states, outcomes } = STATE_WORDS[lang];
  return outcome ? `${states[state]}${t.colon}${outcomes[outcome]}` : states[state];
}

export function colourOf({ state, outcome }: Pick<CampaignSummary, 'state' | 'outcome'>) {
  if (state === 'held' || state === 'failed' || outcome === 'unknown') return 'red';
  if (state === 'paused' || (outcome && outcome !== 'delivered')) return 'yellow';
  return state === 'completed' ? 'green' : undefined;
}

/** The campaign; the last lines are what keeps it from going on, and what helps. */
export function campaignLines(campaign: CampaignSummary, screen: Screen): string[] {
  const {
    id,
    name,
    account,
    batches,
    receipt,
    waiting,
    error,
    warnings,
    pausedFor = [],
  } = campaign;
  const { t, paint } = screen;
  const { labels, ...texts } = t.campaign;
  const { total, ...states } = batches;
  const counts = (Object.entries(states) as [keyof typeof states, number][])
    .filter(([, count]) => count > 0)
    .map(([state, count]) =>
      texts.count(STATE_WORDS[screen.lang].batchStates[state], number(count, t)),
    );
  const recipients =
    campaign.recipients === null ? [] : [texts.recipients(number(campaign.recipients, t))];
  return [
    paint('bold', `${id}  ${name}`),
    ...fields([
      [
        labels.state,
        paint(colourOf(campaign), stateText(campaign, screen)) +
          t.comma +
          texts.version(campaign.version) +
          (campaign.sandbox ? texts.sandbox : ''),
      ],
      [labels.account, account],
      [labels.audience, [audienceText(campaign.audience, screen), ...recipients].join(t.comma)],
      [
        labels.batches,
        [number(total, t), ...(counts.length > 0 ? [counts.join(t.comma)] : [])].join(t.colon),
      ],
      [labels.result, batches.settled === 0 ? undefined : texts.result(receipt)],
      [labels.sendAt, localTime(campaign.sendAt)],
      [labels.notAfter, localTime(campaign.notAfter)],
      [labels.ended, campaign.completedAt && localTime(campaign.completedAt)],
      [labels.waits, waiting && waitText(waiting, screen)],
      ...pausedFor.map((why) => [labels.paused, pauseText(why, id, screen)] as const),
      [labels.error, error && `${error.code}${t.colon}${error.message}`],
      ...warnings.map(({ message }) => [labels.warning, paint('yellow', message)] as const),
    ]),
  ];
}

type Pause = NonNullable<CampaignSummary['pausedFor']>[number];
const NEXT: Readonly<Record<Pause, readonly string[]>> = {
  operator: ['resume'],
  'followers-incomplete': ['resume', 'cancel'],
  approval: ['approve', 'reject'],
  'message-id-taken': ['resolve'],
};

const pauseText = (why: Pause, id: string, { lang, t }: Screen): string =>
  [STATE_WORDS[lang].pausedFor[why], ...NEXT[why].map((step) => `qunfa ${step} ${id}`)].join(
    t.comma,
  );

export function waitText(
  { reason, until, queue, missesNotAfter }: NonNullable<CampaignSummary['waiting']>,
  { lang, t }: Screen,
): string {
  const why = STATE_WORDS[lang].waits[reason];
  return [
    queue ? `${why} ${t.campaign.queue(queue)}` : why,
    ...(until ? [t.campaign.until(localTime(until))] : []),
    ...(missesNotAfter ? [t.campaign.late] : []),
  ].join(t.comma);
}

export function batchLine(batch: BatchDetails, screen: Screen): string {
  const { no, version, state, size, msgId, receipt } = batch;
  const { lang, t } = screen;
  const parts = [
    `${t.batch.no(no)}  ${STATE_WORDS[lang].batchStates[state]}`,
    size === null ? undefined : t.batch.size(number(size, t)),
    msgId && t.batch.msgId(msgId),
    receipt && t.batch.receipt(receipt),
    batch.error?.message ?? batch.message,
    t.campaign.version(version),
  ];
  return `  ${parts.filter((part) => part !== undefined).join(t.comma)}`;
}

/** What an errcode of WeChat means, as the end of a line. */
export const refusalIn = (
  errcode: number | undefined,
  { lang, t }: Pick<Screen, 'lang' | 't'>,
  path = '',
): string =>
  errcode === undefined ? '' : `${t.colon}${meaningOf(errcode, path, lang)} (${errcode})`;
