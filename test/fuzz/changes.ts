/**
 * What the fuzzers share: ways to change bytes, and a law that holds for many of them. The same ones
 * at every run; FUZZ_RUNS (a number for each law) and FUZZ_SEED ask for more, and for others.
 */
import fc from 'fast-check';
import { expect } from 'vitest';

const SEED = Number(process.env.FUZZ_SEED ?? 20_260_105);
/** Of a processor, for one input: many times what one takes, and no cover for one that never ends. */
const MOST_MS = 1_000;

const runs = (usually: number): number => Number(process.env.FUZZ_RUNS ?? usually);
export const patience = (usually: number): number => 120_000 + runs(usually) * 1_000;

/** Holds for each value, and is decided in a bounded time. */
export async function law<T>(
  usually: number,
  arbitrary: fc.Arbitrary<T>,
  holds: (value: T) => void | Promise<void>,
): Promise<void> {
  const property = fc.asyncProperty(arbitrary, async (value) => {
    const before = process.cpuUsage();
    await holds(value);
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1_000).toBeLessThan(MOST_MS);
  });
  await fc.assert(property, { numRuns: runs(usually), seed: SEED, endOnFailure: true });
}

export type Change = (bytes: Buffer) => Buffer;

const place = (bytes: Buffer, at: number): number => (bytes.length === 0 ? 0 : at % bytes.length);
const splice = (bytes: Buffer, at: number, gone: number, added: Buffer): Buffer =>
  Buffer.concat([bytes.subarray(0, at), added, bytes.subarray(at + gone)]);

/** One change: a byte, a cut, a piece put in, a part said twice, an end, or all of it junk. */
export function changeBy(pieces: readonly string[]): fc.Arbitrary<Change> {
  return fc.oneof(
    fc.tuple(fc.nat(), fc.nat(255)).map(
      ([at, byte]): Change =>
        (bytes) =>
          splice(bytes, place(bytes, at), 1, Buffer.from([byte])),
    ),
    fc.tuple(fc.nat(), fc.nat(60)).map(
      ([at, length]): Change =>
        (bytes) =>
          splice(bytes, place(bytes, at), length, Buffer.alloc(0)),
    ),
    fc.tuple(fc.nat(), fc.constantFrom(...pieces)).map(
      ([at, piece]): Change =>
        (bytes) =>
          splice(bytes, place(bytes, at), 0, Buffer.from(piece)),
    ),
    fc.tuple(fc.nat(), fc.nat(200), fc.nat()).map(
      ([at, length, to]): Change =>
        (bytes) => {
          const from = place(bytes, at);
          return splice(bytes, place(bytes, to), 0, bytes.subarray(from, from + length));
        },
    ),
    fc.nat().map(
      (at): Change =>
        (bytes) =>
          bytes.subarray(0, place(bytes, at)),
    ),
    fc.uint8Array({ maxLength: 200 }).map(
      (junk): Change =>
        () =>
          Buffer.from(junk),
    ),
  );
}

export const apply = (text: string | Buffer, all: readonly Change[]): Buffer =>
  all.reduce<Buffer>((bytes, each) => each(bytes), Buffer.from(text));
