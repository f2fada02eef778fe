const NEWLINE = 10;

export interface WholeLinesOptions {
  /** A line that is still unfinished at this length is dropped, not gathered. */
  readonly maxBytes: number;
  /** Told of each dropped line. */
  readonly onDropped: () => void;
}

/**
 * Pieces cut anew so that each ends with a newline (the last one perhaps not): no line is in two.
 * Lines may be longer than `maxBytes` by a piece of the source.
 */
export async function* wholeLines(
  source: AsyncIterable<Uint8Array>,
  { maxBytes, onDropped }: WholeLinesOptions,
): AsyncGenerator<Uint8Array> {
  let unfinished: Uint8Array | undefined;
  let dropping = false;
  for await (const piece of source) {
    let from = 0;
    if (dropping) {
      const end = piece.indexOf(NEWLINE);
      if (end === -1) continue;
      dropping = false;
      from = end + 1;
    }
    const to = piece.lastIndexOf(NEWLINE) + 1;
    if (to > from) {
      const whole = piece.subarray(from, to);
      yield unfinished ? Buffer.concat([unfinished, whole]) : whole;
      unfinished = undefined;
      from = to;
    }
    if (from === piece.length) continue;
    const tail = piece.subarray(from);
    if (tail.length + (unfinished?.length ?? 0) > maxBytes) {
      onDropped();
      dropping = true;
      unfinished = undefined;
    } else {
      unfinished = unfinished ? Buffer.concat([unfinished, tail]) : Buffer.from(tail);
    }
  }
  if (unfinished) yield unfinished;
}
