import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Refusal } from '../../../src/shared/openids/list-flaw.ts';
import { type AudienceFormat, readIds } from '../../../src/shared/openids/read-ids.ts';
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
    line: 0,
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

  it.each(['', ' \r\n', '\uFEFF'])('is refused where it is empty: %j', async (text) => {
    await expect(read('text', text)).rejects.toThrow(new Refusal({ code: 'empty' }));
  });

  it('is read in UTF-16, with a byte order mark and without', async () => {
    for (const mark of ['\uFEFF', '']) {
      const little = Buffer.from(`${mark}${a}\r\n${b}`, 'utf16le');
      for (const bytes of [little, Buffer.from(little).swap16()]) {
        expect(await read('text', bytes, { cut: 3 })).toEqual({ found: [a, b], invalid: 0 });
      }
    }
  });

  it('is trimmed of blanks of all kinds, of quotes, and of a comma at the end', async () => {
    const around = ['\u00a0', '\u200b', '\u3000', '\ufeff', '\u2060', '"', ','];
    for (const mark of around) {
      const text = `${mark}${a}${mark}\n${b}${mark}`;
      expect(await read('text', text)).toEqual({ found: [a, b], invalid: 0 });
    }
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

describe('lines', () => {
  it.each(['\n', '\r\n', '\r'])('end as any system ends them: %j', async (end) => {
    for (const cut of [1, 7, 1 << 20]) {
      const text = [a, b, '', c].join(end);
      expect(await read('text', text, { cut })).toEqual({ found: [a, b, c], invalid: 0 });
      const csv = ['openid,n', `${a},1`, `"${b}",2`, `${c},3`].join(end);
      expect(await read('csv', csv, { cut })).toEqual({ found: [a, b, c], invalid: 0 });
      const ndjson = [`"${a}"`, `{"openid":"${b}"}`].join(end);
      expect(await read('ndjson', ndjson, { cut })).toEqual({ found: [a, b], invalid: 0 });
    }
  });
});

describe('a list as one JSON value', () => {
  const answer = { total: 3, count: 3, data: { openid: [a, b, c] }, next_openid: c };
  const ids = { found: [a, b, c], invalid: 0 };

  it.each(['json', 'text', 'ndjson', 'csv'] as const)(
    'is told by its beginning: %s',
    async (format) => {
      for (const cut of [1, 30, 1 << 20]) {
        for (const blanks of [0, 2]) {
          const text = (value: unknown) => JSON.stringify(value, null, blanks);
          expect(await read(format, text([a, b, c]), { cut })).toEqual(ids);
          expect(await read(format, text(answer), { cut })).toEqual(ids);
          const people = [{ OpenID: a, tags: ['x'] }, { n: [1], OpenID: b }, { OpenID: c }];
          expect(await read(format, text(people), { cut })).toEqual(ids);
        }
      }
    },
  );

  it('counts what is no OpenID in its place', async () => {
    const text = `["${a}", 17, null, {"openid": 1}, {"name": "x"}, "${b}", "\\u006f${c.slice(1)}"]`;
    expect(await read('json', text)).toEqual({ found: [a, b, c], invalid: 4 });
  });

  it.each([`["${a}"`, `["${a}`, `{"data":{"openid":["${a}"]}`])(
    'is refused where it is cut short: %s',
    async (text) => {
      await expect(read('json', text)).rejects.toThrow(/cut short in line 1/);
    },
  );
});

describe('a file of something else', () => {
  it.each([
    ['a JPEG picture', Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 16])],
    ['a PNG picture', Buffer.from('\x89PNG\r\n', 'latin1')],
    ['an Excel workbook', Buffer.from('PK\x03\x04....')],
    ['a PDF', Buffer.from('%PDF-1.7')],
    ['a web page', Buffer.from('<!DOCTYPE html><html>')],
    ['a binary file', Buffer.from([1, 2, 3, 0, 0, 0, 7])],
  ])('is refused as what it is: %s', async (what, bytes) => {
    for (const format of ['text', 'csv', 'ndjson', 'json'] as const) {
      await expect(read(format, bytes)).rejects.toThrow(`it is ${what}`);
    }
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
    const lines = ['7', '{', '{"openid":1}', '{}', '[]', 'null', '17', a, `"${a}`, '"', `"${a}" "`];
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
  it.each([',', ';', '\t'])('may have another separator: %j', async (separator) => {
    const text = ['Name', ' OpenID '].join(separator);
    const rows = [`"Li${separator} Lei"${separator}${a}`, `x${separator}\u200b${b}\u00a0`];
    expect(await read('csv', [text, ...rows].join('\n'))).toEqual({ found: [a, b], invalid: 0 });
  });

  it('may be in GBK', async () => {
    const name = Buffer.from([0xc0, 0xee, 0x81, 0x5c, 0x95, 0x7c]);
    const rows = [a, b].flatMap((id) => [name, Buffer.from(`,${id}\n`)]);
    const gbk = Buffer.concat([Buffer.from([0xea, 0xc7]), Buffer.from(',openid\n'), ...rows]);
    expect(await read('csv', gbk)).toEqual({ found: [a, b], invalid: 0 });
  });

  it('is refused where a stray quote would swallow others, and the line is told', async () => {
    const text = `openid,name\n${a},x\n${b},"y\n${c},z\n${a},"w"\n`;
    await expect(read('csv', text)).rejects.toThrow(/a quote in line 3 .* before line 5/);
    const before = `name,openid\n"y,${a}\nz,${b}\n"w",${c}\n`;
    await expect(read('csv', before)).rejects.toThrow(/a quote in line 2/);
  });

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
      'no column is named "openid"; the header has: "name", "phone"',
    );
  });

  it('repeats no OpenID where the header is missing', async () => {
    const refused = await read('csv', `${a},1\n${b},2\n`).catch((error: unknown) => error);

    const flaw = { column: '"openid"', header: ['(an OpenID)', '"1"'], more: 0 };
    expect(refused).toEqual(new Refusal({ code: 'column-unknown', ...flaw }));
  });

  it('is refused without any line', async () => {
    await expect(read('csv', '\n')).rejects.toThrow(new Refusal({ code: 'empty' }));
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
