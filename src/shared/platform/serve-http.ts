/**
 * The HTTP server of every role, and how much of its process the callers may take up.
 *
 * Node parses all that one read of a socket brings, 64 kB, before it pauses the socket: some thousand
 * requests on one connection, each with its answer, whether the client ever reads one or not. So the
 * requests of a socket are counted here, and the handler sees no more than a few of them at a time.
 */
import { once } from 'node:events';
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { HOUR, MINUTE, SECOND } from './time.ts';

export interface HttpLimits {
  readonly headerBytes: number;
  readonly headers: number;
  readonly headersWithinMs: number;
  /** Headers and body. */
  readonly requestWithinMs: number;
  readonly checkEveryMs: number;
  readonly keepAliveMs: number;
  /** Nothing moves on a connection. */
  readonly idleMs: number;
  /** How long a refused client may go on sending. */
  readonly lingerMs: number;
  readonly connections: number;
  /** The answer to the last of them announces the end of the connection. */
  readonly requestsPerSocket: number;
  /** Requests of one connection that are not answered, or whose answer has not left: one more ends it. */
  readonly unansweredPerSocket: number;
  /** Of all connections: what is written and has not left. Beyond it those end that have most of it. */
  readonly unsentBytes: number;
}

/** Browsers and HTTP clients send one after another; a client that pipelines sends two or three. */
const UNANSWERED = 8;

const MIB = 1024 * 1024;
/** A campaign of eight articles is 8 MB; whoever reads takes it away at once. */
const UNSENT = 128 * MIB;
const LOOK_EVERY = SECOND / 4;

/** WeChat's pushes are a few KB, come whole, and are answered within 5 seconds. */
export const CALLBACK_HTTP: HttpLimits = {
  headerBytes: 8 * 1024,
  headers: 64,
  headersWithinMs: 5 * SECOND,
  requestWithinMs: 8 * SECOND,
  checkEveryMs: SECOND,
  keepAliveMs: 5 * SECOND,
  idleMs: 10 * SECOND,
  lingerMs: SECOND,
  connections: 1_000,
  requestsPerSocket: 1_000,
  unansweredPerSocket: UNANSWERED,
  // An answer is a word, or what the other system said: 64 KiB.
  unsentBytes: 32 * MIB,
};

/** A list of ten million OpenIDs takes its time; a connection on which nothing moves does not. */
export const PRODUCER_HTTP: HttpLimits = {
  headerBytes: 16 * 1024,
  // Proxies add some; Node silently ignores those beyond the limit.
  headers: 256,
  headersWithinMs: 10 * SECOND,
  requestWithinMs: HOUR,
  checkEveryMs: 5 * SECOND,
  // KEEP_ALIVE_SECONDS: longer than proxies keep theirs, which else send into a closing connection.
  keepAliveMs: 75 * SECOND,
  idleMs: 2 * MINUTE,
  lingerMs: 2 * SECOND,
  connections: 4_000,
  // A service's pool keeps its connections; a new one each 10,000 calls costs it nothing.
  requestsPerSocket: 10_000,
  unansweredPerSocket: UNANSWERED,
  unsentBytes: UNSENT,
};

/** A monitoring system or two, and a container's health check. */
export const METRICS_HTTP: HttpLimits = {
  ...CALLBACK_HTTP,
  connections: 100,
};

interface HttpService {
  readonly server: Server;
  readonly url: string;
  readonly port: number;
  /** From now on each answer ends its connection; new ones are still taken. */
  leave(): void;
  /** Takes no new connections; open requests have this long to end. */
  stop(withinMs: number): Promise<void>;
}

