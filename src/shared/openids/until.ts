/** A source that ends with `signal`'s reason as soon as it is aborted, even while it stands still. */
export async function* until<T>(signal: AbortSignal, source: AsyncIterable<T>): AsyncGenerator<T> {
  const items = source[Symbol.asyncIterator]();
  let abort = () => {};
  const onAbort = () => abort();
  signal.addEventListener('abort', onAbort);
  try {
    for (;;) {
      signal.throwIfAborted();
      // No race against one promise for all items: that one would keep them all in memory.
      const next = await new Promise<IteratorResult<T>>((resolve, reject) => {
        abort = () => reject(signal.reason);
        items.next().then(resolve, reject);
      });
      if (next.done) return;
      yield next.value;
    }
  } finally {
    signal.removeEventListener('abort', onAbort);
    // Not awaited: a source that stands still would not answer.
    Promise.resolve(items.return?.()).catch(() => {});
  }
}
