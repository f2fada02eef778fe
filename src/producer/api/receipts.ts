/** Events from a service that keeps its own callback URL at WeChat and hands them on to us. */
import { makeTakeReceipt } from '../../shared/actions/take-receipt.ts';
import { ReceiptOutcome, ReceiptQuery } from '../../shared/contract/accounts.ts';
import { refuse } from '../../shared/contract/problem.ts';
import type { AccountConfig } from '../../shared/platform/accounts.ts';
import type { AllQueues } from '../../shared/queue/queues.ts';
import type { Stores } from '../../shared/record/record.ts';
import { openHandedEvent } from '../../shared/wechat/push/open-handed-event.ts';
import { refusalOf, visibleTo } from '../http/caller.ts';
import { type Route, route } from '../http/route.ts';
import { noSuchAccount } from './accounts.ts';

interface Dependencies {
  readonly accounts: () => readonly AccountConfig[];
  readonly stores: Pick<Stores, 'batches' | 'lanes'>;
  readonly queues: AllQueues;
  readonly now: () => number;
}

/** WeChat's own pushes are a few KB. */
const MAX_BYTES = 64 * 1024;

/**
 * The caller's API key vouches for the sender: the service that has the callback URL checked
 * WeChat's signature, whose time would be over by now.
 */
export function makeReceiptsRoutes({ accounts, stores, queues, now }: Dependencies): Route[] {
  const receipts = makeTakeReceipt({ batches: stores.batches, queues });

  return [
    route(
      {
        method: 'post',
        path: '/v1/receipts',
        operationId: 'handOverEvent',
        permission: 'send',
        tag: 'Accounts',
        summary: 'Hand on an event that came to a callback URL of your own',
        query: ReceiptQuery,
        body: {
          raw: {
            'text/xml': 'The body of the push, as it came',
            'application/json': 'The same, where WeChat pushes JSON',
          },
          maxBytes: MAX_BYTES,
        },
        answers: { 200: ReceiptOutcome },
        problems: {
          404: 'No such account',
          413: 'Over 64 KB',
          422: 'Not the body of a push for this account',
        },
      },
      async ({ query, rights, body }) => {
        const notAllowed = refusalOf(rights, 'send', query.account);
        if (notAllowed) return refuse(notAllowed);
        const known = visibleTo(rights, accounts());
        const account =
          query.account === undefined && known.length === 1
            ? known[0]
            : known.find(({ name }) => name === query.account);
        if (!account) return refuse(noSuchAccount(known));
        const event = openHandedEvent(account, body.toString('utf8'), now());
        if (!event) return refuse({ code: 'not-a-push' });

        await stores.lanes.noteEvent(account.name, now(), 'handed over');
        if (event.type === 'other') return { outcome: 'ignored', event: event.event };
        const { msgId, receipt, createdAt } = event;
        const arrival = { msgId, receipt, createdAt, trusted: true };
        return { outcome: await receipts.take(account.name, arrival), msgId };
      },
    ),
  ];
}
