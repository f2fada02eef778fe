/** Looking at campaigns. */
import type { BatchDetails, CampaignSummary } from '../client/index.ts';
import { CAMPAIGN_STATES, type CampaignState } from '../shared/campaign/campaign.ts';
import { type Command, count, flag, onlyArg, text, UsageError, type Values } from './command.ts';
import { EXIT, exitOf } from './exit.ts';
import { waitFor } from './wait-for.ts';
import { audienceWords, campaignLines, columns, number, stateWords } from './words.ts';

export const watch: Command = {
  name: 'watch',
  summary: 'Watch a campaign until it ends, or until a person is needed.',
  usage: ['<campaign id>'],
  details: 'With --json: one object a line, each time something changed.',
  options: {
    keep: { type: 'boolean', help: 'go on watching a held or paused campaign' },
  },
  async run(invocation) {
    const id = onlyArg(invocation, 'campaign id');
    const keep = flag(invocation.values, 'keep');
    return waitFor(invocation, id, {
      keep,
      ...(invocation.json ? { each: invocation.answer } : {}),
    });
  },
};

export const list: Command = {
  name: 'list',
  summary: 'The campaigns, newest first.',
  usage: [''],
  options: {
    account: { type: 'string', value: 'name', help: 'of this account only' },
    state: { type: 'string', value: 'state', help: CAMPAIGN_STATES.join(', ') },
    limit: { type: 'string', value: 'n', help: 'how many at most; 20' },
  },
  async run({ client, args, values, say, answer }) {
    if (args.length > 0) throw new UsageError(`what is ${args[0]}?`);
    const most = count(values, 'limit', 100_000) ?? 20;
    const account = text(values, 'account');
    const state = stateOf(values);
    const found: CampaignSummary[] = [];
    const where = { ...(account ? { account } : {}), ...(state ? { state } : {}) };
    for await (const campaign of client.campaigns.list({ ...where, limit: Math.min(most, 100) })) {
      found.push(campaign);
      if (found.length === most) break;
    }
    answer(found);
    const rows = found.map((campaign) => [
      campaign.id,
      campaign.account,
      stateWords(campaign),
      audienceWords(campaign.audience),
      `${number(campaign.batches.settled)}/${number(campaign.batches.total)}`,
      campaign.name,
    ]);
    const head = ['id', 'account', 'state', 'audience', 'batches', 'name'];
    for (const line of columns([head, ...rows])) say(line);
    return EXIT.done;
  },
};

function stateOf(values: Values): CampaignState | undefined {
  const given = text(values, 'state');
  const known = CAMPAIGN_STATES.find((state) => state === given);
  if (given === undefined || known) return known;
  throw new UsageError(`--state: one of ${CAMPAIGN_STATES.join(', ')}`);
}

export const show: Command = {
  name: 'show',
  summary: 'One campaign: how it stands, its batches, who did what.',
  usage: ['<campaign id>'],
  options: {
    batches: { type: 'boolean', help: 'its batches' },
    audit: { type: 'boolean', help: 'who did what' },
  },
  async run(invocation) {
    const { client, values, say, answer } = invocation;
    const campaign = await client.campaigns.get(onlyArg(invocation, 'campaign id'));
    const batches: BatchDetails[] = [];
    if (flag(values, 'batches')) {
      for await (const batch of client.campaigns.batches(campaign.id)) batches.push(batch);
    }
    const audit = flag(values, 'audit') ? await client.campaigns.audit(campaign.id) : [];
    answer({
      ...campaign,
      ...(flag(values, 'batches') ? { batchList: batches } : {}),
      ...(flag(values, 'audit') ? { audit } : {}),
    });
    for (const line of campaignLines(campaign)) say(line);
    for (const line of batches.map(batchLine)) say(line);
    for (const { at, by, message, note, batch } of audit) {
      say(
        `  ${at}  ${by}  ${message}${batch === undefined ? '' : ` (batch ${batch})`}${note ? `: ${note}` : ''}`,
      );
    }
    return exitOf(campaign);
  },
};

function batchLine({
  no,
  version,
  state,
  size,
  msgId,
  receipt,
  reason,
  errcode,
}: BatchDetails): string {
  const words = [
    `  batch ${no}  ${state}`,
    size === null ? '' : `${number(size)} OpenIDs`,
    msgId ? `msg id ${msgId}` : '',
    receipt
      ? `${receipt.status}, ${number(receipt.sent)} sent, ${number(receipt.failed)} failed`
      : '',
    errcode === undefined ? '' : `errcode ${errcode}`,
    reason ?? '',
    `version ${version}`,
  ];
  return words.filter((word) => word !== '').join(', ');
}
