/** Told of each thing that is opened: how it is closed again. */
export type Opens = (close: () => unknown) => void;

/** A start that fails half-way closes what it had opened, the newest first. */
export async function startOrClose<T>(start: (opens: Opens) => Promise<T>): Promise<T> {
  const closes: (() => unknown)[] = [];
  try {
    return await start((close) => void closes.push(close));
  } catch (error) {
    for (const close of closes.reverse()) {
      await Promise.resolve()
        .then(close)
        .catch(() => undefined);
    }
    throw error;
  }
}
