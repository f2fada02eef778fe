/** Runs a role by its name until it is stopped. */
import { readFileSync } from 'node:fs';
import type { Registry } from 'prom-client';
import { type Config, loadConfig, requireAccounts } from './shared/platform/config.ts';
import { ServiceError, textOf } from './shared/platform/errors.ts';
import { inTime } from './shared/platform/in-time.ts';
import { makeLogger } from './shared/platform/logger.ts';
import { makeRegistry } from './shared/platform/metrics.ts';
import { startMetricsServer } from './shared/platform/metrics-server.ts';
import { nearest } from './shared/platform/nearest.ts';
import { refusalOf, unfit } from './shared/platform/redis-refusal.ts';
import { type Running, stopGently } from './shared/platform/running.ts';
import { type Bilingual, inLanguage, terminalLanguage } from './shared/platform/sentences.ts';
import { SECOND } from './shared/platform/time.ts';
import { VERSION } from './shared/platform/version.ts';
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

async function startRole(role: string, config: Config, registry: Registry): Promise<Running> {
  if (isService(role)) {
    const { start } = await SERVICES[role]();
    requireAccounts(config);
    const log = makeLogger({ role, level: config.log.level });
    return start({ config, log, registry, ...RELOADING });
  }
  if (role === 'sandbox') {
    const { start } = await import('./demo/sandbox-role.ts');
    return start(config, process.argv.slice(3));
  }
  const { startAll } = await import('./demo/start-all.ts');
  return startAll(config, { redisUrl: chosenRedis(), registry, language: LANGUAGE });
}

/** Of REDIS_URL, with its password; without it the demo and `start` have one of their own. */
function chosenRedis(): string | undefined {
  const { REDIS_URL, REDIS_URL_FILE } = process.env;
  return REDIS_URL?.trim() || REDIS_URL_FILE?.trim() ? readConfig().redis.url : undefined;
}

/** The SDK for traces is loaded only where they are wanted. */
async function tracingOf(role: string, { tracesTo, log: { level } }: Config) {
  if (tracesTo === null) return null;
  const { startTracing } = await import('./shared/platform/start-tracing.ts');
  return startTracing({ endpoint: tracesTo, role, log: makeLogger({ role, level }) });
}

const ROLES = [...Object.keys(SERVICES), 'sandbox', 'start'];

/** Beside the pause of DRAIN_SECONDS, a stop may take so long; then the process exits. */
const GRACE = 28 * SECOND;

const START_WITHIN = 3 * SECOND;

/**
 * What a role says of itself: to an operator as text in the language of the terminal, to whatever
 * collects logs as one JSON object a line, from the first line to the last.
 */
function say(level: 'info' | 'fatal', event: string, text: Bilingual, fields: object = {}): void {
  if (process.stderr.isTTY) process.stderr.write(`${inLanguage(text, LANGUAGE)}\n`);
  else notices[level]({ event, ...fields }, text[0]);
}
const LANGUAGE = terminalLanguage(process.env);
const notices = makeLogger({
  role: process.argv[2] ?? '',
  destination: { write: (line) => void process.stderr.write(line) },
});

/** The second signal, or Ctrl-C, ends the pause of a stop. */
function stopSignals() {
  const stopping = new AbortController();
  const hurry = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (signal === 'SIGINT' || stopping.signal.aborted) hurry.abort(signal);
      stopping.abort(signal);
    });
  }
  return { stop: stopping.signal, hurry: hurry.signal };
}

/** Why there is no such call, in one sentence; null where there is. */
function mistakeOf(role: string, more: readonly string[]): Bilingual | null {
  const roles = [...ROLES, 'demo'];
  if (!roles.includes(role)) {
    const near = nearest(role, roles);
    const [en, zh] =
      near === undefined
        ? [`choose one of ${roles.join(', ')}`, `请选择：${roles.join('、')}`]
        : [`did you mean ${near}?`, `是否想写 ${near}？`];
    return role === ''
      ? [`no role is named: ${en}`, `没有指定角色：${zh}`]
      : [`there is no role ${role}: ${en}`, `没有角色 ${role}：${zh}`];
  }
  if (role === 'sandbox' || more.length === 0) return null;
  const words = more.join(' ');
  return [
    `${role} takes no ${words}: settings are environment variables, see .env.example`,
    `${role} 不接受参数 ${words}：配置均为环境变量，见 .env.example`,
  ];
}

