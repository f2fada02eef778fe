/** Events from a service that keeps its own callback URL at WeChat and hands them on to us. */
import express, { type Router } from 'express';
import { z } from 'zod';
import { makeTakeReceipt } from '../../shared/actions/take-receipt.ts';
import type { AccountConfig } from '../../shared/platform/accounts.ts';
import type { Queues } from '../../shared/queue/queues.ts';
import type { Stores } from '../../shared/record/record.ts';
import { openHandedEvent } from '../../shared/wechat/push/open-handed-event.ts';
import { parseQuery } from '../http/parse-input.ts';
import { sendRefusal } from '../http/problem.ts';
import { noSuchAccount } from './accounts.ts';

interface Dependencies {
  readonly accounts: () => readonly AccountConfig[];
  readonly stores: Pick<Stores, 'batches' | 'lanes'>;
  readonly queues: Pick<Queues, 'receipts'>;
  readonly now: () => number;
}

/** WeChat's own pushes are a few KB. */
const MAX_BYTES = 64 * 1024;

/** WeChat's own parameters (`signature`, `timestamp` …) may stay where they are. */
export const ReceiptQuery = z.looseObject({
  account: z
    .string()
    .optional()
    .describe('May be left out only where exactly one account is configured'),
});

/**
 * The caller's API key vouches for the sender: the service that has the callback URL checked
 * WeChat's signature, whose time would be over by now.
 */
export function makeReceiptsRoutes({ accounts, stores, queues, now }: Dependencies): Router {
  const receipts = makeTakeReceipt({ batches: stores.batches, queues });
  const router = express.Router();
  const readBody = express.raw({ type: () => true, limit: MAX_BYTES, inflate: false });

  router.post('/v1/receipts', readBody, async (req, res) => {
    const query = parseQuery(req, ReceiptQuery);
    if ('refused' in query) return sendRefusal(res, query.refused);
    const account = meant(query.value.account);
    if (!account) return sendRefusal(res, noSuchAccount(accounts()));
    const body = Buffer.isBuffer(req.body) ? req.body.toString('utf8') : '';
    const event = openHandedEvent(account, body, now());
    if (!event) return sendRefusal(res, { code: 'not-a-push' });

    await stores.lanes.noteEvent(account.name, now(), 'handed over');
    if (event.type === 'other') {
      res.json({ outcome: 'ignored', event: event.event });
      return;
    }
    const { msgId, receipt, createdAt } = event;
    const arrival = { msgId, receipt, createdAt, trusted: true };
    const outcome = await receipts.take(account.name, arrival);
    res.json({ outcome, msgId });
  });

  function meant(name: string | undefined): AccountConfig | undefined {
    const all = accounts();
    if (name === undefined) return all.length === 1 ? all[0] : undefined;
    return all.find((account) => account.name === name);
  }

  return router;
}
