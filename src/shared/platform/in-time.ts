/** What the work comes to, or an error after `ms`; the work itself goes on unheeded. */
export async function inTime<T>(work: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer in ${ms} ms`)), ms);
  });
  return await Promise.race([work, tooLate]).finally(() => clearTimeout(timer));
}
