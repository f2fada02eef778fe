/** The commands by which an operator decides about a campaign or its batches. */
import type { CampaignDetails, Resolution, Seen, StoppedCampaign } from '../client/index.ts';
import { campaignLines, refusalIn } from './campaign-lines.ts';
import {
  type Command,
  EXIT,
  flag,
  given,
  type Invocation,
  onlyArg,
  type Result,
  text,
  UsageError,
  whole,
} from './command.ts';
import { number } from './screen.ts';

const VERSIONS = [0, 1e15] as const;
const NUMBERS = [1, 999_999] as const;

/** The campaign at the version that `--seen` names, else as it is now. */
async function seenBy(invocation: Invocation): Promise<Seen> {
  const id = onlyArg(invocation, 'campaign');
  const version = whole(invocation, 'seen', VERSIONS);
  return version === undefined ? invocation.client.campaigns.get(id) : { id, version };
}

const shown = (
  campaign: CampaignDetails & Partial<StoppedCampaign>,
  invocation: Invocation,
): Result => ({
  answer: campaign,
  lines: [
    ...campaignLines(campaign, invocation),
    ...(campaign.inFlight ?? []).map(({ no, why }) => `  !  ${invocation.t.inFlight[why](no)}`),
  ],
});

const step = (name: 'pause' | 'resume' | 'cancel' | 'approve' | 'acknowledge'): Command => ({
  name,
  usage: ['<id>'],
  options: ['seen', 'note'],
  async run(invocation) {
    const seen = await seenBy(invocation);
    const note = text(invocation.values, 'note');
    return shown(await invocation.client.campaigns[name](seen, { note }), invocation);
  },
});

export const pause = step('pause');
export const resume = step('resume');
export const cancel = step('cancel');
export const approve = step('approve');
export const acknowledge = step('acknowledge');

export const reject: Command = {
  name: 'reject',
  usage: ["<id> --note '…'"],
  options: ['seen', 'note'],
  async run(invocation) {
    const note = text(invocation.values, 'note');
    if (note === undefined) throw new UsageError(invocation.t.usage.reason);
    return shown(
      await invocation.client.campaigns.reject(await seenBy(invocation), note),
      invocation,
    );
  },
};

export const reschedule: Command = {
  name: 'reschedule',
  usage: ['<id> --send-at <time>'],
  examples: ['reschedule <id> --send-at 2026-12-01T09:00:00+08:00'],
  options: ['send-at', 'not-after', 'seen', 'note'],
  async run(invocation) {
    const { client, values, t } = invocation;
    const times = given(values, { 'send-at': 'sendAt', 'not-after': 'notAfter', note: 'note' });
    if (!times.sendAt && !times.notAfter) throw new UsageError(t.usage.times);
    return shown(await client.campaigns.reschedule(await seenBy(invocation), times), invocation);
  },
};

export const retry: Command = {
  name: 'retry',
  usage: ['<id>'],
  examples: ['retry <id> --split'],
  options: ['seen', 'split', 'without'],
  async run(invocation) {
    const { client, values } = invocation;
    const { without } = values;
    const campaign = await client.campaigns.retry(await seenBy(invocation), {
      ...(flag(values, 'split') ? { split: true } : {}),
      ...(without ? { without } : {}),
    });
    return shown(campaign, invocation);
  },
};

export const resolve: Command = {
  name: 'resolve',
  usage: ['<id> <n | all-held> --as sent|not-sent|given-up'],
  examples: ['resolve <id> 3 --as sent --msg-id 1000000002', 'resolve <id> all-held --as not-sent'],
  options: ['as', 'msg-id', 'may-be-received-twice', 'note', 'seen'],
  async run(invocation) {
    const { client, args, t } = invocation;
    const [id, which = '', ...more] = args;
    if (!/^(all-held|[1-9]\d{0,5})$/.test(which)) throw new UsageError(t.usage.batch);
    const one = { ...invocation, args: [id ?? '', ...more] };
    onlyArg(one, 'campaign');
    const resolution = resolutionOf(invocation);
    if (which === 'all-held') {
      const seen = await seenBy(one);
      return shown(await client.campaigns.resolve(seen, which, resolution), invocation);
    }
    const campaign = { id: id ?? '', version: 0 };
    const batch = await batchSeen(invocation, campaign.id, Number(which));
    return shown(await client.campaigns.resolve(campaign, batch, resolution), invocation);
  },
};

async function batchSeen(invocation: Invocation, id: string, no: number) {
  const version = whole(invocation, 'seen', VERSIONS);
  if (version !== undefined) return { no, version };
  for await (const batch of invocation.client.campaigns.batches(id, { from: no, limit: 1 })) {
    if (batch.no === no) return batch;
  }
  // The producer refuses it: there is no such batch.
  return { no, version: 0 };
}

function resolutionOf({ values, t }: Invocation): Resolution {
  const as = text(values, 'as');
  const msgId = text(values, 'msg-id');
  const note = given(values, { note: 'note' });
  const isTwice = flag(values, 'may-be-received-twice');
  if (as !== 'sent' && as !== 'not-sent' && as !== 'given-up') {
    throw new UsageError(t.usage.oneOf('as', 'sent, not-sent, given-up'));
  }
  if (as !== 'sent' && msgId !== undefined) throw new UsageError(t.usage.msgIdExtra);
  if (as !== 'not-sent' && isTwice) throw new UsageError(t.usage.twice);
  if (as !== 'sent')
    return { as, ...(isTwice ? { mayBeReceivedTwice: true } : {}), ...note } as Resolution;
  if (msgId === undefined) throw new UsageError(t.usage.msgIdMissing);
  return { as, msgId, ...note };
}

export const recall: Command = {
  name: 'recall',
  usage: ['<id>'],
  examples: ['recall <id> --article 2 --batch 1'],
  options: ['seen', 'article', 'batch'],
  async run(invocation) {
    const { client, values, t } = invocation;
    const articleIndex = whole(invocation, 'article', [1, 10]);
    const batches = values.batch?.map(
      (no) => whole({ t, values: { batch: [no] } }, 'batch', NUMBERS) ?? 0,
    );
    const report = await client.campaigns.recall(await seenBy(invocation), {
      ...(articleIndex === undefined ? {} : { articleIndex }),
      ...(batches ? { batches } : {}),
    });
    const { results, notes, quota } = report;
    const isDone = results.every(({ outcome }) => DONE.includes(outcome));
    return {
      answer: report,
      lines: [
        ...results.map(
          ({ no, outcome, errcode }) =>
            `${t.batch.no(no)}  ${t.outcomes[outcome]}${refusalIn(errcode, invocation, RECALL)}`,
        ),
        ...notes.map(({ message }) => message),
        t.left.recalls(number(quota.left, t), number(quota.perDay, t)),
      ],
      exit: isDone && results.length > 0 ? EXIT.done : EXIT.failed,
    };
  },
};

const RECALL = 'message/mass/delete';
const DONE: readonly string[] = ['recalled', 'already', 'not-sent'];
