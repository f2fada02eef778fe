import { describe, expect, it } from 'vitest';
import {
  hasStrayUpload,
  hasTooManyParts,
  isBlank,
  MOST_PARTS,
  picturesIn,
  picturesOfOurs,
  withPictures,
  withUploads,
} from '../../../src/shared/campaign/article-pictures.ts';

const AT_WECHAT = 'https://mmbiz.qpic.cn/a/0?x=1&y=2';
const FOREIGN = 'https://cdn.example.com/a.jpg';
const sent = (html: string): string => withPictures(html, () => AT_WECHAT);

describe('a picture of ours', () => {
  it.each([
    ['src', '<img src="upload:m_a">'],
    ['src, in the letters of old', "<IMG SRC='UPLOAD:m_a'>"],
    ['src without quotes', '<img src = upload:m_a>'],
    ['src with blanks inside', '<img src=" upload:m_a\n">'],
    ['src in entities', '<img src="&#117;pload:m_a">'],
    ['src behind a ">" in quotes', '<img alt="3 > 2" src="upload:m_a">'],
    ['src behind a text that speaks of one', '<img alt="set src=x here" src="upload:m_a">'],
    ['src of a tag that closes itself', '<img src="upload:m_a"/>'],
    ['data-src alone', '<img data-src="upload:m_a">'],
    ['data-src with an empty src', '<img src="" data-src="upload:m_a">'],
    ['both', '<img data-src="upload:m_a" src="upload:m_a">'],
    ['srcset', '<img srcset="upload:m_a 1x, upload:m_a 2x,upload:m_a">'],
    ['srcset of a source', '<picture><source srcset="upload:m_a"></picture>'],
    ['a style', '<section style="background-image:url(upload:m_a)">'],
    [
      'a style with quotes in entities',
      '<p style="background:#fff URL( &quot;upload:m_a&quot; )">',
    ],
    ['a style with quotes', `<p style="background:url('upload:m_a') no-repeat">`],
    ['an old background', '<table background="upload:m_a">'],
    ['poster', '<video poster="upload:m_a"></video>'],
    ['href of an svg image', '<svg><image href="upload:m_a"/></svg>'],
    ['xlink:href of an svg image', '<svg><image xlink:href="upload:m_a"></image></svg>'],
  ])('is found and replaced in %s', (_where, html) => {
    expect(picturesOfOurs(html)).toEqual(['m_a']);
    expect(sent(html)).not.toMatch(/upload:/i);
    expect(picturesIn(sent(html))).toEqual([AT_WECHAT]);
    expect(hasStrayUpload(html)).toBe(false);
  });

  it('leaves everything beside its address as it was', () => {
    const html = '<p>a &amp; b</p><img  alt = "3 > 2" src = upload:m_a data-w=1 >\n<br/>tail <';

    expect(sent(html)).toBe(html.replace('upload:m_a', `"${AT_WECHAT}"`));
  });

  it('takes over from a foreign address that WeChat would not load', () => {
    const html = `<img data-src="${FOREIGN}" src="upload:m_a">`;

    expect(picturesIn(html)).toEqual(['upload:m_a']);
    expect(sent(html)).toBe(`<img data-src="${AT_WECHAT}" src="${AT_WECHAT}">`);
  });

  it('counts by data-src where src is a placeholder', () => {
    const html = '<img src="data:image/gif;base64,R0lG" data-src="upload:m_a">';

    expect(picturesIn(html)).toEqual(['upload:m_a']);
    expect(sent(html)).not.toContain('data:image');
  });

  it('is not one inside a comment, which does not go out with such a name in it', () => {
    const html = `<!-- <img src="${FOREIGN}"> --><!-- <img src="upload:m_a"> --><p>a</p>`;

    expect(picturesIn(html)).toEqual([]);
    expect(sent(html)).toBe(`<!-- <img src="${FOREIGN}"> --><p>a</p>`);
    expect(hasStrayUpload(html)).toBe(false);
  });
});

