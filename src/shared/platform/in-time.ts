export class TooLate extends Error {
  override name = 'TooLate';
}

/**
 * What the work comes to; the work itself goes on unheeded.
 *
 * @throws {TooLate} after `ms`.
 */
export async function inTime<T>(work: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new TooLate(`no answer in ${ms} ms`)), ms);
  });
  return await Promise.race([work, tooLate]).finally(() => clearTimeout(timer));
}
