/** Whether this process lives, and whether it can work. For load balancers: without a key. */
import type { Unserved } from '../../shared/campaign/serving.ts';
import { Alive, Readiness } from '../../shared/contract/service.ts';
import { onceASecond } from '../../shared/platform/once-a-second.ts';
import { describeTrouble, type Trouble } from '../../shared/platform/trouble.ts';
import { languageOf } from '../http/language.ts';
import { type Route, route } from '../http/route.ts';

interface Dependencies {
  /** What prevents work; none means ready. */
  readonly ready: () => Promise<readonly Trouble[]>;
  /** What will prevent it soon. */
  readonly warnings: () => Promise<readonly Trouble[]>;
  /** It stops soon, and need not be asked whether it could work. */
  readonly isLeaving?: () => boolean;
  /** Work that waits for a worker. The producer takes campaigns all the same, so it stays ready. */
  readonly unserved: () => Promise<readonly Unserved[]>;
}

export function makeHealthRoutes({ ready, warnings, unserved, isLeaving }: Dependencies): Route[] {
  const look = onceASecond(async () => {
    const findings = await ready();
    if (findings.length > 0) return { findings, ...NOTHING };
    return { findings, warnings: await warnings(), unserved: await unserved() };
  });

  return [
    route(
      {
        method: 'get',
        path: '/healthz',
        operationId: 'getHealth',
        tag: 'Service',
        summary: 'Whether the process lives',
        needsKey: false,
        answers: { 200: Alive },
      },
      async ({ res }) => {
        res.set('Cache-Control', 'no-store');
        return { status: 'alive' as const };
      },
    ),

    route(
      {
        method: 'get',
        path: '/readyz',
        operationId: 'getReadiness',
        tag: 'Service',
        summary: 'Whether it can work: Redis reached, settings sound',
        needsKey: false,
        answers: { 200: Readiness, 503: Readiness },
      },
      async ({ req, res }) => {
        const found = isLeaving?.()
          ? { findings: [{ code: 'stopping' } as const], ...NOTHING }
          : await look();
        const said = (some: readonly Trouble[]) =>
          some.map((one) => describeTrouble(one, languageOf(req)));
        const isReady = found.findings.length === 0;
        res.set('Cache-Control', 'no-store').status(isReady ? 200 : 503);
        return {
          status: isReady ? ('ready' as const) : ('not ready' as const),
          findings: said(found.findings),
          warnings: said(found.warnings),
          unserved: withoutNames(found.unserved),
        };
      },
    ),
  ];
}

/** Anybody may ask, and which accounts there are is nobody's business. */
function withoutNames(unserved: readonly Unserved[]) {
  const queues = unserved.filter((one) => 'queue' in one);
  const lanes = unserved.length - queues.length;
  return lanes === 0 ? queues : [...queues, { code: 'no-worker', queue: 'send', lanes } as const];
}

const NOTHING = { warnings: [], unserved: [] };
