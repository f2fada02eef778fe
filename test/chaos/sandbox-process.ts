/** The sandbox as the judge: a process of its own that nobody kills. Settings: JSON in argv. */
import { type SandboxSettings, start } from '../../src/sandbox/start.ts';

const settings = JSON.parse(process.argv[2] ?? '{}') as SandboxSettings;
const { url } = await start(settings);
process.stdout.write(`${url}\n`);
