/** Makes what API_KEYS_FILE and OPERATORS_FILE hold in place of a secret. */
import { text as textOf } from 'node:stream/consumers';
import { hashKey, hashPassword } from '../shared/platform/people.ts';
import { type Command, UsageError } from './command.ts';

const MAKE = { key: hashKey, password: hashPassword } as const;

export const hash: Command = {
  name: 'hash',
  usage: ['key | password'],
  options: [],
  async run(invocation) {
    const [named = '', ...more] = invocation.args;
    const { usage } = invocation.t;
    if ((named !== 'key' && named !== 'password') || more.length > 0)
      throw new UsageError(usage.unexpected(named));
    const secret = (await textOf(invocation.terminal.stdin)).replace(/\r?\n$/, '');
    if (secret === '') throw new UsageError(usage.nothingToHash);
    const hashed = await MAKE[named](secret);
    return { answer: hashed, lines: [hashed] };
  },
};
