import { STATE_WORDS } from '../../shared/campaign/state-words.ts';
import type { Words } from './words.ts';

const batches = (count: number): string => (count === 1 ? 'batch' : 'batches');

export const EN: Words = {
  ...STATE_WORDS.en,
  lang: 'en',
  other: { lang: 'zh', label: '中文' },
  title: 'Campaigns',
  board: 'Queues',
  docs: 'API',
  back: 'All campaigns',
  accounts: 'Accounts',
  campaigns: 'Campaigns',
  noCampaigns: 'No campaign yet. The first one comes by POST /v1/campaigns.',
  older: 'Older',
  newest: 'Newest',
  live: 'live',
  notLive: 'reconnecting …',
  sandbox: 'Sandbox: everything here is a rehearsal. Nobody real gets anything.',
  wrongClock: (host, seconds) =>
    `The worker on ${host} does nothing: its clock is ${Math.abs(seconds)} s ${seconds > 0 ? 'ahead of' : 'behind'} Redis. Let both follow a time server (NTP); it then goes on by itself.`,
  workersDiffer: (setting, values) =>
    `The workers have different settings of ${setting} (${values}): give all of them the same, and start them again.`,
  times: 'Times are Beijing time.',
  goesOn: (time) => `goes on ${time}`,
  missesNotAfter: 'that is after notAfter, so it will be cancelled',
  types: { text: 'text', image: 'picture', voice: 'voice', video: 'video', news: 'articles' },
  audiences: {
    group: (id) => `group ${id}`,
    tag: (id) => `tag ${id}`,
    everyone: 'everyone',
    list: (recipients) => `${recipients} OpenIDs`,
    followers: 'all followers, one by one',
  },
  submitted: (done, all) => `${done} of ${all} ${batches(all)} taken by WeChat`,
  confirmed: (done, all) => `${done} of ${all} confirmed by receipt`,
  notCut: 'Not cut into batches yet',
  receipt: (sent, eligible, failed) => `${sent} sent · ${eligible} eligible · ${failed} failed`,
  unknown: 'unknown',
  begins: (time) => `begins ${time}`,
  ended: (time) => `ended ${time}`,
  notAfter: (time) => `nothing goes out after ${time}`,
  heldLink: (count) => `Decide on ${count} held ${batches(count)}`,
  acts: {
    pause: {
      label: 'Pause',
      consequence:
        'Batches already called go on to their receipt. The others wait until you resume.',
      confirm: 'Pause it',
    },
    resume: {
      label: 'Resume',
      consequence: 'The remaining batches go out to followers at once.',
      confirm: 'Resume sending',
    },
    cancel: {
      label: 'Cancel',
      consequence:
        'Batches not called yet never go out. What WeChat has taken already cannot be stopped. This is final.',
      confirm: 'Cancel it for good',
    },
    approve: {
      label: 'Approve',
      consequence: 'The campaign goes out to its audience. A mass send cannot be unsent.',
      confirm: 'Approve and send',
    },
    reject: {
      label: 'Reject',
      consequence: 'The campaign is cancelled; nothing of it goes out. This is final.',
      confirm: 'Reject it',
    },
    retry: {
      label: 'Retry refused batches',
      consequence:
        'Only the batches that were refused are submitted again. Nobody who got it gets it twice.',
      confirm: 'Submit them again',
    },
  },
  decisions: {
    sent: {
      label: 'It was sent',
      consequence:
        'Take the message id from WeChat’s console (or its event). The batch then waits for that message’s receipt; nothing is sent.',
      confirm: 'It was sent, with this id',
    },
    'not-sent': {
      label: 'It was not sent',
      consequence:
        'The batch is submitted again under a new key, unless the campaign was cancelled or its time is over. If it did go out after all, these followers get it twice: look in WeChat’s console first.',
      confirm: 'It was not sent: submit again',
    },
    'given-up': {
      label: 'Give up',
      consequence:
        'Nothing more is done about this batch. Its outcome stays unknown; you can still correct that later.',
      confirm: 'Give this batch up',
    },
    'send-again': {
      label: 'Send it again',
      consequence:
        'The batch was given up without knowing whether it went out. It is submitted again under a new key: look in WeChat’s console first.',
      confirm: 'Send it again',
    },
  },
  held: 'It is unknown whether these went out',
  asked: (times, since) =>
    times === 1 ? `asked once, ${since}` : `asked ${times} times since ${since}`,
  decideAll: 'All held batches at once',
  mayBeReceivedTwice: 'These followers may get the message twice',
  msgId: 'Message id',
  note: 'Note (kept in the history)',
  batches: 'Batches',
  columns: ['No.', 'State', 'Recipients', 'Message id', 'Sent', 'Reason', 'Next attempt'],
  audit: 'History',
  laneOpen: 'open',
  laneAsleep: 'asleep',
  lanePaused: 'stopped',
  pending: (count) => `${count} ${batches(count)} to call`,
  restored: (count) =>
    `${count} ${count === 1 ? 'account was' : 'accounts were'} stopped because Redis was restored, or no worker had run for long.`,
  sendBlocked: 'Sends to OpenIDs are refused',
  oneByOne: (time) => `One call at a time until ${time}`,
  left: 'left today',
  quotas: {
    'message/mass/sendall': 'to groups, tags, everyone',
    'message/mass/send': 'to OpenIDs',
    'media/uploadnews': 'article uploads',
    'message/mass/preview': 'previews',
    'message/mass/delete': 'recalls',
  },
  lastEvent: (time, mode) => `last event ${time} (${mode})`,
  searchAccounts: 'Find an account by its name',
  moreAccounts: 'Only the first accounts are shown: look for others by name.',
  noEvent: 'no event yet',
  accountActs: {
    resumeRestored: {
      label: 'Resume all of these accounts',
      consequence:
        'Their waiting batches go out. What was sent after the backup was made goes out again, so compare with WeChat’s console first.',
      confirm: 'Resume them all',
    },
    pause: {
      label: 'Stop account',
      consequence: 'Nothing new is sent for this account until you let it go on.',
      confirm: 'Stop it',
    },
    resume: {
      label: 'Let it go on',
      consequence:
        'Whatever had stopped this account is forgotten, and waiting batches go out. Put the cause right first.',
      confirm: 'Let it go on',
    },
  },
  kinds: { service: 'service account', subscription: 'subscription account' },
  refused: 'That was not done',
  nowIs: (how) => `It is now: ${how}.`,
};
