/** Text as whole lines, in pieces of many, without ever holding more than one long line. */

const LINE_FEED = 10;
const RETURN = 13;

/** Ends every line with a line feed: a carriage return, alone or before one, is one too. */
export async function* withLineFeeds(
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  let afterReturn = false;
  for await (const piece of source) {
    if (!afterReturn && piece.indexOf(RETURN) === -1) {
      yield piece;
      continue;
    }
    const out = new Uint8Array(piece.length);
    let fill = 0;
    for (let at = 0; at < piece.length; at++) {
      const byte = piece[at] as number;
      if (byte === RETURN) out[fill++] = LINE_FEED;
      else if (byte !== LINE_FEED || !afterReturn) out[fill++] = byte;
      afterReturn = byte === RETURN;
    }
    yield out.subarray(0, fill);
  }
}

/**
 * Pieces cut anew so that each ends with a line feed (the last one perhaps not): no line is in two.
 * Null stands for a line that was still unfinished at `maxBytes`: it is dropped, not gathered. Lines
 * may be longer than that by a piece of the source.
 */
export async function* wholeLines(
  source: AsyncIterable<Uint8Array>,
  maxBytes: number,
): AsyncGenerator<Uint8Array | null> {
  let unfinished: Uint8Array[] = [];
  let bytes = 0;
  let dropping = false;
  for await (const piece of source) {
    let from = 0;
    if (dropping || bytes > 0) {
      const end = piece.indexOf(LINE_FEED) + 1;
      if (end > 0) {
        if (!dropping) yield Buffer.concat([...unfinished, piece.subarray(0, end)]);
        dropping = false;
        unfinished = [];
        bytes = 0;
        from = end;
      }
    }
    const to = piece.lastIndexOf(LINE_FEED) + 1;
    if (to > from) yield piece.subarray(from, to);
    const tail = piece.subarray(Math.max(from, to));
    if (dropping || tail.length === 0) continue;
    if (bytes + tail.length > maxBytes) {
      yield null;
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