async function main(role = '', ...more: readonly string[]): Promise<void> {
  const { stop, hurry } = stopSignals();
  const mistake = mistakeOf(role, more);
  if (mistake !== null) {
    say('fatal', 'role.refused', mistake);
    process.exitCode = 1;
    return;
  }
  if (role === 'demo') {
    const { runDemo } = await import('./demo/run-demo.ts');
    const redisUrl = chosenRedis();
    process.exitCode = await runDemo(stop, { out: process.stdout, language: LANGUAGE, redisUrl });
    return;
  }
  const config = readConfig();
  stop.addEventListener('abort', () => {
    setTimeout(() => process.exit(1), GRACE + config.drainMs).unref();
  });
  const stopTracing = await tracingOf(role, config);
  const registry = makeRegistry({ role: role === 'start' ? 'all' : role });
  let running: Running | undefined;
  // Open before Redis answers and until all is done, so that a start and a stop can be seen.
  const metrics = config.metrics
    ? await startMetricsServer({
        ...config.metrics,
        registry,
        ready: async () => (running ? running.ready() : [{ code: 'starting' }]),
        warnings: async () => (await running?.warnings?.()) ?? [],
        stopping: stop,
      })
    : null;
  const starting = startRole(role, config, registry);
  running = await Promise.race([starting, aborted(stop)]);
  if (!running) {
    // Stopped during the start: it may have taken jobs already.
    const late = await inTime(starting, START_WITHIN).catch(() => null);
    await late?.stop();
    await metrics?.close();
    await stopTracing?.();
    return;
  }
  const addresses = { ...running.addresses, ...(metrics ? { metrics: metrics.url } : {}) };
  for (const [what, address] of Object.entries(addresses)) {
    const line = `${what.padEnd(24)} ${address}`;
    say('info', 'role.address', [line, line], { what, address });
  }
  const started: Bilingual = [
    `${role} is running; stop it with SIGTERM or Ctrl-C`,
    `${role} 已启动；用 SIGTERM 或 Ctrl-C 停止`,
  ];
  say('info', 'role.started', started, { version: VERSION });
  const { failed } = running;
  const failure = await Promise.race([aborted(stop), ...(failed === undefined ? [] : [failed])]);
  if (failure) {
    say('fatal', 'role.failed', sentenceOf(failure) ?? [failure.message, failure.message]);
    process.exitCode = 1;
  }
  say('info', 'role.stopping', [
    `${role} is stopping: it finishes its current work and takes nothing new`,
    `${role} 正在停止：完成手头的工作，不再接受新的工作`,
  ]);
  await stopGently(running, failure ? 0 : config.drainMs, hurry);
  await metrics?.close();
  await stopTracing?.();
  say('info', 'role.stopped', [`${role} has stopped`, `${role} 已停止`]);
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

// Before the role runs, or a defect in it is told in Node's words and not in JSON.
process.on('uncaughtException', end);
try {
  await main(...process.argv.slice(2));
  // Everything was stopped; an open handle must not keep the process.
  setTimeout(() => process.exit(), 2 * SECOND).unref();
} catch (error) {
  end(error);
}

function end(error: unknown): void {
  const said = sentenceOf(error);
  // A defect of ours: an operator reports its stack.
  const stack = String((error as Error).stack);
  if (said === undefined) say('fatal', 'role.crashed', [stack, stack], { err: error });
  else say('fatal', 'role.failed', said);
  process.exit(1);
}

function sentenceOf(error: unknown): Bilingual | undefined {
  const refusal = refusalOf(error);
  const ours = error instanceof ServiceError ? error : refusal && unfit(refusal);
  if (ours) return textOf(ours);
  const { code, port, address } = error as Error & Listening;
  if (code === 'EADDRINUSE') {
    return [
      `Port ${port} of ${address} is in use: stop what listens there, or set another *_PORT.`,
      `${address} 的端口 ${port} 已被占用：请停止占用它的程序，或设置其他 *_PORT。`,
    ];
  }
  if (code === 'EACCES' && port !== undefined) {
    return [
      `Port ${port} of ${address} is not allowed to this user: set a *_PORT above 1023.`,
      `当前用户不能监听 ${address} 的端口 ${port}：请设置大于 1023 的 *_PORT。`,
    ];
  }
  return undefined;
}
