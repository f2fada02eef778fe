/** What callers, strangers and WeChat may send, changed by somebody who knows how it is read. */
import fc from 'fast-check';
import { describe, it } from 'vitest';
import { apply, changeBy, law, patience } from './changes.ts';
import { KINDS } from './laws.ts';

const RUNS = 1_000;

describe.each(Object.entries(KINDS))('changed %s', (_, kind) => {
  it(
    kind.title,
    async () => {
      const changes = fc.array(changeBy(kind.pieces), { maxLength: 5 });
      await law(RUNS, fc.tuple(fc.constantFrom(...kind.seeds), changes), ([seed, all]) =>
        kind.law(apply(seed, all)),
      );
    },
    patience(RUNS),
  );
});
