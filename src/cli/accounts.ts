import type { AccountDetails } from '../client/index.ts';
import { adoptAccount } from './adopt-account.ts';
import { type Command, type Invocation, onlyArg, UsageError } from './command.ts';
import { EXIT, type Exit } from './exit.ts';
import { columns, number } from './words.ts';

export const accounts: Command = {
  name: 'accounts',
  summary: 'The accounts: what is left, whether they move, and what WeChat has of theirs.',
  usage: [
    '',
    '<name>',
    'pause|resume <name>',
    'groups|tags|followers|drafts <name>',
    'adopt <name>',
    'resume-restored',
  ],
  details: `groups, tags, followers and drafts cost a call to WeChat (followers: one for 10,000).
adopt goes straight to Redis, with the settings of a role: from then on the name stands for the AppID
and the WeChat of these settings. What is open for the former AppID is closed, never called.`,
  options: {},
  async run(invocation) {
    const { args, client, say, answer } = invocation;
    const [first, ...rest] = args;
    if (first === 'resume-restored') return resumeRestored(invocation);
    const action = first === undefined ? undefined : ACTIONS[first];
    if (action) return action(invocation, onlyArg({ args: rest }, 'account'));
    if (first !== undefined) {
      if (rest.length > 0) throw new UsageError(`what is ${first}?`);
      const account = await client.accounts.get(first);
      answer(account);
      tell(account, say);
      return EXIT.done;
    }
    const all = await client.accounts.list();
    answer(all);
    for (const account of all) tell(account, say);
    return EXIT.done;
  },
};

async function resumeRestored({ client, say, answer }: Invocation): Promise<Exit> {
  const resumed = await client.accounts.resumeRestored();
  answer(resumed);
  say(resumed.length === 0 ? 'no account was paused for a restored Redis' : resumed.join('\n'));
  return EXIT.done;
}

type Action = (invocation: Invocation, name: string) => Promise<Exit>;

const ACTIONS: Readonly<Record<string, Action>> = {
  pause: (invocation, name) => steer(invocation, invocation.client.accounts.pause(name)),
  resume: (invocation, name) => steer(invocation, invocation.client.accounts.resume(name)),
  adopt: adoptAccount,
  async groups({ client, answer, say }, name) {
    return lines({ answer, say }, await client.accounts.groups(name));
  },
  async tags({ client, answer, say }, name) {
    return lines({ answer, say }, await client.accounts.tags(name));
  },
  async followers({ client, answer, say, json }, name) {
    const all: string[] = [];
    for await (const openId of client.accounts.followers(name)) {
      if (json) all.push(openId);
      else say(openId);
    }
    answer(all);
    return EXIT.done;
  },
  async drafts({ client, answer, say }, name) {
    const all = [];
    for await (const draft of client.accounts.drafts(name)) all.push(draft);
    answer(all);
    for (const { mediaId, titles, updatedAt } of all) {
      say(`${mediaId}  ${updatedAt}  ${titles.join(' · ')}`);
    }
    return EXIT.done;
  },
};

async function steer(
  { answer, say }: Pick<Invocation, 'answer' | 'say'>,
  steered: Promise<AccountDetails>,
): Promise<Exit> {
  const account = await steered;
  answer(account);
  tell(account, say);
  return EXIT.done;
}

function lines(
  { answer, say }: Pick<Invocation, 'answer' | 'say'>,
  found: readonly { id: string | number; name: string; count: number }[],
): Exit {
  answer(found);
  const rows = found.map(({ id, name, count }) => [String(id), name, number(count)]);
  for (const line of columns(rows)) say(line);
  return EXIT.done;
}

function tell(account: AccountDetails, say: (line: string) => void): void {
  const { name, kind, lane, quota, lastEvent, warnings, sandbox } = account;
  say(`${name}  ${kind} account${sandbox ? ' (sandbox)' : ''}`);
  say(
    `  lane        ${lane.state}, ${number(lane.pending)} calls to make${lane.why ? `: ${lane.why}` : ''}${lane.until ? ` (until ${lane.until})` : ''}`,
  );
  if (lane.sendBlocked) say(`  blocked     to OpenIDs: ${lane.sendBlocked.why}`);
  for (const [path, { left, perDay }] of Object.entries(quota)) {
    say(`  left today  ${number(left)} of ${number(perDay)}  ${path}`);
  }
  say(`  last event  ${lastEvent ? `${lastEvent.at} (${lastEvent.mode})` : 'never'}`);
  for (const { message } of warnings) say(`  !           ${message}`);
}
