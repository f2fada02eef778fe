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
  let unfinished: Uint8Array[] = [];
  let bytes = 0;
  let dropping = false;
  for await (const piece of source) {
    let from = 0;
    if (dropping || bytes > 0) {
      const end = piece.indexOf(NEWLINE) + 1;
      if (end > 0) {
        if (!dropping) yield Buffer.concat([...unfinished, piece.subarray(0, end)]);
        dropping = false;
        unfinished = [];
        bytes = 0;
        from = end;
      }
    }
    const to = piece.lastIndexOf(NEWLINE) + 1;
    if (to > from) yield piece.subarray(from, to);
    const tail = piece.subarray(Math.max(from, to));
    if (dropping || tail.length === 0) continue;
    if (bytes + tail.length > maxBytes) {
      onDropped();
      dropping = true;
      unfinished = [];
      bytes = 0;
    } else {
      unfinished.push(Uint8Array.from(tail)); // a copy: the piece may be large, and is not ours
      bytes += tail.length;
    }
  }
  if (bytes > 0) yield Buffer.concat(unfinished);
}
