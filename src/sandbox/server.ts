/**
 * A stand-in for api.weixin.qq.com: a real HTTP server that behaves as the published and recorded
 * WeChat does, keeps a ledger of what every follower received, and fails on request.
 *
 * It shares no code with the rest of this project, so that a misreading cannot be right on both
 * sides. Any WeChat client can be pointed at it.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { type Account, makeAccount } from './account.ts';
import { makeAdmin } from './admin.ts';
import { type Faults, makeFaults } from './faults.ts';
import { type Ledger, makeLedger } from './ledger.ts';
import { type SandboxOptions, settle } from './options.ts';
import { type Events, makePusher } from './pushes.ts';
import { makeWechatSide } from './wechat-side.ts';
import type { World } from './world.ts';

const SECOND = 1_000;
const MB = 1024 * 1024;
/** A file of ten megabytes and what goes with it. */
const LARGEST_FILE = 12 * MB;
/** Eight articles of a megabyte each. */
const LARGEST_JSON = 9 * MB;
/** A worker of ours opens a thousand at most. */
const CONNECTIONS = 4_000;
const REQUESTS_PER_SOCKET = 10_000;
/** A client that sends more without reading an answer would fill the memory. */
const UNANSWERED_PER_SOCKET = 8;

export interface Sandbox {
  readonly url: string;
  readonly port: number;
  readonly accounts: readonly Account[];
  readonly ledger: Ledger;
  readonly faults: Faults;
  readonly events: Events;
  /** The account of that name; the only one, if no name is given. */
  account(name?: string): Account;
  /** Moves the sandbox's clock: tokens, media and keys age, days and months turn. */
  advance(ms: number): void;
  /** Ends every connection and every planned push. */
  close(): Promise<void>;
}

export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const { host = '127.0.0.1', port = 0, now: wall = Date.now, log = () => undefined } = options;
  let ahead = 0;
  const now = (): number => wall() + ahead;
  const rules = settle(options);
  const accounts = options.accounts.map((given, ordinal) =>
    makeAccount(given, { rules, now, ordinal }),
  );
  const ledger = makeLedger();
  const faults = makeFaults();
  const pusher = makePusher({ rules, accounts, ledger, wall, log });
  const world: World = { rules, accounts, ledger, faults, pusher, now };
  const onWechatCall = makeWechatSide(world);
  const onAdminCall = makeAdmin(world, host);

  async function onRequest(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://sandbox');
    const isFile = /^multipart\//i.test(request.headers['content-type'] ?? '');
    const body = await bodyOf(request, isFile ? LARGEST_FILE : LARGEST_JSON);
    if (!body) {
      response.writeHead(413, { connection: 'close' }).end();
      return;
    }
    if (/^\/sandbox(\/|$)/.test(url.pathname) || url.pathname === '/') {
      await onAdminCall({ request, response, url, body });
    } else {
      await onWechatCall({ request, response, url, body });
    }
  }

  const isTooMany = countUnanswered();
  const server = createServer((request, response) => {
    if (isTooMany(request.socket, response)) {
      request.socket.destroy();
      return;
    }
    onRequest(request, response).catch((error: unknown) => {
      log(`${request.method} ${request.url?.split('?')[0]}: ${String(error)}`);
      if (!response.headersSent) response.writeHead(500).end();
    });
  });
  server.requestTimeout = 60 * SECOND;
  server.headersTimeout = 20 * SECOND;
  server.maxRequestsPerSocket = REQUESTS_PER_SOCKET;
  server.maxConnections = CONNECTIONS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const address = server.address() as AddressInfo;

  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${address.port}`,
    port: address.port,
    accounts,
    ledger,
    faults,
    events: pusher,
    account(name) {
      const account =
        name === undefined ? accounts[0] : accounts.find((other) => other.name === name);
      if (!account) throw new TypeError(`no account is named ${name}`);
      return account;
    },
    advance(ms) {
      ahead += ms;
    },
    async close() {
      pusher.close();
      faults.clear();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

function countUnanswered() {
  const unanswered = new WeakMap<Socket, number>();
  return (socket: Socket, response: ServerResponse): boolean => {
    const waiting = (unanswered.get(socket) ?? 0) + 1;
    unanswered.set(socket, waiting);
    response.once('close', () => unanswered.set(socket, (unanswered.get(socket) ?? 1) - 1));
    return waiting > UNANSWERED_PER_SOCKET;
  };
}

/** undefined for what is larger than that. */
async function bodyOf(request: IncomingMessage, largest: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > largest) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
