/** Everything of a list, page after page, each asked for only when it is wanted. */
export async function* pages<Item, Cursor>(
  read: (cursor: Cursor | undefined) => Promise<{
    readonly items: readonly Item[];
    readonly next: Cursor | null;
  }>,
): AsyncGenerator<Item, void, undefined> {
  let cursor: Cursor | undefined;
  do {
    const { items, next } = await read(cursor);
    yield* items;
    if (next === null) return;
    cursor = next;
  } while (cursor !== undefined);
}
