/** Bull Board: the shared queues and the lanes that are open, for an operator's eyes. */
import { createBullBoard } from '@bull-board/api';
import type { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { ExpressAdapter } from '@bull-board/express';
import express, { type Router } from 'express';
import { HOUR, SECOND } from '../../shared/platform/time.ts';
import type { AllQueues } from '../../shared/queue/queues.ts';
import type { CampaignStore } from '../../shared/record/campaign-store.ts';
import type { LaneStore } from '../../shared/record/lane-store.ts';
import { laneOnBoard, shardOnBoard, sharedOnBoard } from './board-queues.ts';

interface Dependencies {
  readonly queues: AllQueues;
  readonly lanes: Pick<LaneStore, 'busy'>;
  readonly campaigns: Pick<CampaignStore, 'spec'>;
  readonly isSandbox: boolean;
  /** Where it is mounted. */
  readonly path: string;
  readonly now: () => number;
}

/** A thousand idle lanes would cost 16,000 commands a poll. */
const LANE_STAYS = HOUR;
const LOOK_AGAIN = 2 * SECOND;

/** Google's: our policy lets nothing come from elsewhere, so a browser would only complain. */
const FOREIGN_FONTS = /<link[^>]+fonts\.g[^>]+>/g;

/** The only clicks that are let through, and only where the queue allows them. */
const SAFE_CLICKS = [
  '/api/queues/:queueName/retry/:queueStatus',
  '/api/queues/:queueName/promote',
  '/api/queues/:queueName/:jobId/retry',
  '/api/queues/:queueName/:jobId/promote',
];

export function makeBoard(deps: Dependencies): Router {
  const { queues, lanes, campaigns, isSandbox, path, now } = deps;
  const nameOf = async (id: string) => (await campaigns.spec(id))?.name;
  const adapter = new ExpressAdapter();
  adapter.setBasePath(path);
  const board = createBullBoard({
    queues: sharedOnBoard(queues.all(), nameOf),
    serverAdapter: adapter,
    options: {
      handlerHooks: {
        before: ({ method, route }) =>
          method === 'get' || SAFE_CLICKS.includes(route)
            ? undefined
            : { allow: false, status: 403, message: 'not on this board: use the API or the page' },
      },
      uiConfig: {
        boardTitle: 'qunfa 群发',
        hideDocsLink: true,
        hideRedisDetails: true,
        showWorkers: false,
        overview: { groupByDelimiter: true },
        miscLinks: [{ text: 'Campaigns', url: '/' }],
        ...(isSandbox
          ? { environment: { label: 'sandbox: no follower gets anything', color: '#f5b041' } }
          : {}),
      },
    },
  });

  /** Account → its lane, and when it was last seen with work. */
  const shown = new Map<string, { readonly lane: BullMQAdapter; seenAt: number }>();
  let lookedAt = Number.NEGATIVE_INFINITY;

  async function showOpenLanes(): Promise<void> {
    if (now() - lookedAt < LOOK_AGAIN) return;
    lookedAt = now();
    for (const account of await lanes.busy()) {
      const known = shown.get(account) ?? { lane: await laneOf(account), seenAt: 0 };
      if (!shown.has(account)) board.addQueue(known.lane);
      shown.set(account, { ...known, seenAt: lookedAt });
    }
    for (const [account, { lane, seenAt }] of shown) {
      if (lookedAt - seenAt < LANE_STAYS) continue;
      board.removeQueue(lane);
      shown.delete(account);
    }
  }

  async function laneOf(account: string): Promise<BullMQAdapter> {
    const all = queues.all();
    const own = await queues.ofAccount(account);
    return laneOnBoard(own.lane(account), shardOnBoard(all.indexOf(own), all.length), nameOf);
  }

  const served = adapter.getRouter() as express.Express;
  served.disable('x-powered-by');
  const router = express.Router();
  router.use(async (_req, res, next) => {
    await showOpenLanes();
    const send = res.send.bind(res);
    res.send = (body) => send(typeof body === 'string' ? body.replace(FOREIGN_FONTS, '') : body);
    next();
  });
  router.use(served);
  return router;
}
