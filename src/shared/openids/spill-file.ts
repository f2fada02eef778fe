/**
 * A file for what does not fit in memory. It is unlinked as soon as it is open, so that not even a
 * killed process leaves OpenIDs on a disk; and it is not opened before something is written.
 */
import { randomBytes } from 'node:crypto';
import { closeSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';

export class SpillFile {
  readonly #dir: string;
  #file: number | undefined;
  #size = 0;

  /** @param dir not a RAM disk, if memory matters. */
  constructor(dir: string) {
    this.#dir = dir;
  }

  /** @returns where the bytes are. */
  append(bytes: Uint8Array): number {
    const at = this.#size;
    const file = this.#opened();
    for (let done = 0; done < bytes.length; ) {
      done += writeSync(file, bytes, done, bytes.length - done, at + done);
    }
    this.#size += bytes.length;
    return at;
  }

  /** Fills `target` with what was written at `at`. */
  read(target: Uint8Array, at: number): void {
    for (let done = 0; done < target.length; ) {
      const got = readSync(this.#opened(), target, done, target.length - done, at + done);
      if (got === 0) throw new Error('the spill file is shorter than what was written to it');
      done += got;
    }
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }

  #opened(): number {
    if (this.#file === undefined) {
      const path = join(this.#dir, `qunfa-${randomBytes(9).toString('base64url')}.spill`);
      this.#file = openSync(path, 'wx+', 0o600);
      unlinkSync(path);
    }
    return this.#file;
  }
}

interface PageAt {
  readonly at: number;
  readonly bytes: number;
}

/** A sequence of bytes, written page by page; only the last page is in memory. */
export class SpilledPages {
  /** The page being filled, up to `fill`. */
  page: Buffer;
  fill = 0;
  readonly #file: SpillFile;
  readonly #spilled: PageAt[] = [];

  constructor(file: SpillFile, pageBytes: number) {
    this.#file = file;
    this.page = Buffer.allocUnsafeSlow(pageBytes);
  }

  /** Sees to it that so many bytes can be written at `fill`. */
  makeRoom(bytes: number): void {
    if (this.fill + bytes <= this.page.length) return;
    const at = this.#file.append(this.page.subarray(0, this.fill));
    this.#spilled.push({ at, bytes: this.fill });
    this.fill = 0;
  }

  /** From the first to the last; each is good until the next is asked for. */
  *pages(): Generator<Buffer> {
    const spilled = this.#spilled.length > 0 ? Buffer.allocUnsafeSlow(this.page.length) : this.page;
    for (const { at, bytes } of this.#spilled) {
      const page = spilled.subarray(0, bytes);
      this.#file.read(page, at);
      yield page;
    }
    yield this.page.subarray(0, this.fill);
  }
}
