type Received = Readonly<Record<'received' | 'duplicates' | 'invalid' | 'suppressed', number>>;

type Receipt = Readonly<Record<'sent' | 'failed' | 'eligible' | 'total', number | null>>;

export const figures = (count: number): string => count.toLocaleString('en');

const known = (count: number | null): string => (count === null ? 'unknown' : figures(count));

export const EN = {
  unknown: 'unknown',
  colon: ': ',
  comma: ', ',
  nothingNeeded: 'Nothing needs an operator.',
  title: 'qunfa: mass-send campaigns for WeChat Official Accounts',
  usageLine: 'usage: qunfa <command> [options]; qunfa <command> --help',
  options: 'Options',
  examples: 'Examples',
  environment: `Environment
  QUNFA_URL      address of the producer (http://127.0.0.1:3000)
  QUNFA_API_KEY  one of its API_KEYS; not needed on the same machine if it has none
  QUNFA_LANG     zh or en; the locale if it is absent
  NO_COLOR       no colours`,
  exitCodes: `Exit codes
  0  done; a campaign that was watched is delivered
  1  failed, refused, cancelled, or delivered to some followers or to none
  2  the command was not understood; nothing was done
  3  held, or waits for an operator; or the outcome is unknown
  4  the producer cannot be reached
130  interrupted while watching; the campaign continues`,

  commands: {
    send: {
      summary: 'Create a campaign and watch it until it ends.',
      details: `The file (- is standard input) is the body of POST /v1/campaigns. Files that it names by path,
{"upload": "media/cover.jpg"} or <img src="upload:media/picture.png">, are uploaded first; paths are
relative to the file. Options replace what the file has.`,
    },
    plan: {
      summary: 'Estimate the calls of a campaign and when it ends. Nothing is sent.',
      details: 'The file is as for qunfa send.',
    },
    preview: {
      summary: 'Send a message to at most ten testers before the mass send.',
      details: 'Only message and account of the file are used. WeChat allows 100 previews a day.',
      to: 'openid:… or wechat:… (a WeChat ID); may be repeated, at most 10',
    },
    watch: {
      summary: 'Watch a campaign until it ends or needs an operator.',
      details: 'With --json: one object a line, after each change.',
    },
    list: { summary: 'List campaigns, newest first.' },
    attention: { summary: 'Show what needs an operator, worst first.' },
    show: { summary: 'Show one campaign: state, batches and audit.' },
    pause: { summary: 'Pause a campaign: no further batch is submitted.' },
    resume: { summary: 'Resume a paused campaign.' },
    cancel: {
      summary:
        'Cancel a campaign: submitted batches still get their result, the others are never sent.',
    },
    reschedule: {
      summary: 'Move a campaign that has not begun to another time. An approval is void then.',
      'send-at': 'when to begin; as before if absent',
      'not-after': 'as long after the start as before, if absent',
    },
    acknowledge: {
      summary: 'Leave failed or refused batches as they are: they need no operator any more.',
    },
    approve: { summary: 'Approve a campaign that waits for approval.' },
    reject: {
      summary: 'Reject a campaign that waits for approval, and cancel it.',
      note: 'the reason; required',
    },
    retry: {
      summary: 'Submit the refused batches again, and no others.',
      details: `WeChat refuses a whole batch because of one OpenID of another account (40003, 49003): --split finds
it by halves, --without leaves it out.`,
    },
    resolve: {
      summary: 'Record what WeChat’s console shows for a batch whose outcome is unknown.',
      details: `sent      it was sent; --msg-id is its message id in WeChat’s console
not-sent  it was not sent: it is submitted again under a new key; a batch that was given up also needs
          --may-be-received-twice
given-up  it cannot be found out: the outcome stays unknown`,
      seen: 'decide on this version of the batch only (show --batches); of the campaign for all-held',
    },
    recall: {
      summary: 'Delete the page behind an article or a video that was sent.',
      details: 'The cards stay in the followers’ chats. WeChat allows ten calls a day.',
    },
    media: { summary: 'Upload, list or show files for several campaigns.' },
    audience: {
      summary: 'Upload, list or show lists of OpenIDs of any size.',
      details: `A file is text (one OpenID a line), CSV, NDJSON or JSON by its extension, also with gzip; - is standard
input. Duplicates and what is not an OpenID are dropped and counted.`,
      account: 'the account of the OpenIDs',
    },
    accounts: {
      summary: 'Show accounts: quota, state, and what WeChat has; pause or resume them.',
      details: `groups, tags, followers and drafts cost a call to WeChat (followers: one for 10,000).
adopt writes to Redis directly, with the settings of a role: from then on the name stands for the AppID
and the WeChat of these settings. Open campaigns of the former AppID are closed, never called.`,
    },
    doctor: {
      summary: 'Check settings, Redis, WeChat and callback, and list what to correct.',
      details: `Run it where a worker or the producer runs, with the same settings. It makes two calls to WeChat for
each account: a token (the current one stays valid) and openapi/quota/get. It sends nothing.
It ends with 1 if something must be corrected before campaigns can be sent.`,
    },
    alert: {
      summary: 'Send a test message to ALERT_URL.',
      details: 'Run it with the settings of a worker. Nothing else is read or changed.',
    },
    hash: {
      summary: 'Hash an API key or a password for API_KEYS_FILE or OPERATORS_FILE.',
      details: 'It reads the secret from standard input: printf %s "$KEY" | qunfa hash key',
    },
    completion: {
      summary: 'Print the completion script for bash or zsh.',
      details: 'To use it: eval "$(qunfa completion bash)" in ~/.bashrc, or with zsh in ~/.zshrc.',
    },
  },

  optionHelp: {
    account: 'the account; needed if more than one is configured',
    article: 'this article only, counted from 1',
    as: 'sent, not-sent or given-up',
    'ask-wechat': 'also ask WeChat for the remaining quota; each costs a call',
    audit: 'who did what',
    batch: 'this batch; may be repeated',
    batches: 'its batches',
    column: 'the CSV column or the JSON field with the OpenID; openid',
    exclude: 'leave out the OpenIDs of this list; may be repeated',
    format: 'text, csv, ndjson or json',
    help: 'this help',
    'idempotency-key': 'the same key is the same campaign, however often it is sent',
    json: 'JSON on standard output, for programs',
    keep: 'continue to watch a held or paused campaign',
    limit: 'how many at most, of a list; 20',
    'may-be-received-twice': 'with --as not-sent, for a batch that was given up',
    'msg-id': 'with --as sent',
    name: 'a name for operators',
    'no-wait': 'end when the campaign is accepted',
    'not-after': 'no call that could send after this time; one day after the start',
    note: 'the reason; kept in the audit',
    priority: '1 goes first within the account; 5',
    repeat: 'send the same content again within 24 hours',
    seen: 'decide on this version only (show has it); the current one if absent',
    'send-at': 'such as 2026-12-01T09:00:00+08:00; now if absent',
    'spend-last': 'use the last call of uploadnews of the day',
    split: 'each in two halves',
    state: 'only campaigns in this state',
    test: 'a test message; nothing needs an operator',
    text: 'a text message',
    to: 'group:2, tag:2, everyone, followers, list:a_…, or openids:file',
    url: 'instead of QUNFA_URL',
    webhook: 'called when the campaign ends',
    without: 'leave out this OpenID; may be repeated',
    yes: 'do not ask before a send to every follower',
  },

  things: {
    campaign: 'a campaign id',
    account: 'an account',
    id: 'an id',
    file: 'a file',
    shell: 'bash or zsh',
  },
  usage: {
    help: (command: string) => `see qunfa ${command} --help`,
    noCommand: (name: string, near: string | undefined) =>
      `unknown command ${name}; ${near ? `did you mean ${near}?` : 'qunfa --help lists all commands'}`,
    unknownOption: (option: string, near: string | undefined) =>
      `unknown option ${option}${near ? `; did you mean --${near}?` : ''}`,
    takesNoValue: (option: string) => `${option} takes no value`,
    needsValue: (option: string) => `${option} needs a value`,
    missing: (what: string) => `${what} is missing`,
    tooMany: (what: string, more: string) => `only ${what}, not also ${more}`,
    testOnly: 'alerts are sent by the worker; this sends a test message with --test',
    noAlertUrl: 'ALERT_URL is not set',
    nothingToHash: 'nothing came on standard input',
    unexpected: (what: string) => `unexpected argument: ${what}`,
    notWhole: (option: string, least: number, most: number) =>
      `--${option}: a whole number from ${least} to ${most}`,
    oneOf: (option: string, allowed: string) => `--${option}: one of ${allowed}`,
    noCampaign: 'a campaign is a JSON file, or --text with --to',
    notObject: (path: string) => `${path} is not a campaign: it must be a JSON object`,
    audience: (to: string) =>
      `--to ${to}: one of group:2, tag:2, everyone, followers, list:a_…, openids:file`,
    tester: '--to: openid:… or wechat:…',
    reason: '--note is missing: the reason',
    times: '--send-at or --not-after is missing',
    batch: 'a batch number from 1, or all-held',
    msgIdMissing: '--as sent needs --msg-id',
    msgIdExtra: '--msg-id needs --as sent',
    twice: '--may-be-received-twice needs --as not-sent',
    producerUrl: 'QUNFA_URL or --url: the address of the producer, such as http://127.0.0.1:3000',
    noAccount: (name: string) => `these settings have no account ${name}`,
  },
  failure: {
    noFile: (path: string) => `file not found: ${path}`,
    otherVersion: (own: string, why: string) =>
      `cannot read the producer’s answer; is the producer of another version than ${own}? (${why})`,
    nowIs: (state: string) => `it is now: ${state}`,
  },

  confirm: {
    everyone: (account: string | undefined) => `every follower of ${account ?? 'the account'}`,
    needsYes: (who: string) => `this goes to ${who}: add --yes to send it`,
    question: (who: string) => `This goes to ${who}. Type "everyone" to send it: `,
    declined: 'not sent',
  },
  accepted: (campaign: string, audience: string, account: string, isSandbox: boolean) =>
    `${campaign}  created for ${audience} of ${account}${isSandbox ? ' (sandbox)' : ''}`,
  interrupted: (campaign: string) =>
    `The campaign continues without this command. To look: qunfa show ${campaign}, or qunfa watch ${campaign}`,
  progress: {
    submitted: 'submitted',
    confirmed: 'confirmed',
    line: (state: string, at: { total: number; taken: number; settled: number }) =>
      `${state}; of ${at.total} ${at.total === 1 ? 'batch' : 'batches'} ${at.taken} submitted, ${at.settled} confirmed`,
    waits: (state: string, why: string) => `${state}, waits: ${why}`,
  },

  campaign: {
    labels: {
      state: 'state',
      account: 'account',
      audience: 'audience',
      batches: 'batches',
      result: 'result',
      sendAt: 'send at',
      notAfter: 'not after',
      ended: 'ended',
      waits: 'waits',
      paused: 'paused',
      error: 'error',
      warning: '!',
    },
    heads: ['id', 'account', 'state', 'audience', 'batches', 'send at', 'name'],
    version: (version: number) => `version ${version}`,
    sandbox: ' (sandbox: no follower receives anything)',
    recipients: (count: string) => `${count} recipients`,
    count: (state: string, count: string) => `${count} ${state}`,
    result: (of: Receipt) =>
      `${known(of.sent)} sent, ${known(of.failed)} failed, of ${known(of.eligible)} eligible (${known(of.total)} in all)`,
    until: (time: string) => `until ${time}`,
    queue: (queue: string) => `(queue ${queue})`,
    late: 'after notAfter, so it will be cancelled',
    shown: (count: number, more: boolean) =>
      `${count} ${count === 1 ? 'campaign' : 'campaigns'}${more ? '; more with --limit' : ''}`,
  },
  audience: {
    group: (group: string) => `group ${group}`,
    tag: (tag: number) => `tag ${tag}`,
    everyone: 'everyone',
    list: (list: string) => `list ${list}`,
    followers: 'all followers, by OpenID',
  },
  batch: {
    no: (no: number) => `batch ${no}`,
    size: (count: string) => `${count} OpenIDs`,
    msgId: (msgId: string) => `message id ${msgId}`,
    receipt: (of: Receipt) => `${known(of.sent)} sent, ${known(of.failed)} failed`,
  },
  inFlight: {
    calling: (no: number) => `batch ${no} is being submitted: it may still be sent`,
    unanswered: (no: number) =>
      `batch ${no} was submitted without an answer, which is being checked: it may still be sent`,
    accepted: (no: number) => `batch ${no} is accepted by WeChat: it is sent`,
  },
  outcomes: {
    sent: 'sent',
    recalled: 'recalled',
    already: 'recalled before',
    refused: 'refused by WeChat',
    unknown: 'outcome unknown',
    'not-sent': 'WeChat was not reached',
    'not-tried': 'not tried',
  },
  left: {
    previews: (left: string, perDay: string) => `${left} of ${perDay} previews are left today`,
    recalls: (left: string, perDay: string) => `${left} of ${perDay} recalls are left today`,
  },

  plan: {
    labels: {
      account: 'account',
      recipients: 'recipients',
      batches: 'batches',
      calls: 'calls',
      begins: 'begins',
      ends: 'ends',
      advice: '!',
    },
    calls: (calls: string, path: string) => `${calls} of ${path}`,
    left: (left: string, perDay: string) => `; ${left} of ${perDay} are left today`,
  },

  media: {
    line: (type: string, format: string, bytes: string) => `${type} (${format}), ${bytes} bytes`,
    atWechat: (account: string, kind: string, until: string | undefined) =>
      `at WeChat for ${account} as ${kind}, ${until ? `until ${until}` : 'permanent'}`,
  },
  list: {
    recipients: (count: string) => `${count} recipients`,
    received: (of: Received) =>
      `of ${figures(of.received)} received: ${figures(of.duplicates)} duplicates, ${figures(of.invalid)} invalid, ${figures(of.suppressed)} excluded`,
    progress: (bytes: string) => `${bytes} bytes sent `,
  },

  alert: {
    test: 'A test message: alerts reach you here.',
    delivered: 'the message was taken',
    failed: (why: string) => `the message was not taken: ${why}`,
  },
  account: {
    heads: ['account', 'kind', 'state', 'left today', 'to submit', 'last event', 'cause'],
    labels: {
      kind: 'kind',
      state: 'state',
      blocked: 'blocked',
      left: 'left today',
      event: 'last event',
      warning: '!',
    },
    kinds: { service: 'service account', subscription: 'subscription account' },
    sandbox: '(sandbox)',
    states: { open: 'open', asleep: 'waiting', paused: 'stopped' },
    toSubmit: (count: string) => `${count} batches to submit`,
    until: (time: string) => `until ${time}`,
    toOpenIds: (why: string) => `no send to OpenIDs: ${why}`,
    left: (left: string, perDay: string, path: string) => `${left} of ${perDay}  ${path}`,
    event: (time: string, mode: string) => `${time} (${mode})`,
    never: 'never',
    summary: (all: number, open: number, asleep: number, paused: number) =>
      `${all} ${all === 1 ? 'account' : 'accounts'}: ${open} open, ${asleep} waiting, ${paused} stopped; details: qunfa accounts <name>`,
    noneResumed: 'no account was paused because of a restored Redis',
    adopted: (name: string, appId: string, origin: string) =>
      `${name} is AppID ${appId} at ${origin} from now on`,
    closing: (campaign: string) => `campaign ${campaign} of the former AppID is closed`,
  },
};
