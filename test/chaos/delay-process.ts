/**
 * The way from each role to Redis, as long as it is told: a process of its own, so that it goes on
 * while the run stands still. Settings: JSON in argv. Each line of its input is a port and its
 * round trip in milliseconds.
 */
import net from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

export interface DelaySettings {
  /** Redis'. */
  readonly target: number;
  readonly ports: readonly number[];
}

const HOST = '127.0.0.1';

const { target, ports } = JSON.parse(process.argv[2] ?? '{}') as DelaySettings;
const roundTrips = new Map<number, number>();

/** In order, also where the way gets shorter meanwhile. */
function carry(from: net.Socket, to: net.Socket, port: number): void {
  let before = Promise.resolve();
  const later = (act: () => void): void => {
    const due = performance.now() + (roundTrips.get(port) ?? 0) / 2;
    before = before.then(async () => {
      const early = due - performance.now();
      if (early > 0) await sleep(early);
      act();
    });
  };
  from.on('data', (chunk: Buffer) => later(() => void (to.destroyed || to.write(chunk))));
  from.on('close', () => later(() => to.destroy()));
  from.on('error', () => undefined);
}

for (const port of ports) {
  const server = net.createServer({ noDelay: true }, (near) => {
    const far = net.connect({ port: target, host: HOST, noDelay: true });
    carry(near, far, port);
    carry(far, near, port);
  });
  server.listen(port, HOST);
}

const settings = createInterface({ input: process.stdin });
settings.on('line', (line) => {
  const [port = 0, ms = 0] = line.split(' ').map(Number);
  roundTrips.set(port, ms);
});
// Whoever set them has ended.
settings.on('close', () => process.exit());
