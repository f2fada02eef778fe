import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { SECOND } from '../shared/platform/time.ts';

/** How much of this process one stranger, or all of them, may take up. */
export interface Limits {
  readonly bodyBytes: number;
  readonly headerBytes: number;
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
  readonly requestsPerConnection: number;
  readonly spooledEvents: number;
  /** The store has this long; then the event goes to disk. */
  readonly storeWithinMs: number;
  readonly forwardWithinMs: number;
}

/** WeChat's own pushes are a few KB, come whole and are answered within 5 seconds. */
export const LIMITS: Limits = {
  bodyBytes: 64 * 1024,
  headerBytes: 8 * 1024,
  headersWithinMs: 5 * SECOND,
  requestWithinMs: 8 * SECOND,
  checkEveryMs: SECOND,
  keepAliveMs: 5 * SECOND,
  idleMs: 10 * SECOND,
  lingerMs: SECOND,
  connections: 1_000,
  requestsPerConnection: 1_000,
  spooledEvents: 10_000,
  storeWithinMs: 2.5 * SECOND,
  forwardWithinMs: 4 * SECOND,
};

const ANSWERS: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
};

export function guardSockets(server: Server, limits: Limits): void {
  server.maxConnections = limits.connections;
  server.maxRequestsPerSocket = limits.requestsPerConnection;
  server.maxHeadersCount = 64;
  server.setTimeout(limits.idleMs, (socket) => socket.destroy());

  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    if (error.code === 'ECONNRESET' || !socket.writable) {
      socket.destroy();
      return;
    }
    const status = ANSWERS[error.code ?? ''] ?? '400 Bad Request';
    socket.write(`HTTP/1.1 ${status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
    socket.destroySoon();
  });
  // No proxy, no other protocol, nothing to wait for.
  server.on('connect', (_: IncomingMessage, socket: Socket) => socket.destroy());
  server.on('upgrade', (_: IncomingMessage, socket: Socket) => socket.destroy());
  server.on('checkExpectation', (_: IncomingMessage, response: ServerResponse) => {
    response.writeHead(417, { 'Content-Length': 0, Connection: 'close' }).end();
  });
}
