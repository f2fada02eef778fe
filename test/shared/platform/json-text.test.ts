import { describe, expect, it } from 'vitest';
import { readJsonText } from '../../../src/shared/platform/json-text.ts';

const flawOf = (text: string) => {
  const read = readJsonText(text);
  return 'flaw' in read ? read.flaw : undefined;
};

describe('JSON that somebody wrote', () => {
  it.each([
    ['{"a":1,"b":{"a":[{"a":1},{"a":2}]}}'],
    ['["a","a",{"a":"a"}]'],
    ['{"a":"\\"a\\":","b\\\\":"b"}'],
    [' null '],
  ])('is its value where nothing is wrong: %s', (text) => {
    expect(readJsonText(text)).toEqual({ value: JSON.parse(text) });
  });

  it.each([
    ['{"a":1,\n "a":2}', 'a', 2, 2],
    ['{"a":{"b":1,"c":{},"b":2}}', 'b', 1, 20],
    ['[{"x":1},{"x":1,"\\u0078":2}]', 'x', 1, 17],
    ['{"":1,"":2}', '', 1, 7],
  ])('has each key once in an object: %s', (text, key, line, column) => {
    expect(flawOf(text)).toEqual({ code: 'json-key-twice', key, line, column });
  });

  it.each([
    ['', 1, 1],
    ['{"a":1,}', 1, 8],
    ['{"a":1\n"b":2}', 2, 1],
    ["{'a':1}", 1, 2],
    ['{"a":1} x', 1, 9],
    ['{"a":NaN}', 1, 6],
    ['{// a comment\n"a":1}', 1, 2],
  ])('tells line and column where it is none: %j', (text, line, column) => {
    expect(flawOf(text)).toEqual({ code: 'json-malformed', line, column });
  });

  it('is not parsed where it has more values than any body of ours', () => {
    expect(flawOf(`[${Array(149_999).fill(1)}]`)).toBeUndefined();
    expect(flawOf(`[${Array(150_001).fill(1)}]`)).toMatchObject({ code: 'json-too-many-values' });
    expect(flawOf(`[${Array(150_001).fill('[]')}]`)).toMatchObject({
      code: 'json-too-many-values',
    });
  });

  it.each(['\\"', '\\\\', '\\\\\\"', 'a\\\\'])('has texts that end where they end: %s', (text) => {
    expect(flawOf(`{"a":"${text}","b":1}`)).toBeUndefined();
    expect(flawOf(`{"a":"${text}","a":1}`)).toMatchObject({ code: 'json-key-twice' });
  });

  it('is not parsed where it is deeper than any body of ours', () => {
    expect(flawOf('['.repeat(8_000_000))).toMatchObject({ code: 'json-too-deep', column: 101 });
    expect(flawOf(`${'['.repeat(100)}${']'.repeat(100)}`)).toBeUndefined();
  });
});
