/** The command for accounts: how they stand, what WeChat has of them, pause and resume. */
import type { AccountDetails } from '../client/index.ts';
import { causesOf } from './account-causes.ts';
import { adoptAccount } from './adopt-account.ts';
import {
  allOf,
  type Command,
  type Invocation,
  onlyArg,
  type Result,
  UsageError,
} from './command.ts';
import { fields, localTime, number, type Screen, table } from './screen.ts';

export const accounts: Command = {
  name: 'accounts',
  usage: [
    '',
    '<name>',
    'pause|resume <name>',
    'groups|tags|followers|drafts <name>',
    'adopt <name>',
    'resume-restored',
  ],
  examples: ['accounts tags default'],
  options: [],
  async run(invocation) {
    const { args, client, t } = invocation;
    const [first, ...rest] = args;
    const action = first === undefined ? undefined : ACTIONS[first];
    if (action) return action(invocation, onlyArg({ args: rest, t }, 'account'));
    if (first === 'resume-restored') {
      const resumed = await client.accounts.resumeRestored();
      return { answer: resumed, lines: resumed.length === 0 ? [t.account.noneResumed] : resumed };
    }
    if (first === undefined) return overview(await client.accounts.list(), invocation);
    if (rest.length > 0) throw new UsageError(t.usage.unexpected(rest.join(' ')));
    return one(await client.accounts.get(first), invocation);
  },
};

type Action = (invocation: Invocation, name: string) => Promise<Result>;

const ACTIONS: Readonly<Record<string, Action>> = {
  pause: async (it, name) => one(await it.client.accounts.pause(name), it),
  resume: async (it, name) => one(await it.client.accounts.resume(name), it),
  groups: async (it, name) => counted(await it.client.accounts.groups(name), it),
  tags: async (it, name) => counted(await it.client.accounts.tags(name), it),
  async followers({ client, json, say }, name) {
    const all: string[] = [];
    for await (const openId of client.accounts.followers(name)) {
      if (json) all.push(openId);
      else say(openId);
    }
    return { answer: all };
  },
  async drafts(invocation, name) {
    const found = await allOf(invocation.client.accounts.drafts(name));
    const rows = found.map(({ mediaId, titles, updatedAt }) => [
      mediaId,
      localTime(updatedAt),
      titles.join(' · '),
    ]);
    return { answer: found, lines: table(rows, invocation) };
  },
  adopt: adoptAccount,
};

function counted(
  found: readonly { id: string | number; name: string; count: number }[],
  screen: Screen,
): Result {
  const rows = found.map(({ id, name, count }) => [String(id), name, number(count, screen.t)]);
  return { answer: found, lines: table(rows, screen) };
}

/** A line each, the worst first. */
function overview(all: readonly AccountDetails[], screen: Screen): Result {
  const { t } = screen;
  const worst = (account: AccountDetails) => causesOf(account, screen.lang)[0];
  const weight = (account: AccountDetails) => SEVERITY.indexOf(worst(account)?.is ?? '');
  const sorted = [...all].sort((a, b) => weight(b) - weight(a));
  const rows = sorted.map((account) => {
    const { name, kind, lane, quota, lastEvent } = account;
    const [sends] = Object.values(quota);
    return [
      name,
      t.account.kinds[kind],
      t.account.states[lane.state],
      sends ? `${number(sends.left, t)}/${number(sends.perDay, t)}` : '',
      number(lane.pending, t),
      lastEvent ? localTime(lastEvent.at) : t.account.never,
      worst(account)?.why ?? '',
    ];
  });
  const count = (state: AccountDetails['lane']['state']): number =>
    all.filter(({ lane }) => lane.state === state).length;
  return {
    answer: all,
    lines: [
      ...table([t.account.heads, ...rows], screen, (row) => {
        const account = sorted[row - 1];
        const cause = account && worst(account);
        return account ? cause && COLOURS[cause.is] : 'bold';
      }),
      t.account.summary(all.length, count('open'), count('asleep'), count('paused')),
    ],
  };
}

const SEVERITY = ['warning', 'fault', 'waiting', 'stopped'];
const COLOURS = { warning: 'yellow', waiting: 'yellow', fault: 'red', stopped: 'red' } as const;

function one(account: AccountDetails, screen: Screen): Result {
  const { t, paint } = screen;
  const { labels, ...texts } = t.account;
  const { name, kind, lane, quota, lastEvent, sandbox } = account;
  const toSubmit = texts.toSubmit(number(lane.pending, t));
  return {
    answer: account,
    lines: [
      paint('bold', name),
      ...fields([
        [labels.kind, `${texts.kinds[kind]} ${sandbox ? texts.sandbox : ''}`.trim()],
        [labels.state, `${texts.states[lane.state]}${t.comma}${toSubmit}`],
        ...causesOf(account, screen.lang).map(
          ({ is, why }) => [labels.warning, paint(COLOURS[is], why)] as const,
        ),
        ...Object.entries(quota).map(
          ([path, { left, perDay }]) =>
            [labels.left, texts.left(number(left, t), number(perDay, t), path)] as const,
        ),
        [
          labels.event,
          lastEvent ? texts.event(localTime(lastEvent.at), lastEvent.mode) : texts.never,
        ],
      ]),
    ],
  };
}
