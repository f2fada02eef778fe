/**
 * Whether what was read of a flag fits some order of what happened (linearizability): each act and
 * each read took place at one moment between its beginning and its answer. Pure.
 */
export interface Operation {
  readonly begunAt: number;
  /** Infinity where no answer was heard. */
  readonly answeredAt: number;
  readonly kind: 'set' | 'read';
  readonly value: boolean;
  /** It was not answered, so it may have happened later than anything else, or never. */
  readonly mayBeLost?: boolean;
}

/** @returns the first read for which there is no such order; null if there is one for all. */
export function firstMisread(operations: readonly Operation[], start: boolean): Operation | null {
  const all = operations.toSorted((a, b) => a.begunAt - b.begunAt);
  const tried = new Set<string>();
  let farthest: Operation | null = null;
  let most = -1;

  /** @param rest places in `all` of what has not happened yet. */
  function fits(rest: readonly number[], value: boolean): boolean {
    const left = takeReads(rest, value);
    const must = left.filter((at) => !all[at]?.mayBeLost);
    if (must.length === 0) return true;
    const state = `${left} ${value}`;
    if (tried.has(state)) return false;
    tried.add(state);
    noteStuck(left);
    return possible(left).some((at) => {
      const next = all[at];
      return (
        next?.kind === 'set' &&
        fits(
          left.filter((one) => one !== at),
          next.value,
        )
      );
    });
  }

  /** What may happen next: nothing else was answered before it began. */
  function possible(rest: readonly number[]): number[] {
    const firstAnswer = Math.min(...rest.map((at) => all[at]?.answeredAt ?? Infinity));
    return rest.filter((at) => (all[at]?.begunAt ?? Infinity) <= firstAnswer);
  }

  /** A read changes nothing, so one that fits may as well happen at once. */
  function takeReads(rest: readonly number[], value: boolean): readonly number[] {
    for (let left = rest; ; ) {
      const now = new Set(
        possible(left).filter((at) => all[at]?.kind === 'read' && all[at]?.value === value),
      );
      if (now.size === 0) return left;
      left = left.filter((at) => !now.has(at));
    }
  }

  function noteStuck(rest: readonly number[]): void {
    const done = all.length - rest.length;
    const read = possible(rest)
      .map((at) => all[at])
      .find((one) => one?.kind === 'read');
    if (done <= most || !read) return;
    most = done;
    farthest = read;
  }

  return fits([...all.keys()], start) ? null : farthest;
}
