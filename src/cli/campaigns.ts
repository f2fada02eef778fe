/** The commands that look at campaigns: list, show, watch. */
import type { CampaignSummary } from '../client/index.ts';
import { CAMPAIGN_STATES } from '../shared/campaign/campaign.ts';
import {
  audienceText,
  batchLine,
  campaignLines,
  colourOf,
  stateText,
  waitText,
} from './campaign-lines.ts';
import {
  allOf,
  type Command,
  EXIT,
  exitOf,
  firstOf,
  flag,
  given,
  type Invocation,
  needsOperator,
  onlyArg,
  type Result,
  text,
  UsageError,
} from './command.ts';
import { makeProgress } from './progress.ts';
import { localTime, number, table } from './screen.ts';

export const list: Command = {
  name: 'list',
  usage: [''],
  examples: ['list --state held', 'list --account default --limit 100'],
  options: ['account', 'state', 'limit'],
  async run(invocation) {
    const { client, args, values, t } = invocation;
    if (args[0] !== undefined) throw new UsageError(t.usage.unexpected(args[0]));
    const state = CAMPAIGN_STATES.find((one) => one === text(values, 'state'));
    if (flag(values, 'state') && !state) {
      throw new UsageError(t.usage.oneOf('state', CAMPAIGN_STATES.join(', ')));
    }
    const where = { ...given(values, { account: 'account' }), ...(state ? { state } : {}) };
    const found = await firstOf(invocation, (page) => client.campaigns.list({ ...where, ...page }));
    const rows = found.map((campaign) => [
      campaign.id,
      campaign.account,
      stateText(campaign, invocation),
      audienceText(campaign.audience, invocation),
      `${number(campaign.batches.settled, t)}/${number(campaign.batches.total, t)}`,
      localTime(campaign.sendAt),
      campaign.name,
    ]);
    const colours = [...found.map(colourOf)];
    const isCut = found.length === Number(text(values, 'limit') ?? 20);
    return {
      answer: found,
      lines: [
        ...table([t.campaign.heads, ...rows], invocation, (row) =>
          row === 0 ? 'bold' : colours[row - 1],
        ),
        t.campaign.shown(found.length, isCut),
      ],
    };
  },
};

export const show: Command = {
  name: 'show',
  usage: ['<id>'],
  examples: ['show <id> --batches --audit'],
  options: ['batches', 'audit'],
  async run(invocation) {
    const { client, values, t } = invocation;
    const campaign = await client.campaigns.get(onlyArg(invocation, 'campaign'));
    const batches = flag(values, 'batches')
      ? await allOf(client.campaigns.batches(campaign.id))
      : undefined;
    const audit = flag(values, 'audit') ? await client.campaigns.audit(campaign.id) : undefined;
    const entries = (audit ?? []).map(({ at, by, message, batch, note }) => [
      `  ${localTime(at)}`,
      by,
      [message, ...(batch === undefined ? [] : [t.batch.no(batch)]), ...(note ? [note] : [])].join(
        t.comma,
      ),
    ]);
    return {
      answer: { ...campaign, ...(batches && { batchList: batches }), ...(audit && { audit }) },
      lines: [
        ...campaignLines(campaign, invocation),
        ...(batches ?? []).map((batch) => batchLine(batch, invocation)),
        ...table(entries, { ...invocation, columns: Number.POSITIVE_INFINITY }),
      ],
      exit: exitOf(campaign),
    };
  },
};

export const watch: Command = {
  name: 'watch',
  usage: ['<id>'],
  options: ['keep'],
  async run(invocation) {
    const { json, terminal } = invocation;
    const result = await waitFor(invocation, onlyArg(invocation, 'campaign'), {
      keep: flag(invocation.values, 'keep'),
      ...(json ? { each: (it) => terminal.stdout.write(`${JSON.stringify(it)}\n`) } : {}),
    });
    return json ? { exit: result.exit } : result;
  },
};

interface WaitOptions {
  /** Continues where only an operator can bring the campaign on. */
  readonly keep?: boolean;
  readonly each?: (campaign: CampaignSummary) => void;
}

/** Watches a campaign until it has ended, or until it needs an operator. */
export async function waitFor(
  invocation: Invocation,
  id: string,
  { keep = false, each }: WaitOptions = {},
): Promise<Required<Result>> {
  const { client, terminal, json, t } = invocation;
  const progress = json ? null : makeProgress(terminal.stderr, t);
  const interrupt = new AbortController();
  const unlisten = terminal.onInterrupt?.(() => interrupt.abort());
  const { signal } = interrupt;
  try {
    for await (const { campaign } of client.campaigns.watch(id, { signal })) {
      const state = stateText(campaign, invocation);
      const { waiting, batches } = campaign;
      progress?.show(
        batches,
        waiting ? t.progress.waits(state, waitText(waiting, invocation)) : state,
      );
      each?.(campaign);
      if (!keep && needsOperator(campaign)) break;
    }
  } catch (error) {
    if (!signal.aborted) throw error;
    terminal.stderr.write(`\n${t.interrupted(id)}\n`);
    return { answer: undefined, lines: [], exit: EXIT.interrupted };
  } finally {
    unlisten?.();
  }
  const campaign = await client.campaigns.get(id);
  return { answer: campaign, lines: campaignLines(campaign, invocation), exit: exitOf(campaign) };
}
