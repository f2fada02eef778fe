import { describe, expect, it } from 'vitest';
import { fetchInTurn, makeFetchedPictures } from '../../../src/shared/actions/fetched-pictures.ts';

/** Work that ends when it is told to. */
function held() {
  let end: (text: string) => void = () => undefined;
  const promise = new Promise<string>((resolve) => {
    end = resolve;
  });
  let begun = false;
  return {
    work: () => {
      begun = true;
      return promise;
    },
    end: () => end('done'),
    isBegun: () => begun,
  };
}

describe('messages whose pictures are fetched', () => {
  it('have their turn one after another in an account, and four at once in all', async () => {
    const [a1, a2] = [held(), held()];
    const others = ['b', 'c', 'd', 'e'].map((account) => ({ account, ...held() }));
    const all = [fetchInTurn('a', a1.work), fetchInTurn('a', a2.work)];
    all.push(...others.map(({ account, work }) => fetchInTurn(account, work)));
    const begun = () => [a1, a2, ...others].map(({ isBegun }) => isBegun());
    await expect.poll(begun).toEqual([true, false, true, true, true, false]);

    a1.end();

    await expect.poll(begun).toEqual([true, false, true, true, true, true]);
    for (const one of others) one.end();
    await expect.poll(begun).toEqual(Array(6).fill(true));
    a2.end();
    expect(await Promise.all(all)).toEqual(Array(6).fill('done'));
  });

  it('do not wait in any number', async () => {
    const first = held();
    const many = Array.from({ length: 17 }, () => fetchInTurn('a', first.work));

    expect(await fetchInTurn('a', first.work)).toBeNull();
    first.end();
    expect(await Promise.all(many)).toEqual(Array(17).fill('done'));
    expect(await fetchInTurn('a', first.work)).toBe('done');
  });
});

describe('pictures of one message', () => {
  it('are no more than fit into the memory of a request', async () => {
    const flaws: unknown[] = [];
    const { fetchAll } = makeFetchedPictures({
      fetchPicture: async () => ({ bytes: new Uint8Array(1) }),
      keepFitted: async (_bytes, _kind) => ({ id: 'm_1', bytes: 9 * 1024 * 1024 }),
      wrong: (_path, flaw) => flaws.push(flaw),
    });

    const urls = Array.from({ length: 10 }, (_, n) => `https://a.example/${n}`);
    expect((await fetchAll('content', urls)).size).toBe(4);
    expect(flaws).toEqual(
      urls.slice(4).map((url) => ({ code: 'picture-not-fetched', url, why: 'too-much' })),
    );
  });
});