/** @throws {Error} the address cannot be listened on. */
export async function serveHttp(options: {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  readonly limits: HttpLimits;
  readonly handle: RequestListener;
}): Promise<HttpService> {
  const { limits, handle } = options;
  const server = createServer({
    maxHeaderSize: limits.headerBytes,
    headersTimeout: limits.headersWithinMs,
    requestTimeout: limits.requestWithinMs,
    keepAliveTimeout: limits.keepAliveMs,
    connectionsCheckingInterval: limits.checkEveryMs,
    // Node answers one without a host by itself, uncounted.
    requireHostHeader: false,
  });
  server.maxConnections = limits.connections;
  server.maxHeadersCount = limits.headers;
  server.setTimeout(limits.idleMs, (socket) => socket.destroy());
  let isLeaving = false;
  const admits = countRequests(limits, () => isLeaving);
  const endSlowReaders = watchUnsent(limits.unsentBytes);
  server.on('request', (request, response) => {
    if (!admits(request, response)) return;
    endSlowReaders(response);
    handle(request, response);
  });
  server.on('checkExpectation', (request, response) => {
    if (admits(request, response)) refuse(response, 417);
  });
  server.on('clientError', answerNoise);
  server.listen(options.port, options.host);
  await once(server, 'listening');

  const { address, family, port } = server.address() as AddressInfo;
  return {
    server,
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`,
    port,
    leave() {
      isLeaving = true;
    },
    async stop(withinMs) {
      if (!server.listening) return;
      isLeaving = true;
      const closed = once(server, 'close');
      server.close();
      server.closeIdleConnections();
      const timer = setTimeout(() => server.closeAllConnections(), withinMs);
      await closed;
      clearTimeout(timer);
    },
  };
}

/** Whether a request may be handled. One that may not is answered here, or its connection ends. */
function countRequests(
  { requestsPerSocket, unansweredPerSocket }: HttpLimits,
  isLeaving: () => boolean,
) {
  const counts = new WeakMap<Socket, { seen: number; unanswered: number }>();

  return ({ socket, headers, httpVersion }: IncomingMessage, response: ServerResponse): boolean => {
    // The rest of what was read together with the request that ended the connection.
    if (socket.destroyed) return false;
    const count = counts.get(socket) ?? { seen: 0, unanswered: 0 };
    counts.set(socket, count);
    count.seen += 1;
    count.unanswered += 1;
    // Not before its last byte was handed to the system: an answer that is not read still counts.
    response.once('close', () => {
      count.unanswered -= 1;
    });
    if (count.unanswered > unansweredPerSocket) {
      socket.destroy();
      return false;
    }
    if (count.seen > requestsPerSocket) return false;
    if (count.seen === requestsPerSocket || isLeaving()) response.shouldKeepAlive = false;
    const hasHost = headers.host !== undefined || httpVersion === '1.0';
    if (!hasHost) refuse(response, 400);
    return hasHost;
  };
}

/**
 * Answers that nobody reads stay in memory, and a connection is cheap. One that is read slowly is let
 * be while there is room for all.
 *
 * @returns takes the answers that are watched until they have left.
 */
function watchUnsent(most: number): (response: ServerResponse) => void {
  const open = new Set<ServerResponse>();
  let timer: NodeJS.Timeout | undefined;

  function look(): void {
    const all = [...open].map((response) => ({ response, bytes: response.writableLength }));
    let total = all.reduce((sum, { bytes }) => sum + bytes, 0);
    if (total <= most) return;
    for (const { response, bytes } of all.sort((one, other) => other.bytes - one.bytes)) {
      if (total <= most) return;
      total -= bytes;
      response.req.socket.destroy();
    }
  }

  return (response) => {
    open.add(response);
    timer ??= setInterval(look, LOOK_EVERY).unref();
    response.once('close', () => {
      open.delete(response);
      if (open.size > 0) return;
      clearInterval(timer);
      timer = undefined;
    });
  };
}

function refuse(response: ServerResponse, status: number): void {
  response.writeHead(status, { 'Content-Length': 0, Connection: 'close' }).end();
}

const NOISE_ANSWERS: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
};

function answerNoise(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const status = NOISE_ANSWERS[error.code ?? ''] ?? '400 Bad Request';
  socket.write(`HTTP/1.1 ${status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
  socket.destroySoon();
}
