/**
 * What a power loss does to Redis' file.
 *
 * With `appendfsync always` Redis syncs before it answers, so whatever a client has heard of is on
 * the disk. What it has not heard of may be there, or in part, or not: the file may end anywhere
 * after the last byte that a client knows about, even in the middle of a command. With `everysec`
 * the last second may be missing too, answered or not.
 */
import { appendFileSync, readdirSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';

export interface Tail {
  readonly file: string;
  readonly bytes: number;
}

/** The file that Redis appends to now, and its length. */
export function tailOf(dataDir: string): Tail | null {
  const dir = join(dataDir, 'appendonlydir');
  try {
    const numberOf = (name: string): number => Number(/\.(\d+)\.incr\.aof$/.exec(name)?.[1] ?? 0);
    const [latest] = readdirSync(dir)
      .filter((name) => name.endsWith('.incr.aof'))
      .sort((a, b) => numberOf(b) - numberOf(a));
    if (latest === undefined) return null;
    const file = join(dir, latest);
    return { file, bytes: statSync(file).size };
  } catch {
    return null;
  }
}

/** Cuts within what nobody had heard of. @returns the bytes that are gone. */
export function cutTail(dataDir: string, known: Tail | null, share: number): number {
  const now = tailOf(dataDir);
  if (!now || !known || now.file !== known.file || now.bytes <= known.bytes) return 0;
  const keep = known.bytes + Math.floor((now.bytes - known.bytes) * share);
  truncateSync(now.file, keep);
  return now.bytes - keep;
}

/** The beginning of a command that was on its way to the disk, and that nobody had an answer to. */
export function tearTail(dataDir: string, share: number): number {
  const now = tailOf(dataDir);
  if (!now) return 0;
  const command = '*3\r\n$3\r\nSET\r\n$16\r\n{torn}:unwritten\r\n$4\r\ntorn\r\n';
  const torn = command.slice(0, 1 + Math.floor(share * (command.length - 2)));
  appendFileSync(now.file, torn);
  return torn.length;
}
