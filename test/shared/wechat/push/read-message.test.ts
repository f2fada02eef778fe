import { describe, expect, it } from 'vitest';
import { isMessage, readMessage, textOf } from '../../../../src/shared/wechat/push/read-message.ts';

const nested = (depth: number) => `${'<a>'.repeat(depth)}x${'</a>'.repeat(depth)}`;

describe('a message body', () => {
  it.each([
    ['XML', '<xml><A><![CDATA[1]]></A><B>007</B></xml>', { A: '1', B: '007' }],
    ['XML with a declaration', '<?xml version="1.0"?>\n<xml><A>1</A></xml>', { A: '1' }],
    ['XML after a byte order mark', '\uFEFF<xml><A>1</A></xml>', { A: '1' }],
    ['JSON', ' {"A":"1","B":1e5}', { A: '1', B: '1e5' }],
    [
      'a marker that a follower typed',
      '<xml><A><![CDATA[<!DOCTYPE html>]]></A></xml>',
      { A: '<!DOCTYPE html>' },
    ],
    ['a split end mark', '<xml><A><![CDATA[a]]]]><![CDATA[>b]]></A></xml>', { A: 'a]]>b' }],
    ['an entity, left alone', '<xml><A>&lt;&#65;</A></xml>', { A: '&lt;&#65;' }],
  ])('is read: %s', (_, body, fields) => {
    expect(readMessage(body)).toEqual(fields);
  });

  it.each([
    ['nothing', ''],
    ['a word', 'success'],
    ['an array', '[{"MsgType":"event"}]'],
    ['a DOCTYPE', '<!DOCTYPE xml><xml><A>1</A></xml>'],
    ['a DOCTYPE in small letters', '<!doctype xml><xml><A>1</A></xml>'],
    ['a DOCTYPE after a declaration', '<?xml version="1.0"?><!DOCTYPE x><xml><A>1</A></xml>'],
    ['an entity', '<!DOCTYPE x [<!ENTITY a "b">]><xml><A>&a;</A></xml>'],
    [
      'a DOCTYPE hidden between comments',
      '<!--<![CDATA[--><!DOCTYPE x><!--]]>--><xml><A>1</A></xml>',
    ],
    [
      'a DOCTYPE hidden between instructions',
      '<?a <![CDATA[?><!DOCTYPE x><?b ]]>?><xml><A>1</A></xml>',
    ],
    ['a comment', '<xml><!-- --><A>1</A></xml>'],
    ['an attribute', '<xml a="b"><A>1</A></xml>'],
    ['an attribute with an end mark', '<xml><A b="x><![CDATA[">1</A></xml>'],
    ['another root', '<html><A>1</A></html>'],
    ['two roots', '<xml><A>1</A></xml><xml><A>2</A></xml>'],
    ['an unclosed tag', '<xml><A>1</xml>'],
    ['an unclosed section', '<xml><A><![CDATA[1</A></xml>'],
    ['a prototype in XML', '<xml><__proto__><A>1</A></__proto__></xml>'],
    ['9,000 elements', `<xml>${'<a></a>'.repeat(9_000)}</xml>`],
    ['a depth of 20 in XML', `<xml>${nested(20)}</xml>`],
    ['a depth of 20,000 in XML', `<xml>${nested(20_000)}</xml>`],
    ['a depth of 30,000 in JSON', `{"a":${'['.repeat(30_000)}${']'.repeat(30_000)}}`],
    ['two values of one name in JSON', '{"A":"1","A":"2"}'],
    ['half of a JSON object', '{"A":"1"'],
  ])('is refused: %s', (_, body) => {
    expect(readMessage(body)).toBeNull();
  });

  it.each([
    ['tokens', (count: number) => `<xml>${'<a></a>'.repeat((count - 2) / 2)}</xml>`, 2_000, 2],
    ['levels of JSON', (depth: number) => `{"a":${'['.repeat(depth)}${']'.repeat(depth)}}`, 11, 1],
  ])('may have so many %s, and no more', (_, make, most, more) => {
    expect(readMessage(make(most))).not.toBeNull();
    expect(readMessage(make(most + more))).toBeNull();
  });

  it.each([
    ['a digit at the beginning of a name', '<xml><1a>1</1a></xml>'],
    ['a stray end', '<xml><A>1</A></xml></B>'],
    ['a field without a root', '<A>1</A>'],
    ['text around the root', 'x<xml><A>1</A></xml>'],
    ['a root without fields', '<xml>1</xml>'],
    ['an instruction inside', '<xml><?a b?><A>1</A></xml>'],
    ['a declaration with a mark in it', '<?xml a="<"?><xml><A>1</A></xml>'],
    ['a declaration that is not at the beginning', '<xml><?xml version="1.0"?><A>1</A></xml>'],
    ['a lone JSON string', '"{}"'],
  ])('is refused: %s', (_, body) => {
    expect(readMessage(body)).toBeNull();
  });

  it('keeps an `item` as a list, alone or not, and blanks outside of its texts are none', () => {
    expect(readMessage('<xml><L> <item><A> 1 </A></item> </L></xml>')).toEqual({
      L: { item: [{ A: '1' }] },
    });
    expect(readMessage('<xml><A-b.c_1>1</A-b.c_1><B/><C ></C ></xml>')).toMatchObject({
      'A-b.c_1': '1',
    });
  });

  it('is an object, and nothing else', () => {
    expect(isMessage({})).toBe(true);
    for (const value of [null, [], '', 1, undefined]) expect(isMessage(value)).toBe(false);
  });

  it('keeps a byte order mark inside of a text', () => {
    expect(readMessage('<xml><A>a\uFEFFb</A></xml>')).toEqual({ A: 'a\uFEFFb' });
  });

  it('has a text where a scalar stands once', () => {
    const json = '{"a":true,"b":"","c":["1","2"],"d":{"e":"1"},"f":null,"g":12345678901234567890}';
    const message = readMessage(json) ?? {};
    const texts = ['a', 'b', 'c', 'd', 'f', 'g', 'h'].map((field) => textOf(message, field));

    expect(texts).toEqual([
      'true',
      ...[undefined, undefined, undefined, undefined],
      '12345678901234567890',
      undefined,
    ]);
    expect(textOf(readMessage('<xml><A>1</A><A>2</A></xml>') ?? {}, 'A')).toBeUndefined();
  });

  it('lends no field to another through its prototype', () => {
    const message = readMessage('{"__proto__":{"MsgID":"1"}}') ?? {};

    expect(textOf(message, 'MsgID')).toBeUndefined();
    expect(Object.hasOwn(Object.prototype, 'MsgID')).toBe(false);
  });
});
