/**
 * How an audience is cut into batches.
 *
 * WeChat takes 2 to 10,000 OpenIDs a call. Batches are as even as they can be, which is also what
 * keeps a batch of one from ever appearing: 20,001 are three of 6,667, not 10,000, 10,000 and 1.
 */
export const MAX_BATCH = 10_000;

/** The batches that many recipients make: 0 for nobody. One recipient is refused by the caller. */
export const batchCount = (recipients: number): number => Math.ceil(recipients / MAX_BATCH);

/**
 * The recipients of one batch as positions in the list, half open. Sizes differ by at most 1.
 *
 * @param no 1 for the first batch.
 * @throws {RangeError} there is no such batch.
 */
export function batchRange(recipients: number, no: number): { from: number; to: number } {
  const batches = batchCount(recipients);
  if (!Number.isInteger(no) || no < 1 || no > batches) {
    throw new RangeError(`no batch ${no} among ${batches}`);
  }
  const size = Math.floor(recipients / batches);
  const larger = recipients % batches; // that many batches, the first ones, are one larger
  const from = (no - 1) * size + Math.min(no - 1, larger);
  return { from, to: from + size + (no <= larger ? 1 : 0) };
}

/** What WeChat hands out as OpenIDs; nearly all have 28 characters. */
export const isOpenId = (s: string): boolean => /^[A-Za-z0-9_-]{16,64}$/.test(s);
