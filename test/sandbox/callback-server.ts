/** A callback address that keeps what is pushed to it and answers as it is told. */
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished, vi } from 'vitest';

export interface Push {
  readonly method: string;
  readonly query: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface CallbackServer {
  readonly url: string;
  readonly pushes: readonly Push[];
  /** Resolves as soon as so many pushes have come. */
  came(count: number): Promise<readonly Push[]>;
}

type Answer = (push: Push, response: ServerResponse) => void;

export async function callbackServer(
  answer: Answer = (_push, response) => response.end('success'),
): Promise<CallbackServer> {
  const pushes: Push[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const url = new URL(request.url ?? '', 'http://callback');
      const push = {
        method: request.method ?? '',
        query: Object.fromEntries(url.searchParams),
        body: Buffer.concat(chunks).toString(),
      };
      pushes.push(push);
      answer(push, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => stopped(server));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/wechat/first`,
    pushes,
    came: (count) =>
      vi.waitFor(
        () => {
          if (pushes.length < count) throw new Error(`${pushes.length} of ${count} pushes came`);
          return pushes;
        },
        { timeout: 60_000, interval: 5 },
      ),
  };
}

async function stopped(server: Server): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  server.closeAllConnections();
  await closed;
}
