import type { SpillFile } from './spill-file.ts';

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
