import { setImmediate as nextTurn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { until } from '../../../src/shared/openids/plain-bytes.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

describe('a source until a signal', () => {
  it('keeps nothing of what it has handed on', async () => {
    const handedOn: WeakRef<Uint8Array>[] = [];
    async function* pieces() {
      for (let no = 0; no < 100; no++) yield new Uint8Array(1024);
    }

    let kept = handedOn;
    for await (const piece of until(new AbortController().signal, pieces())) {
      handedOn.push(new WeakRef(piece));
      await nextTurn(); // a WeakRef keeps its target until then
      collectGarbage();
      kept = handedOn.filter((one) => one.deref() !== undefined);
    }

    expect(kept.length).toBeLessThan(5);
  });

  it('ends with the reason while the source stands still', async () => {
    const stop = new AbortController();
    async function* silence() {
      await new Promise<never>(() => {});
      yield 1;
    }

    const next = until(stop.signal, silence()).next();
    stop.abort(new Error('the sender has gone'));

    await expect(next).rejects.toThrow('the sender has gone');
  });

  it('ends with the reason when it was called off between two pieces', async () => {
    const stop = new AbortController();
    async function* numbers() {
      yield 1;
      yield 2;
    }
    const items = until(stop.signal, numbers());
    await items.next();

    stop.abort(new Error('the sender has gone'));

    await expect(items.next()).rejects.toThrow('the sender has gone');
  });
});
