/** A way to a TCP server that a test can cut and mend, on one port all the while. */
import { once } from 'node:events';
import net from 'node:net';

export interface Severable extends AsyncDisposable {
  readonly port: number;
  /** Open connections break, new ones are refused. */
  cut(): Promise<void>;
  mend(): Promise<void>;
}

export interface SeverableOptions {
  /** Changes what the server says, as it passes. */
  readonly rewrite?: (chunk: Buffer) => Buffer;
}

export async function severable(
  target: { readonly host: string; readonly port: number },
  { rewrite = (chunk) => chunk }: SeverableOptions = {},
): Promise<Severable> {
  const sockets = new Set<net.Socket>();
  const server = net.createServer((near) => {
    const far = net.connect(target.port, target.host);
    near.pipe(far);
    far.on('data', (chunk) => near.write(rewrite(chunk)));
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
  });
  const listen = async (port: number): Promise<void> => {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  };
  await listen(0);
  const { port } = server.address() as net.AddressInfo;

  const cut = async (): Promise<void> => {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  return { port, cut, mend: () => listen(port), [Symbol.asyncDispose]: cut };
}
