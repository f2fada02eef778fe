import type { Text } from './finding.ts';

const NTP = 'let both follow a time server (NTP)';
const UNCHANGED =
  'something in between changes the request or the answer: pass /wechat/… on unchanged, POST with its body and query';

export const EN = {
  about: {
    settings: 'settings',
    Redis: 'Redis',
    clock: 'clock',
    workers: 'workers',
    producer: 'producer',
    account: (name: string) => `account ${name}`,
    callback: (name: string) => `callback of ${name}`,
  },
  more: (shown: string, count: number) => `${shown} and ${count} more`,
  semicolon: '; ',
  noAnswer: (seconds: number) => `no answer within ${seconds} s`,
  calls: (calls: string) =>
    calls ? `calls made to WeChat: ${calls}` : 'no call to WeChat was made',
  summary: (fine: number, warnings: number, faults: number) =>
    `${fine} fine, ${warnings} warnings, ${faults} faults`,
  fit: 'fit',
  unfit: 'not fit: correct what is marked with ✖',

  findings: {
    'settings-fine': (names: string): Text => [`they are valid; accounts: ${names}`],
    'no-account': (): Text => [
      'no account is configured, so there is only the sandbox',
      'set WECHAT_APP_ID and WECHAT_APP_SECRET, or ACCOUNTS_FILE, in this environment',
    ],
    'setting-wrong': (setting: string, message: string): Text => [`${setting}: ${message}`],
    'address-open': (sentence: string): Text => [sentence],

    'redis-fine': (): Text => ['it answers, and can hold the records'],
    'redis-unfit': (sentence: string): Text => [sentence],
    'redis-unreached': (sentence: string): Text => [
      sentence,
      'is it running at REDIS_URL, and is the password right?',
    ],
    'redis-absent': (): Text => [
      'none is at REDIS_URL; the private one of npm start is not checked',
      'set REDIS_URL before you set an account: campaigns are kept there',
    ],
    'installation-differs': (sentence: string): Text => [sentence],

    'clock-fine': (): Text => ['this machine and Redis agree on the time'],
    'clock-off': (seconds: number): Text => [
      `the clocks of this machine and of Redis are ${seconds} s apart`,
      `${NTP}: events of WeChat and sendAt depend on the clock`,
    ],
    'worker-clock-off': (host: string, seconds: number): Text => [
      `the worker on host ${host} does nothing: its clock is ${seconds} s ahead of Redis`,
      `${NTP}; the worker continues by itself`,
    ],

    'worker-alive': (): Text => ['at least one is alive'],
    'worker-silent': (since: string | null): Text => [
      since === null ? 'no worker has ever run' : `the last sign of a worker is of ${since}`,
      'start one with npm run worker: nothing is sent without it',
    ],
    'queue-unserved': (queue: string): Text => [
      `no running worker serves the queue ${queue}`,
      'start one, or name the queue in WORKER_QUEUES of one',
    ],
    'settings-differ': (setting: string, values: string): Text => [
      `their settings of ${setting} differ: ${values}`,
      'give all of them the same, and start them again',
    ],

    'producer-fine': (url: string): Text => [`${url} answers, and is able to work`],
    'producer-away': (url: string): Text => [
      `no producer answers at ${url}`,
      'start it with npm run producer, or set QUNFA_URL to its address',
    ],
    'producer-unfit': (url: string, findings: string): Text => [
      `${url} is not able to work: ${findings}`,
    ],

    'token-fine': (): Text => ['AppID, secret and this address are accepted: a token was given'],
    'token-unreached': (where: string | undefined, cause: string): Text => [
      `${where ?? 'the token centre'} gives no token: ${cause}`,
      'can this host reach it? HTTPS_PROXY and WECHAT_API_BASE_URL decide the route',
    ],
    'token-unreadable': (where: string | undefined, cause: string): Text => [
      `${where ?? 'the token centre'} gives no token: ${cause}`,
      'does something else answer there? A page of a proxy, a firewall, or a wrong address',
    ],
    'token-refused': (errcode: number, meaning: string): Text => [
      `no token: ${meaning} (${errcode})`,
      'compare AppID and AppSecret in the settings with WeChat’s console; a reset there makes a new AppSecret',
    ],
    'address-refused': (errcode: number, meaning: string, host: string, ip?: string): Text => [
      `no token: ${meaning} (${errcode})`,
      `add ${ip ? `${ip}, which is how WeChat sees ${host},` : `the outgoing address of ${host}`} to the IP list (IP白名单) of the account in WeChat’s console, or use a proxy that is on it (HTTPS_PROXY)`,
    ],
    'quota-left': (left: number, perDay: number, path: string): Text => [
      `WeChat reports that ${left} of ${perDay} calls of ${path} are left today`,
      left > 0 ? undefined : 'campaigns wait',
    ],
    'quota-unknown': (path: string, why: string): Text => [
      `WeChat does not report what is left of ${path}: ${why}`,
    ],

    'lane-open': (pending: number): Text => [`it is open, with ${pending} batches to submit`],
    'last-event': (time: string, mode: string): Text => [
      `the last event came at ${time} (${mode} mode)`,
    ],

    'lane-stopped': (why: string, account: string): Text => [
      why,
      `when it is corrected: qunfa accounts resume ${account}`,
    ],
    'account-trouble': (why: string): Text => [why],

    'callback-local': (): Text => [
      'CALLBACK_PUBLIC_URL is not set, so only the local address was tried',
      'set it to the address in WeChat’s console, without /wechat/<account>',
    ],
    'callback-silent': (url: string, why: string): Text => [
      `${url} does not answer: ${why}`,
      'is it running (npm run callback), and can it be reached from here?',
    ],
    'callback-fine': (): Text => ['its address answers as WeChat requires'],
    'callback-wrong': (url: string, status: number): Text => [
      `${url} answers ${status}`,
      status === 401
        ? 'the callback service does not know this account, or has another token for it: give both the same settings; or its clock is wrong'
        : status === 404
          ? 'something else is at that address: pass /wechat/… on to the callback service unchanged'
          : UNCHANGED,
    ],
    'push-fine': (): Text => ['it accepts a push as WeChat makes it'],
    'push-silent': (url: string, why: string): Text => [
      `${url} does not answer a push: ${why}`,
      UNCHANGED,
    ],
    'push-wrong': (url: string, status: number): Text => [
      `${url} answers ${status} to a push`,
      status === 401
        ? 'the callback service has another EncodingAESKey, AppID or original id for this account: give both the same settings, those of WeChat’s console'
        : UNCHANGED,
    ],
  },
};
