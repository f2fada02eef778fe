/** What a person may do to a campaign. */
import type {
  CampaignDetails,
  Client,
  InFlight,
  Resolution,
  Seen,
  StoppedCampaign,
} from '../client/index.ts';
import type { Language } from '../shared/platform/sentences.ts';
import {
  type Command,
  count,
  flag,
  type Invocation,
  onlyArg,
  text,
  UsageError,
  type Values,
} from './command.ts';
import { EXIT } from './exit.ts';
import { campaignLines } from './words.ts';

type Step = 'pause' | 'resume' | 'cancel' | 'approve' | 'reject';

const SEEN = {
  seen: {
    type: 'string',
    value: 'version',
    help: 'decide on this version only, as show names it; else on the one that is there now',
  },
} as const;

const step = (name: Step, summary: string, noteHelp = 'why; kept in the audit'): Command => ({
  name,
  summary,
  usage: ['<campaign id>'],
  options: { ...SEEN, note: { type: 'string', value: 'words', help: noteHelp } },
  async run(invocation) {
    const { client, values, say, answer } = invocation;
    const seen = await seenBy(invocation, onlyArg(invocation, 'campaign id'));
    const campaign = await take(client, name, seen, text(values, 'note'));
    answer(campaign);
    for (const line of campaignLines(campaign, invocation.lang)) say(line);
    for (const line of flightLines(campaign, invocation.lang)) say(line);
    return EXIT.done;
  },
});

function take(
  { campaigns }: Client,
  name: Step,
  seen: Seen,
  note: string | undefined,
): Promise<CampaignDetails & Partial<StoppedCampaign>> {
  if (name !== 'reject') return campaigns[name](seen, { note });
  if (note === undefined) throw new UsageError('--note: say why');
  return campaigns.reject(seen, note);
}

/** The campaign at the version that was named, else as it is now. */
async function seenBy({ client, values }: Invocation, id: string): Promise<Seen> {
  const version = whole(values, 'seen');
  return version === undefined ? client.campaigns.get(id) : { id, version };
}

function whole(values: Values, name: string): number | undefined {
  const given = text(values, name);
  if (given === undefined) return undefined;
  if (!/^\d{1,15}$/.test(given)) throw new UsageError(`--${name}: a whole number`);
  return Number(given);
}

const flightLines = ({ inFlight = [] }: Partial<StoppedCampaign>, lang: Language): string[] =>
  inFlight.map(({ no, why }) =>
    lang === 'zh'
      ? `  !         批次 ${no} ${IN_FLIGHT_ZH[why]}`
      : `  !           batch ${no} ${IN_FLIGHT[why]}`,
  );

const IN_FLIGHT_ZH: Readonly<Record<InFlight['why'], string>> = {
  calling: '正在提交，可能仍会发出',
  unanswered: '提交后微信未应答，正在核对，可能仍会发出',
  accepted: '已被微信接收，会发出',
};

const IN_FLIGHT: Readonly<Record<InFlight['why'], string>> = {
  calling: 'is being submitted: it may still go out',
  unanswered: 'was submitted without an answer, and is asked about again: it may still go out',
  accepted: 'is accepted by WeChat: it goes out',
};

export const pause = step('pause', 'Let no further batch go out.');
export const resume = step('resume', 'Let a paused campaign go on.');
export const cancel = step(
  'cancel',
  'Stop a campaign: batches already called go on to their receipt, the others never go out.',
);
export const approve = step('approve', 'Release a campaign that waits for a second person.');
export const reject = step(
  'reject',
  'Cancel a campaign that waits for a second person.',
  'why; needed',
);

export const retry: Command = {
  name: 'retry',
  summary: 'Submit the refused batches again, and no others.',
  usage: ['<campaign id>'],
  details: `WeChat refuses a whole batch for one OpenID of another account (40003, 49003): --split finds it in
halves, --without leaves it out.`,
  options: {
    ...SEEN,
    split: { type: 'boolean', help: 'each in two halves' },
    without: {
      type: 'string',
      multiple: true,
      value: 'openid',
      help: 'leave it out; may be said again',
    },
  },
  async run(invocation) {
    const { client, values, say, answer } = invocation;
    const without = Array.isArray(values.without) ? values.without.map(String) : [];
    const seen = await seenBy(invocation, onlyArg(invocation, 'campaign id'));
    const campaign = await client.campaigns.retry(seen, {
      ...(flag(values, 'split') ? { split: true } : {}),
      ...(without.length > 0 ? { without } : {}),
    });
    answer(campaign);
    for (const line of campaignLines(campaign, invocation.lang)) say(line);
    return EXIT.done;
  },
};

