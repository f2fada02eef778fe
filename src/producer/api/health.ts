/** Whether this process lives, and whether it can work. For load balancers: without a key. */
import express, { type Router } from 'express';

interface Dependencies {
  /** What stands in the way of work, in sentences; none means ready. */
  readonly ready: () => Promise<readonly string[]>;
}

export function makeHealthRoutes({ ready }: Dependencies): Router {
  const router = express.Router();

  router.get('/healthz', (_req, res) => {
    res.set('Cache-Control', 'no-store').json({ status: 'alive' });
  });

  router.get('/readyz', async (_req, res) => {
    const findings = await ready();
    res
      .set('Cache-Control', 'no-store')
      .status(findings.length === 0 ? 200 : 503)
      .json({ status: findings.length === 0 ? 'ready' : 'not ready', findings });
  });

  return router;
}
