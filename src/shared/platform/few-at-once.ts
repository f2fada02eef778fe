/** Calls beyond so many wait for their turn: what is large is in memory a few times, however many ask. */
export function fewAtOnce<A extends readonly unknown[], T>(
  most: number,
  work: (...args: A) => Promise<T>,
): (...args: A) => Promise<T> {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (...args) => {
    if (running < most) running += 1;
    else await new Promise<void>((go) => waiting.push(go));
    try {
      return await work(...args);
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running -= 1;
    }
  };
}
