/** Every role in one process, with one Redis, and the sandbox where no real account is used. */
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import { start as startCallback } from '../callback/start.ts';
import { start as startProducer } from '../producer/start.ts';
import { type RunningSandbox, start as startSandbox } from '../sandbox/start.ts';
import type { Config } from '../shared/platform/config.ts';
import { makeRegistry } from '../shared/platform/metrics.ts';
import type { Running } from '../shared/platform/running.ts';
import { distinct, type Trouble } from '../shared/platform/trouble.ts';
import { start as startWorker } from '../workers/start.ts';

export interface Everything extends Running {
  readonly producerUrl: string;
  readonly sandbox: RunningSandbox | null;
}

export type SandboxSettings = NonNullable<Parameters<typeof startSandbox>[0]>;

interface Options {
  readonly config: Config;
  readonly log: (role: string) => Logger;
  /** With it, no real follower receives anything. */
  readonly sandbox?: SandboxSettings;
  readonly prefix?: string;
  /** Of the process. */
  readonly registry?: Registry;
}

/** Starts the roles in the order of their dependencies, and stops them in the reverse order. */
export async function startEverything({
  config,
  log,
  sandbox,
  prefix,
  registry = makeRegistry({ role: 'all' }),
}: Options): Promise<Everything> {
  const stops: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    for (const one of stops.splice(0).reverse()) await one();
  };
  const common = { registry, ...(prefix === undefined ? {} : { prefix }) };
  try {
    const callback = await startCallback({ config, log: log('callback'), ...common });
    stops.push(() => callback.stop());
    const wechat = sandbox
      ? await startSandbox({
          ...sandbox,
          switches: { protocol: config.wechat.era, ...sandbox.switches },
          ...pushesTo(config, callback),
        })
      : null;
    if (wechat) stops.push(() => wechat.stop());
    const settled = wechat
      ? { ...config, wechat: { era: config.wechat.era, baseUrl: wechat.url } }
      : config;
    const worker = await startWorker({ config: settled, log: log('worker'), ...common });
    stops.push(() => worker.stop());
    const producer = await startProducer({ config: settled, log: log('producer'), ...common });
    stops.push(() => producer.stop());
    const producerUrl = (producer.addresses.API ?? '').replace(/\/v1$/, '');
    return {
      producerUrl,
      sandbox: wechat,
      registry,
      failed: Promise.race([producer, worker, callback].flatMap(({ failed }) => failed ?? [])),
      addresses: {
        ...producer.addresses,
        ...callback.addresses,
        ...(wechat ? { 'sandbox (a WeChat)': wechat.url } : {}),
      },
      ready: () => together([producer, worker, callback].map((one) => one.ready())),
      warnings: () =>
        together([producer, worker, callback].map(async (one) => (await one.warnings?.()) ?? [])),
      leave() {
        for (const one of [producer, callback]) one.leave?.();
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Each of them says the same of Redis. */
const together = async (said: readonly Promise<readonly Trouble[]>[]): Promise<Trouble[]> =>
  distinct((await Promise.all(said)).flat());

/** The sandbox pushes to the address on which the callback service listens. */
function pushesTo(config: Config, callback: Running): Pick<SandboxSettings, 'callbackUrl'> {
  const [address] = Object.values(callback.addresses);
  const local = `http://${config.callback.host}:${config.callback.port}/wechat`;
  return { callbackUrl: address?.replace(/\/[^/]+$/, '') ?? local };
}
