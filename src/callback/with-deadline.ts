export const LATE: unique symbol = Symbol('late');

/** The promise's value, or LATE. A late failure is nobody's business any more. */
export async function withDeadline<Value>(
  promise: Promise<Value>,
  ms: number,
): Promise<Value | typeof LATE> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<typeof LATE>((resolve) => {
    timer = setTimeout(resolve, ms, LATE);
  });
  promise.catch(() => {});
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
