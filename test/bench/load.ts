/** A client that asks as fast as it is answered. */
import { Agent, request } from 'undici';
import { inParallel } from './bench-world.ts';
import { percentile, rounded } from './figures.ts';

export interface Ask {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** @throws where an answer's status is another one than `expected`. */
export async function load(
  asks: readonly Ask[],
  { width, expected }: { width: number; expected: number },
): Promise<{ perSecond: number; p99Ms: number }> {
  const agent = new Agent({ connections: width });
  const took: number[] = [];
  const began = performance.now();
  await inParallel(asks.length, width, async (at) => {
    const { url, headers, body } = asks[at] as Ask;
    const asked = performance.now();
    const answer = await request(url, { method: 'POST', dispatcher: agent, headers, body });
    const text = await answer.body.text();
    if (answer.statusCode !== expected) throw new Error(`${answer.statusCode}: ${text}`);
    took.push(performance.now() - asked);
  });
  const seconds = (performance.now() - began) / 1_000;
  await agent.close();
  return {
    perSecond: Math.round(asks.length / seconds),
    p99Ms: rounded(percentile(took, 0.99), 1),
  };
}
