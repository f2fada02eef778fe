/** One bad entry holds up no other: each is handled by itself, and the first error comes last. */
export async function each<T>(
  entries: readonly T[],
  handle: (entry: T) => Promise<boolean>,
): Promise<number> {
  let handled = 0;
  const errors: unknown[] = [];
  for (const entry of entries) {
    const done = await handle(entry).catch((error: unknown) => {
      errors.push(error);
      return false;
    });
    if (done) handled += 1;
  }
  if (errors.length > 0) throw errors[0];
  return handled;
}
