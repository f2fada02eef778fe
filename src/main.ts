/** Runs a role by its name until it is stopped. */
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

/** Loads the modules of a role only where it runs. */
const SERVICES = {
  producer: () => import('./producer/start.ts'),
  worker: () => import('./workers/start.ts'),
  callback: () => import('./callback/start.ts'),
};
const isService = (role: string): role is keyof typeof SERVICES => role in SERVICES;

async function startRole(role: string, config: Config): Promise<Running> {
  if (isService(role)) {
    const { start } = await SERVICES[role]();
    requireAccounts(config);
    const log = makeLogger({ role, level: config.log.level });
    return start({ config, log, registry: makeRegistry({ role }), ...RELOADING });
  }
  if (role === 'sandbox') {
    const { start } = await import('./demo/sandbox-role.ts');
    return start(config, process.argv.slice(3));
  }
  const { startAll } = await import('./demo/start-all.ts');
  const { REDIS_URL, REDIS_URL_FILE } = process.env;
  return startAll(
    config,
    REDIS_URL?.trim() || REDIS_URL_FILE?.trim() ? config.redis.url : undefined,
  );
}

const ROLES = [...Object.keys(SERVICES), 'sandbox', 'start'];

/** A stop may take as long as the grace period of docker-compose.yml; then the process exits. */
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
  const isKnown = ROLES.includes(role);
  if (isKnown && role !== 'sandbox' && more.length > 0) {
    const settings = 'settings are environment variables, see .env.example';
    process.stderr.write(`${role} takes no ${more.join(' ')}: ${settings}\n`);
    process.exitCode = 1;
    return;
  }
  if (!isKnown) {
    process.stderr.write(`usage: main <${[...ROLES, 'demo'].join(' | ')}>\n`);
    process.exitCode = 2;
    return;
  }
  const config = readConfig();
  const starting = startRole(role, config);
  const running = await Promise.race([starting, aborted(stop)]);
  if (!running) {
    // Stopped during the start: it may have taken jobs already.
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
  process.stderr.write(`${role} is stopping: it finishes its current work and takes nothing new\n`);
  await metrics?.close();
  await running.stop();
}

async function metricsOf(role: string, { metrics }: Config, running: Running) {
  if (!metrics) return null;
  const registry = running.registry ?? makeRegistry({ role });
  return startMetricsServer({ ...metrics, registry, ready: () => running.ready() });
}

/** Node's error for a port that it cannot listen on. */
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
  // Everything was stopped; an open handle must not keep the process.
  setTimeout(() => process.exit(), 2 * SECOND).unref();
} catch (error) {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exit(1);
}

function messageOf(error: unknown): string {
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
