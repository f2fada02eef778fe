/** Roles in this process, as `npm start` has them, with keys for many callers. */
import { start as startCallback } from '../../src/callback/start.ts';
import { start as startProducer } from '../../src/producer/start.ts';
import type { Config } from '../../src/shared/platform/config.ts';
import { makeLogger } from '../../src/shared/platform/logger.ts';
import { makeRegistry } from '../../src/shared/platform/metrics.ts';
import type { Running } from '../../src/shared/platform/running.ts';
import { start as startWorker } from '../../src/workers/start.ts';

export interface AllRoles {
  readonly producerUrl: string;
  /** Each caller may make 6,000 requests a minute, so a bench is many callers. */
  keyFor(request: number): string;
  stop(): Promise<void>;
}

const START = { callback: startCallback, worker: startWorker, producer: startProducer };
const CALLERS = 20;
export const KEYS = Array.from({ length: CALLERS }, (_, no) => `bench-key-${no}-0123456789abcdef`);

/** In the order in which they need each other. */
export async function startAllRoles(
  config: Config,
  roles: readonly (keyof typeof START)[] = ['callback', 'worker', 'producer'],
): Promise<AllRoles> {
  const apiKeys = KEYS.map((key, no) => ({ name: `caller-${no}`, key }));
  const common = {
    config: { ...config, producer: { ...config.producer, apiKeys } },
    log: makeLogger({ role: 'bench', level: 'error' }),
    registry: makeRegistry({ role: 'bench' }),
  };
  const running: Running[] = [];
  for (const role of roles) running.push(await START[role](common));
  const api = running.find(({ addresses }) => addresses.API)?.addresses.API ?? '';
  return {
    producerUrl: api.replace(/\/v1$/, ''),
    keyFor: (request) => KEYS[request % CALLERS] ?? '',
    async stop() {
      for (const role of running.reverse()) await role.stop();
    },
  };
}
