/** Appends to the spool in its first argument for ever, and says of each event when it is kept. */
import { openSpool } from '../../src/callback/spool.ts';

const spool = await openSpool({ dir: process.argv[2] ?? '', maxEvents: 100_000, now: Date.now });

async function appendForEver(lane: number): Promise<void> {
  for (let n = 0; ; n += 1) {
    const raw = `${lane}-${n}`;
    const push = { query: '', contentType: 'text/xml', body: Buffer.alloc(2_000), hops: 0 };
    await spool.append({ account: 'safe', at: Date.now(), trusted: true, raw, push });
    process.send?.(raw);
  }
}

await Promise.all([0, 1, 2, 3].map(appendForEver));
