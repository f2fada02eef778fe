/** A send to everyone cannot be unsent: a person says so, or a script does. */
import { createInterface } from 'node:readline/promises';
import type { NewCampaign } from '../client/index.ts';
import { type Invocation, UsageError } from './command.ts';

/** @throws {UsageError} nobody is there to be asked, or the answer was no. */
export async function confirmWide(
  { audience, account }: NewCampaign,
  { values, terminal }: Pick<Invocation, 'values' | 'terminal'>,
): Promise<void> {
  const type = audience?.type;
  if (type !== 'everyone' && type !== 'followers') return;
  if (values.yes === true) return;
  const who = `every follower of ${account ?? 'the account'}`;
  if (!terminal.stdin.isTTY || !terminal.stderr.isTTY) {
    throw new UsageError(`this goes to ${who}; say --yes if that is meant`);
  }
  const asking = createInterface({ input: terminal.stdin, output: terminal.stderr });
  try {
    const word = await asking.question(`This goes to ${who}. Type "everyone" to send it: `);
    if (word.trim() !== 'everyone') throw new UsageError('not sent');
  } finally {
    asking.close();
  }
}