export const resolve: Command = {
  name: 'resolve',
  summary: 'Say what became of a batch whose outcome is unknown, by what WeChat’s console shows.',
  usage: ['<campaign id> <batch number | all-held> --as sent|not-sent|given-up'],
  details: `sent      it went out; --msg-id is what WeChat calls it
not-sent  it did not: it is submitted again under a new key; of a batch that was given up only with
          --may-be-received-twice
given-up  it cannot be found out: the outcome stays unknown`,
  options: {
    as: { type: 'string', value: 'word', help: 'sent, not-sent or given-up' },
    'msg-id': { type: 'string', value: 'digits', help: 'with --as sent' },
    'may-be-received-twice': { type: 'boolean', help: 'with --as not-sent of a batch given up' },
    note: { type: 'string', value: 'words', help: 'why; kept in the audit' },
    seen: {
      ...SEEN.seen,
      help: 'decide on this version of the batch only (show --batches); of the campaign for all-held',
    },
  },
  async run(invocation) {
    const { client, args, values, say, answer } = invocation;
    const [id, no, ...more] = args;
    if (id === undefined || no === undefined || more.length > 0) {
      throw new UsageError('say which: a campaign id, and a batch number or all-held');
    }
    if (no !== 'all-held' && !/^[1-9]\d{0,5}$/.test(no)) {
      throw new UsageError(`${no} is no batch number; they count from 1`);
    }
    const resolution = resolutionOf(values);
    const campaign =
      no === 'all-held'
        ? await client.campaigns.resolve(await seenBy(invocation, id), no, resolution)
        : await client.campaigns.resolve(
            { id, version: 0 },
            await batchOf(invocation, id, Number(no)),
            resolution,
          );
    answer(campaign);
    for (const line of campaignLines(campaign, invocation.lang)) say(line);
    return EXIT.done;
  },
};

async function batchOf({ client, values }: Invocation, id: string, no: number) {
  const version = whole(values, 'seen');
  if (version !== undefined) return { no, version };
  for await (const batch of client.campaigns.batches(id, { from: no, limit: 1 })) {
    if (batch.no === no) return batch;
  }
  // The producer says that there is none.
  return { no, version: 0 };
}

function resolutionOf(values: Values): Resolution {
  const as = text(values, 'as');
  const msgId = text(values, 'msg-id');
  const note = text(values, 'note');
  const noted = note === undefined ? {} : { note };
  if (as === 'sent' && msgId === undefined) throw new UsageError('--as sent needs --msg-id');
  if (as !== 'sent' && msgId !== undefined) throw new UsageError('--msg-id goes with --as sent');
  if (as === 'sent') return { as, msgId: msgId ?? '', ...noted };
  if (flag(values, 'may-be-received-twice')) {
    if (as !== 'not-sent') throw new UsageError('--may-be-received-twice goes with --as not-sent');
    return { as, mayBeReceivedTwice: true, ...noted };
  }
  if (as === 'not-sent' || as === 'given-up') return { as, ...noted };
  throw new UsageError('--as: sent, not-sent or given-up');
}

export const recall: Command = {
  name: 'recall',
  summary: 'Take back what WeChat can take back: the page behind an article or a video.',
  usage: ['<campaign id>'],
  details: 'The cards stay in the followers’ chats. WeChat allows ten calls a day.',
  options: {
    ...SEEN,
    article: { type: 'string', value: 'n', help: 'this article only, counted from 1' },
    batch: { type: 'string', multiple: true, value: 'n', help: 'this batch; may be said again' },
  },
  async run(invocation) {
    const { client, values, say, answer } = invocation;
    const articleIndex = count(values, 'article', 10);
    const numbers = Array.isArray(values.batch) ? values.batch.map(Number) : [];
    if (numbers.some((no) => !Number.isInteger(no) || no < 1)) {
      throw new UsageError('--batch: a number, from 1');
    }
    const report = await client.campaigns.recall(
      await seenBy(invocation, onlyArg(invocation, 'campaign id')),
      {
        ...(articleIndex === undefined ? {} : { articleIndex }),
        ...(numbers.length > 0 ? { batches: numbers } : {}),
      },
    );
    answer(report);
    for (const { no, outcome, meaning } of report.results) {
      say(`batch ${no}  ${outcome}${meaning ? `: ${meaning}` : ''}`);
    }
    for (const { message } of report.notes) say(message);
    say(`${report.quota.left} of ${report.quota.perDay} recalls are left today`);
    const done = report.results.every(({ outcome }) => DONE.includes(outcome));
    return done && report.results.length > 0 ? EXIT.done : EXIT.failed;
  },
};

const DONE: readonly string[] = ['recalled', 'already', 'not-sent'];
