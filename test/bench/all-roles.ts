/** Producer, worker and callback in this process, as `npm start` has them, with keys for many callers. */
import { start as startCallback } from '../../src/callback/start.ts';
import { start as startProducer } from '../../src/producer/start.ts';
import type { Config } from '../../src/shared/config.ts';
import { makeLogger } from '../../src/shared/logger.ts';
import { makeRegistry } from '../../src/shared/metrics.ts';
import { start as startWorker } from '../../src/workers/start.ts';

export interface AllRoles {
  readonly producerUrl: string;
  /** Each caller may make 600 requests a minute, so a bench is many callers. */
  keyFor(request: number): string;
  stop(): Promise<void>;
}

const CALLERS = 40;
export const KEYS = Array.from({ length: CALLERS }, (_, no) => `bench-key-${no}-0123456789abcdef`);

export async function startAllRoles(config: Config): Promise<AllRoles> {
  const apiKeys = KEYS.map((key, no) => ({ name: `caller-${no}`, key }));
  const common = {
    config: { ...config, producer: { ...config.producer, apiKeys } },
    log: makeLogger({ role: 'bench', level: 'error' }),
    registry: makeRegistry({ role: 'bench' }),
  };
  const callback = await startCallback(common);
  const worker = await startWorker(common);
  const producer = await startProducer(common);
  return {
    producerUrl: (producer.addresses.API ?? '').replace(/\/v1$/, ''),
    keyFor: (request) => KEYS[request % CALLERS] ?? '',
    async stop() {
      for (const role of [producer, worker, callback]) await role.stop();
    },
  };
}
