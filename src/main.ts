/** The one entry point: a role by its name, run until it is told to stop. */
import { readFileSync } from 'node:fs';
import { type Config, loadConfig, requireAccounts } from './shared/platform/config.ts';
import { ServiceError } from './shared/platform/errors.ts';
import { inTime } from './shared/platform/in-time.ts';
import { makeLogger } from './shared/platform/logger.ts';
import { makeRegistry } from './shared/platform/metrics.ts';
import { startMetricsServer } from './shared/platform/metrics-server.ts';
import { refusalOf } from './shared/platform/redis-refusal.ts';
import type { Running } from './shared/platform/running.ts';
import { SECOND } from './shared/platform/time.ts';
import type { Reloading } from './shared/platform/watch-accounts.ts';

const readConfig = (): Config => loadConfig(process.env, (path) => readFileSync(path, 'utf8'));

const { ACCOUNTS_FILE } = process.env;
const RELOADING: Reloading = {
  reload: readConfig,
  ...(ACCOUNTS_FILE ? { accountsFile: ACCOUNTS_FILE } : {}),
};

/** Each role's modules are loaded only where it runs. */
const ROLES: Readonly<Record<string, (config: Config) => Promise<Running>>> = {
  async producer(config) {
    const { start } = await import('./producer/start.ts');
    requireAccounts(config);
    return start({ config, ...tools('producer', config), ...RELOADING });
  },
  async worker(config) {
    const { start } = await import('./workers/start.ts');
    requireAccounts(config);
    return start({ config, ...tools('worker', config), ...RELOADING });
  },
  async callback(config) {
    const { start } = await import('./callback/start.ts');
    requireAccounts(config);
    return start({ config, ...tools('callback', config), ...RELOADING });
  },
  async sandbox(config) {
    const { start } = await import('./demo/sandbox-role.ts');
    return start(config, process.argv.slice(3));
  },
  async start(config) {
    const { startAll } = await import('./demo/start-all.ts');
    return startAll(config, process.env.REDIS_URL);
  },
};

function tools(role: string, config: Config) {
  const log = makeLogger({ role, level: config.log.level });
  return { log, registry: makeRegistry({ role }) };
}

/** A drain may take as long as docker-compose.yml's grace; after that the process ends anyhow. */
const GRACE = 28 * SECOND;

const START_WITHIN = 3 * SECOND;

function stopSignal(): AbortSignal {
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      stopping.abort(signal);
      setTimeout(() => process.exit(1), GRACE).unref();
    });
  }
  return stopping.signal;
}

async function main(role = '', ...more: readonly string[]): Promise<void> {
  const stop = stopSignal();
  if (role === 'demo') {
    const { runDemo } = await import('./demo/run-demo.ts');
    process.exitCode = await runDemo(stop, process.stdout);
    return;
  }
  const start = ROLES[role];
  if (start && more.length > 0) {
    const settings = 'settings are environment variables, see .env.example';
    process.stderr.write(`${role} takes no ${more.join(' ')}: ${settings}\n`);
    process.exitCode = 1;
    return;
  }
  if (!start) {
    process.stderr.write(`usage: main <${[...Object.keys(ROLES), 'demo'].join(' | ')}>\n`);
    process.exitCode = 2;
    return;
  }
  const config = readConfig();
  const starting = start(config);
  const running = await Promise.race([starting, aborted(stop)]);
  if (!running) {
    // Told to stop while it started: it may have taken jobs, or wait for Redis with nothing in hand.
    const late = await inTime(starting, START_WITHIN).catch(() => null);
    await late?.stop();
    return;
  }
  const metrics = await metricsOf(role, config, running);
  const addresses = { ...running.addresses, ...(metrics ? { metrics: metrics.url } : {}) };
  for (const [what, address] of Object.entries(addresses)) {
    process.stderr.write(`${what.padEnd(24)} ${address}\n`);
  }
  process.stderr.write(`${role} is running; stop it with SIGTERM or Ctrl-C\n`);
  const failure = await Promise.race([aborted(stop), ...(running.failed ? [running.failed] : [])]);
  if (failure) {
    process.stderr.write(`${failure.message}\n`);
    process.exitCode = 1;
  }
  process.stderr.write(`${role} is stopping: nothing new is taken, what is in hand is finished\n`);
  await metrics?.close();
  await running.stop();
}

async function metricsOf(role: string, { metrics }: Config, running: Running) {
  if (!metrics) return null;
  const registry = running.registry ?? makeRegistry({ role });
  return startMetricsServer({ ...metrics, registry, ready: () => running.ready() });
}

/** What Node says of a port that it cannot listen on. */
interface Listening {
  readonly code?: string;
  readonly port?: number;
  readonly address?: string;
}

const aborted = (signal: AbortSignal): Promise<undefined> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    else signal.addEventListener('abort', () => resolve(undefined));
  });

try {
  await main(...process.argv.slice(2));
  // What keeps running after everything was stopped has nothing left to do.
  setTimeout(() => process.exit(), 2 * SECOND).unref();
} catch (error) {
  process.stderr.write(`${inWords(error)}\n`);
  process.exit(1);
}

function inWords(error: unknown): string {
  if (error instanceof ServiceError) return error.message;
  const refusal = refusalOf(error);
  if (refusal) return refusal.message;
  const { code, port, address, stack } = error as Error & Listening;
  if (code === 'EADDRINUSE') {
    return `Port ${port} of ${address} is in use: stop what listens there, or set another *_PORT.`;
  }
  if (code === 'EACCES' && port !== undefined) {
    return `Port ${port} of ${address} is not allowed to this user: set a *_PORT above 1023.`;
  }
  return String(stack);
}
