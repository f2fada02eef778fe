/** A sandbox in a process of its own, as every bench needs: its ledger must not share our core. */
import { readFileSync } from 'node:fs';
import type { SandboxOptions } from '../../src/sandbox/options.ts';
import { startSandbox } from '../../src/sandbox/server.ts';

const options = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as SandboxOptions;
const sandbox = await startSandbox(options);
process.send?.({ url: sandbox.url });
process.on('disconnect', () => process.exit(0));
