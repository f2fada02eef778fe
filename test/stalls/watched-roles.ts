/** Producer and callback in a process of their own, whose event loop is watched while a parent asks. */
import { start as startCallback } from '../../src/callback/start.ts';
import { start as startProducer } from '../../src/producer/start.ts';
import { loadConfig } from '../../src/shared/platform/config.ts';
import { makeLogger } from '../../src/shared/platform/logger.ts';
import { watchStalls } from './watch-stalls.ts';

const config = loadConfig(process.env);
const log = makeLogger({ role: 'producer', level: 'silent' });
const producer = await startProducer({ config, log });
const callback = await startCallback({ config, log });
const stalls = watchStalls();
process.on('message', () => process.send?.(stalls.takeLongest()));
process.on('disconnect', () => process.exit(0));
process.send?.({ ...producer.addresses, ...callback.addresses });
