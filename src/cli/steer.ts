/** What a person may do to a campaign. */
import type { CampaignDetails, Client, Resolution } from '../client/index.ts';
import { type Command, count, flag, onlyArg, text, UsageError, type Values } from './command.ts';
import { EXIT } from './exit.ts';
import { campaignLines } from './words.ts';

type Step = 'pause' | 'resume' | 'cancel' | 'approve';

const step = (name: Step, summary: string): Command => ({
  name,
  summary,
  usage: ['<campaign id>'],
  options: {},
  async run(invocation) {
    const { client, say, answer } = invocation;
    const campaign = await stepOf(client, name)(onlyArg(invocation, 'campaign id'));
    answer(campaign);
    for (const line of campaignLines(campaign)) say(line);
    return EXIT.done;
  },
});

const stepOf = ({ campaigns }: Client, name: Step): ((id: string) => Promise<CampaignDetails>) =>
  campaigns[name];

export const pause = step('pause', 'Let no further batch go out.');
export const resume = step('resume', 'Let a paused campaign go on.');
export const cancel = step(
  'cancel',
  'Stop a campaign: batches already called go on to their receipt, the others never go out.',
);
export const approve = step('approve', 'Release a campaign that waits for a second person.');

export const retry: Command = {
  name: 'retry',
  summary: 'Submit the refused batches again, and no others.',
  usage: ['<campaign id>'],
  details: `WeChat refuses a whole batch for one OpenID of another account (40003, 49003): --split finds it in
halves, --without leaves it out.`,
  options: {
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
    const campaign = await client.campaigns.retry(onlyArg(invocation, 'campaign id'), {
      ...(flag(values, 'split') ? { split: true } : {}),
      ...(without.length > 0 ? { without } : {}),
    });
    answer(campaign);
    for (const line of campaignLines(campaign)) say(line);
    return EXIT.done;
  },
};

export const resolve: Command = {
  name: 'resolve',
  summary: 'Settle a held batch by what WeChat’s console shows about it.',
  usage: ['<campaign id> <batch number | all-held> --as sent|not-sent|given-up'],
  details: `sent      it went out; --msg-id is what WeChat calls it
not-sent  it did not: it is submitted again under a new key
given-up  nobody knows, and it is left at that`,
  options: {
    as: { type: 'string', value: 'word', help: 'sent, not-sent or given-up' },
    'msg-id': { type: 'string', value: 'digits', help: 'with --as sent' },
    note: { type: 'string', value: 'words', help: 'why; kept in the audit' },
  },
  async run({ client, args, values, say, answer }) {
    const [id, no, ...more] = args;
    if (id === undefined || no === undefined || more.length > 0) {
      throw new UsageError('say which: a campaign id, and a batch number or all-held');
    }
    if (no !== 'all-held' && !/^[1-9]\d{0,5}$/.test(no)) {
      throw new UsageError(`${no} is no batch number; they count from 1`);
    }
    const which = no === 'all-held' ? no : Number(no);
    const campaign = await client.campaigns.resolve(id, which, resolutionOf(values));
    answer(campaign);
    for (const line of campaignLines(campaign)) say(line);
    return EXIT.done;
  },
};

function resolutionOf(values: Values): Resolution {
  const as = text(values, 'as');
  const msgId = text(values, 'msg-id');
  const note = text(values, 'note');
  const noted = note === undefined ? {} : { note };
  if (as === 'sent' && msgId === undefined) throw new UsageError('--as sent needs --msg-id');
  if (as !== 'sent' && msgId !== undefined) throw new UsageError('--msg-id goes with --as sent');
  if (as === 'sent') return { as, msgId: msgId ?? '', ...noted };
  if (as === 'not-sent' || as === 'given-up') return { as, ...noted };
  throw new UsageError('--as: sent, not-sent or given-up');
}

export const recall: Command = {
  name: 'recall',
  summary: 'Take back what WeChat can take back: the page behind an article or a video.',
  usage: ['<campaign id>'],
  details: 'The cards stay in the followers’ chats. WeChat allows ten calls a day.',
  options: {
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
    const report = await client.campaigns.recall(onlyArg(invocation, 'campaign id'), {
      ...(articleIndex === undefined ? {} : { articleIndex }),
      ...(numbers.length > 0 ? { batches: numbers } : {}),
    });
    answer(report);
    for (const { no, outcome, meaning } of report.results) {
      say(`batch ${no}  ${outcome}${meaning ? `: ${meaning}` : ''}`);
    }
    for (const note of report.notes) say(note);
    say(`${report.quota.left} of ${report.quota.perDay} recalls are left today`);
    const done = report.results.every(({ outcome }) => DONE.includes(outcome));
    return done && report.results.length > 0 ? EXIT.done : EXIT.failed;
  },
};

const DONE: readonly string[] = ['recalled', 'already', 'not-sent'];
