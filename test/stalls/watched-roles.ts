/**
 * Roles in a process of their own, whose event loop is watched while a parent asks: those that are
 * named in the arguments.
 */
import { start as startCallback } from '../../src/callback/start.ts';
import { start as startSandbox } from '../../src/demo/sandbox-role.ts';
import { start as startProducer } from '../../src/producer/start.ts';
import { loadConfig } from '../../src/shared/platform/config.ts';
import { makeLogger } from '../../src/shared/platform/logger.ts';
import { makeRegistry } from '../../src/shared/platform/metrics.ts';
import { start as startWorker } from '../../src/workers/start.ts';
import { watchStalls } from './watch-stalls.ts';

const config = loadConfig(process.env);
const log = makeLogger({ role: 'producer', level: 'silent' });
const ROLES: Readonly<Record<string, () => Promise<{ addresses: object }>>> = {
  producer: () => startProducer({ config, log }),
  callback: () => startCallback({ config, log }),
  worker: () => startWorker({ config, log, registry: makeRegistry({ role: 'worker' }) }),
  sandbox: () => startSandbox(config, []),
};

let addresses = {};
for (const role of process.argv.slice(2)) {
  addresses = { ...addresses, ...(await ROLES[role]?.())?.addresses };
}
const stalls = watchStalls();
process.on('message', () => process.send?.(stalls.takeLongest()));
process.on('disconnect', () => process.exit(0));
process.send?.(addresses);
