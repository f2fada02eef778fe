/** Whether this process lives, and whether it can work. For load balancers: without a key. */
import express, { type Router } from 'express';
import type { Unserved } from '../../shared/campaign/serving.ts';

interface Dependencies {
  /** What stands in the way of work, in sentences; none means ready. */
  readonly ready: () => Promise<readonly string[]>;
  /** Work that waits for a worker. The producer takes campaigns all the same, so it stays ready. */
  readonly unserved: () => Promise<readonly Unserved[]>;
}

export function makeHealthRoutes({ ready, unserved }: Dependencies): Router {
  const router = express.Router();

  router.get('/healthz', (_req, res) => {
    res.set('Cache-Control', 'no-store').json({ status: 'alive' });
  });

  router.get('/readyz', async (_req, res) => {
    const findings = await ready();
    const missing = findings.length === 0 ? await unserved() : [];
    res
      .set('Cache-Control', 'no-store')
      .status(findings.length === 0 ? 200 : 503)
      .json({ status: findings.length === 0 ? 'ready' : 'not ready', findings, unserved: missing });
  });

  return router;
}
