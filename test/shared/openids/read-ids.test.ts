import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AudienceFormat, readIds } from '../../../src/shared/openids/read-ids.ts';
import { Refusal } from '../../../src/shared/openids/refusal.ts';
import { openIds } from '../../support/open-ids.ts';

const [a, b, c] = openIds(3) as [string, string, string];

interface Read {
  readonly found: readonly string[];
  readonly invalid: number;
}

async function read(
  format: AudienceFormat,
  text: string | Uint8Array,
  { column, cut = 1 << 20 }: { column?: string; cut?: number } = {},
): Promise<Read> {
  const bytes = Buffer.from(text);
  async function* source() {
    for (let at = 0; at < bytes.length; at += cut) yield bytes.subarray(at, at + cut);
  }
  const found: string[] = [];
  let invalid = 0;
  await readIds(source(), column === undefined ? { format } : { format, column }, {
    take: (line, from, to) => found.push(Buffer.from(line).toString('utf8', from, to)),
    takeString: (id) => found.push(id),
    takeInvalid: () => invalid++,
    ready: async () => {},
  });
  return { found, invalid };
}

const longLine = 'x'.repeat(300_000);

describe('a list as text', () => {
  it('is one id a line, trimmed, blank lines left out', async () => {
    expect(await read('text', `\uFEFF${a}\r\n\n \t\r\n\t${b} \n${c}`)).toEqual({
      found: [a, b, c],
      invalid: 0,
    });
  });

  it('reads the same wherever it is cut into pieces', async () => {
    const text = `\uFEFF${a}\r\n${'y'.repeat(2_000)}\n\n${b}\nshort\n${c}`;
    const whole = await read('text', text);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 400 }), async (cut) => {
        expect(await read('text', text, { cut })).toEqual(whole);
      }),
    );
    expect(whole).toEqual({ found: [a, b, 'short', c], invalid: 1 });
  });

  it('counts an over-long line as one invalid line', async () => {
    for (const cut of [100, 1 << 20]) {
      expect(await read('text', `${a}\n${longLine}\n${b}\n${longLine}`, { cut })).toEqual({
        found: [a, b],
        invalid: 2,
      });
    }
  });

  it('may be empty', async () => {
    expect(await read('text', '')).toEqual({ found: [], invalid: 0 });
  });

  it('is refused in UTF-16, where nothing would be an OpenID', async () => {
    await expect(read('text', Buffer.from(`\uFEFF${a}\n`, 'utf16le'))).rejects.toThrow(
      new Refusal('the text is UTF-16; save it as UTF-8'),
    );
  });

  it('is unpacked if it is gzip, several files in one included', async () => {
    const gzip = Buffer.concat([gzipSync(`\uFEFF${a}\n`), gzipSync(b)]);

    expect(await read('text', gzip, { cut: 1 })).toEqual({ found: [a, b], invalid: 0 });
  });

  it('is refused if its gzip is broken', async () => {
    const gzip = gzipSync(`${a}\n${b}`);
    gzip.fill(0xff, 12, 20);

    await expect(read('text', gzip)).rejects.toThrow(Refusal);
  });
});

describe('a list as NDJSON', () => {
  it('is strings, or objects with the id in a field', async () => {
    const text = `"${a}"\r\n{"openid":"${b}","n":1}\n\n"\\u006f${c.slice(1)}"\n`;

    expect(await read('ndjson', text)).toEqual({ found: [a, b, c], invalid: 0 });
  });

  it('takes the field that it is told', async () => {
    const text = `{"who":"${a}","openid":"${b}"}`;

    expect(await read('ndjson', text, { column: 'who' })).toEqual({ found: [a], invalid: 0 });
  });

  it('counts every line that makes no sense as invalid', async () => {
    const lines = ['{', '{"openid":1}', '{}', '[]', 'null', '17', a, `"${a}`, '"', `"${a}" "`];
    const inherited = '{"n":1}';

    expect(await read('ndjson', `${lines.join('\n')}\n"${b}"`)).toEqual({
      found: [b],
      invalid: lines.length,
    });
    expect(await read('ndjson', inherited, { column: 'toString' })).toEqual({
      found: [],
      invalid: 1,
    });
  });

  it('counts an over-long line as one invalid line', async () => {
    for (const cut of [1_000, 1 << 20]) {
      expect(await read('ndjson', `"${longLine}"\n"${a}"`, { cut })).toEqual({
        found: [a],
        invalid: 1,
      });
    }
  });
});

describe('a list as CSV', () => {
  it('is one column of several, quoted or not', async () => {
    const text = `\uFEFFname,openid\r\n"Li, Lei","${a}"\r\n\r\nHan, ${b} \r\n"a ""b""\nc",${c}`;

    expect(await read('csv', text)).toEqual({ found: [a, b, c], invalid: 0 });
  });

  it('reads the same wherever it is cut into pieces', async () => {
    const text = `name,openid\n"Li, Lei","${a}"\nHan,${b}\n"x\ny",${c}\n`;
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 120 }), async (cut) => {
        expect(await read('csv', text, { cut })).toEqual({ found: [a, b, c], invalid: 0 });
      }),
    );
  });

  it('takes the column that it is told', async () => {
    const text = `openid,followers\n${a},${b}\n`;

    expect(await read('csv', text, { column: 'followers' })).toEqual({ found: [b], invalid: 0 });
  });

  it('is refused without that column, which names those that it has', async () => {
    await expect(read('csv', `name, phone\nx,1\n`)).rejects.toThrow(
      new Refusal('no column is named "openid"; the header has: "name", "phone"'),
    );
  });

  it('repeats no OpenID where the header is missing', async () => {
    const refused = await read('csv', `${a},1\n${b},2\n`).catch((error: unknown) => error);

    expect(refused).toEqual(
      new Refusal('no column is named "openid"; the header has: (an OpenID), "1"'),
    );
  });

  it('is refused without any line', async () => {
    await expect(read('csv', '\n')).rejects.toThrow(
      new Refusal('the CSV is empty: it needs a header line'),
    );
  });

  it('counts a record without the column, or with stray quotes, as one and reads on', async () => {
    const { found, invalid } = await read('csv', `n,openid\n1\n2,\n3,"${a}"x\n4,y"z\n5,${b}\n`);

    expect(invalid).toBe(2);
    expect(found).toHaveLength(3);
    expect(found.at(-1)).toBe(b);
    expect(found).not.toContain(a);
  });

  it('counts an over-long line as one invalid line', async () => {
    for (const cut of [1_000, 1 << 20]) {
      const text = `n,openid\n${longLine},${a}\n1,${b}\n`;

      expect(await read('csv', text, { cut })).toEqual({ found: [b], invalid: 1 });
    }
  });

  it('is refused if a quote never closes, rather than swallowing those that follow', async () => {
    const many = `1,${a}\n`.repeat(20_000);

    await expect(read('csv', `n,openid\n2,"${b}\n${many}`)).rejects.toThrow(/quote that never/);
    await expect(read('csv', `n,openid\n1,${a}\n2,"${b}\n`)).rejects.toThrow(/quote that never/);
  });

  it('has empty cells counted as invalid, though an empty line is not', async () => {
    expect(await read('csv', `openid\n\n""\n${a}\n,\n`)).toEqual({ found: [a], invalid: 1 });
  });
});
