/** A way to a TCP server that a test can cut and mend, make long, or hold at one moment. */
import { once } from 'node:events';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Severable extends AsyncDisposable {
  readonly port: number;
  /** Open connections break, new ones are refused. */
  cut(): Promise<void>;
  mend(): Promise<void>;
  /** Whatever says this gets its answer late: once `release` is called. The server has heard it. */
  holdAnswerTo(words: string): Hold;
  /** Takes everything and answers nothing, from now on. */
  silence(): void;
}

export interface Hold {
  readonly arrived: Promise<void>;
  release(): void;
}

export interface SeverableOptions {
  /** Changes what the server says, as it passes. */
  readonly rewrite?: (chunk: Buffer) => Buffer;
  /** What the server is told, as it passes. */
  readonly heard?: (chunk: Buffer) => void;
  /** There and back. */
  readonly roundTripMs?: number;
}

export async function severable(
  target: { readonly host: string; readonly port: number },
  { rewrite = (chunk) => chunk, heard, roundTripMs = 0 }: SeverableOptions = {},
): Promise<Severable> {
  const sockets = new Set<net.Socket>();
  let waited: { words: string; arrive: () => void; released: Promise<void> } | undefined;
  let isSilent = false;

  const server = net.createServer((near) => {
    const far = net.connect(target.port, target.host);
    let held = Promise.resolve();
    carry(near, far, async (chunk) => {
      heard?.(chunk);
      if (waited && chunk.includes(waited.words)) {
        held = waited.released;
        waited.arrive();
        waited = undefined;
      }
      if (roundTripMs > 0) await sleep(roundTripMs / 2);
      return chunk;
    });
    carry(far, near, async (chunk) => {
      if (roundTripMs > 0) await sleep(roundTripMs / 2);
      await held;
      return isSilent ? null : rewrite(chunk);
    });
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
  return {
    port,
    cut,
    mend: () => listen(port),
    holdAnswerTo(words) {
      let arrive = () => {};
      let release = () => {};
      const arrived = new Promise<void>((resolve) => {
        arrive = resolve;
      });
      const released = new Promise<void>((resolve) => {
        release = resolve;
      });
      waited = { words, arrive, released };
      return { arrived, release };
    },
    silence() {
      isSilent = true;
    },
    [Symbol.asyncDispose]: cut,
  };
}

/** In order, each after what `pass` waits for; chunks that come meanwhile wait no longer than it. */
function carry(
  from: net.Socket,
  to: net.Socket,
  pass: (chunk: Buffer) => Promise<Buffer | null>,
): void {
  let before: Promise<void> = Promise.resolve();
  from.on('data', (chunk: Buffer) => {
    const passing = pass(chunk);
    const previous = before;
    before = (async () => {
      await previous;
      const passed = await passing;
      if (passed && !to.destroyed) to.write(passed);
    })();
  });
  from.on('end', () => void before.then(() => to.end()));
}
