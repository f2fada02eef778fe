/** Whether this process lives, and whether it can work. For load balancers: without a key. */
import express, { type Router } from 'express';
import type { Unserved } from '../../shared/campaign/serving.ts';
import { onceASecond } from '../../shared/platform/once-a-second.ts';

interface Dependencies {
  /** What stands in the way of work, in sentences; none means ready. */
  readonly ready: () => Promise<readonly string[]>;
  /** Work that waits for a worker. The producer takes campaigns all the same, so it stays ready. */
  readonly unserved: () => Promise<readonly Unserved[]>;
}

export function makeHealthRoutes({ ready, unserved }: Dependencies): Router {
  const router = express.Router();
  const look = onceASecond(async () => {
    const findings = await ready();
    return { findings, unserved: findings.length === 0 ? await unserved() : [] };
  });

  router.get('/healthz', (_req, res) => {
    res.set('Cache-Control', 'no-store').json({ status: 'alive' });
  });

  router.get('/readyz', async (_req, res) => {
    const found = await look();
    const isReady = found.findings.length === 0;
    res
      .set('Cache-Control', 'no-store')
      .status(isReady ? 200 : 503)
      .json({ status: isReady ? 'ready' : 'not ready', ...found });
  });

  return router;
}
