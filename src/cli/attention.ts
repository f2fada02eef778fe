/** The command that lists what needs an operator, over all campaigns and accounts. */
import { type Command, EXIT, firstOf, given, UsageError } from './command.ts';
import { localTime, table } from './screen.ts';

export const attention: Command = {
  name: 'attention',
  usage: [''],
  examples: ['attention --account default'],
  options: ['account', 'limit'],
  async run(invocation) {
    const { client, args, values, t } = invocation;
    if (args[0] !== undefined) throw new UsageError(t.usage.unexpected(args[0]));
    const of = given(values, { account: 'account' });
    const items = await firstOf(invocation, (page) => client.attention.list({ ...of, ...page }));
    const rows = items.map(({ account, campaign, since, message, next, todo }) => [
      localTime(since),
      account,
      campaign ? `${campaign.name} (${campaign.id})` : '',
      [message, next.message, todo.message].join(t.comma),
    ]);
    return {
      answer: items,
      lines:
        rows.length === 0
          ? [t.nothingNeeded]
          : table(rows, { ...invocation, columns: Number.POSITIVE_INFINITY }),
      exit: rows.length === 0 ? EXIT.done : EXIT.operator,
    };
  },
};
