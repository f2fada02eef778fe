/** A way to the producer on which a test can make answers get lost. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { request } from 'undici';

/** What becomes of the next request that it is shown; `pass` when it has nothing to say. */
export type Fate =
  | 'pass'
  | 'lose-answer'
  | 'lose-request'
  | 'half-answer'
  | { readonly answer: number; readonly headers?: Readonly<Record<string, string>> };

export interface Relay {
  readonly url: string;
  readonly port: number;
  /** Method and path of what came. */
  readonly seen: string[];
  /** Of what came. */
  readonly headers: IncomingMessage['headers'][];
  /** Cuts what is open. */
  cut(): void;
  close(): Promise<void>;
}

export async function startRelay(
  target: string,
  fates: Fate[],
  { port = 0 }: { readonly port?: number } = {},
): Promise<Relay> {
  const seen: string[] = [];
  const headers: IncomingMessage['headers'][] = [];
  const server = createServer((req, res) => {
    seen.push(`${req.method} ${req.url}`);
    headers.push(req.headers);
    relay(req, res, fates.shift() ?? 'pass').catch(() => req.socket.destroy());
  });

  async function relay(req: IncomingMessage, res: ServerResponse, fate: Fate): Promise<void> {
    const pieces: Buffer[] = [];
    for await (const piece of req) pieces.push(piece as Buffer);
    if (fate === 'lose-request') {
      req.socket.destroy();
      return;
    }
    if (typeof fate === 'object') {
      res.writeHead(fate.answer, fate.headers ?? { 'retry-after': '0' }).end();
      return;
    }
    const { host: _, connection: __, 'content-length': ___, ...passed } = req.headers;
    const answer = await request(`${target}${req.url}`, {
      method: (req.method ?? 'GET') as 'GET',
      headers: passed,
      ...(pieces.length > 0 ? { body: Buffer.concat(pieces) } : {}),
    });
    if (fate === 'lose-answer') {
      await answer.body.dump();
      req.socket.destroy();
      return;
    }
    if (fate === 'half-answer') {
      const text = await answer.body.text();
      res.writeHead(answer.statusCode, { 'content-length': Buffer.byteLength(text) });
      res.write(text.slice(0, text.length / 2), () => req.socket.destroy());
      return;
    }
    const { 'transfer-encoding': ____, connection: _____, ...back } = answer.headers;
    res.writeHead(answer.statusCode, back);
    for await (const piece of answer.body) res.write(piece);
    res.end();
  }

  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${address.port}`,
    port: address.port,
    seen,
    headers,
    cut: () => server.closeAllConnections(),
    async close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