describe('an article', () => {
  it('keeps what stands behind a value that begins with =', () => {
    const html = '<img src="upload:m_a" data-src=="x>y"> and more';

    expect(sent(html)).toBe(`<img src="${AT_WECHAT}" data-src="${AT_WECHAT}">y"> and more`);
  });

  it.each([
    '<!--<img src="upload:m_a">-->',
    '<!--<upload:m_a-->',
    '<!<upload:m_a>',
    '<?<upload:m_a>',
  ])('goes on behind a picture that was commented out: %s', (comment) => {
    expect(sent(`<p>a</p>${comment}<p>b</p>`)).toBe('<p>a</p><p>b</p>');
    // Taken out, it would make a tag of what stands around it.
    expect(picturesIn(sent(`<${comment}img src="${FOREIGN}">`))).toEqual([]);
  });

  it.each(['&nbsp;', '<p></p>', '\u200b', '<!-- a -->', '<p title="a">'])(
    'of nothing but %s is blank, however long it is',
    (nothing) => {
      expect(isBlank(nothing.repeat(2_000))).toBe(true);
      expect(isBlank(`${nothing.repeat(2_000)}a`)).toBe(false);
    },
  );

  it('has so many tags and attributes and no more', () => {
    expect(hasTooManyParts('<p>a'.repeat(MOST_PARTS))).toBe(false);
    expect(hasTooManyParts('<p b>'.repeat(MOST_PARTS / 2 + 1))).toBe(true);
  });

  it.each([
    ['addresses', `<img srcset="${'a 1x,'.repeat(MOST_PARTS)}">`],
    ['addresses in a style', `<p style="${'URL(a)'.repeat(MOST_PARTS)}">`],
    ['comments', '<!---->'.repeat(MOST_PARTS + 1)],
    ['entities', '&nbsp;'.repeat(5 * MOST_PARTS + 1)],
    ['brackets', '<'.repeat(5 * MOST_PARTS + 2)],
    ['ends of tags', '</b>'.repeat(5 * MOST_PARTS + 1)],
  ])('has so many %s and no more', (_, html) => {
    expect(hasTooManyParts(html)).toBe(true);
    expect(hasTooManyParts(html.slice(html.length / 2))).toBe(false);
  });
});

describe('a picture that is named many times', () => {
  it('is looked up once', () => {
    expect(picturesOfOurs('<img src="upload:m_a">'.repeat(45_000))).toEqual(['m_a']);
  });
});

describe('a foreign picture', () => {
  it.each([
    `<img src="${FOREIGN}">`,
    `<img data-src="${FOREIGN}">`,
    `<img data-src="https://mmbiz.qpic.cn/a/0" src="${FOREIGN}">`,
    `<img srcset="https://mmbiz.qpic.cn/a/0 1x, ${FOREIGN} 2x">`,
    `<svg><image href="${FOREIGN}"/></svg>`,
    `<video poster="${FOREIGN}">`,
    `<p style="color:red;background:url(${FOREIGN})">`,
    `<img alt="a > b" src="${FOREIGN}">`,
  ])('is found in %s', (html) => {
    expect(picturesIn(html)).toContain(FOREIGN);
  });
});

describe('an upload that cannot be put where it stands', () => {
  it.each([
    '<a href="upload:m_a">',
    '<p>upload:m_a</p>',
    '<img src="upload:m_a"',
    '<style>p{background:url(upload:m_a)}</style>',
    '<p style="content:\'upload:m_a\'">',
    '<object data="upload:pic.png">',
  ])('is told: %s', (html) => {
    expect(hasStrayUpload(html)).toBe(true);
  });

  it.each(['<p>How to upload: press here</p>', '<img alt="upload: a photo">', 'upload:'])(
    'is not a text that speaks of uploads: %s',
    (html) => expect(hasStrayUpload(html)).toBe(false),
  );
});

describe('paths in place of uploads', () => {
  it('are filled in wherever a picture may stand', () => {
    const html = `<img class="lazy" data-src="upload:pic.png" src="upload:pic.png"><p style="background:url('upload:my pic.png')">`;

    const filled = withUploads(html, (path) => `upload:m_${path.length}`);

    expect(filled).toBe(
      `<img class="lazy" data-src="upload:m_7" src="upload:m_7"><p style="background:url('upload:m_10')">`,
    );
  });
});

describe('a megabyte of HTML', () => {
  const MB = 1_000_000;
  it.each(['<img ', '<img src="upload:m_a">', 'url("', '<!--', '<p style="', '<a b="', '&am', '<'])(
    'is read in a time that grows with its length: %s …',
    (piece) => {
      const html = piece.repeat(MB / piece.length);
      const begun = performance.now();

      picturesIn(html);
      hasStrayUpload(html);

      expect(performance.now() - begun).toBeLessThan(10_000);
    },
  );

  it.each(['url(', 'url( "', ', ', ',', 'upload:', '"', ' '])(
    'is read in a time that grows with its length inside a style and a srcset: %s …',
    (piece) => {
      const value = piece.replaceAll('"', '&quot;').repeat(200_000);
      const begun = performance.now();

      hasStrayUpload(`<img style="${value}" srcset="${value}">`);

      expect(performance.now() - begun).toBeLessThan(10_000);
    },
  );
});
