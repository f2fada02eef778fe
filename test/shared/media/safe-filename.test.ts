import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { safeFilename } from '../../../src/shared/media/safe-filename.ts';

const otherwise = 'm_0123';

describe('a safe file name', () => {
  it.each([
    ['cover.jpg', 'jpg', 'cover.jpg'],
    ['cover.png', 'jpg', 'cover.jpg'],
    ['Happy Day (2).final.jpeg', 'jpg', 'Happy-Day-2-final.jpg'],
    ['C:\\Users\\me\\café.mp3', 'mp3', 'cafe.mp3'],
    ['../../etc/passwd', 'amr', 'passwd.amr'],
    ['封面.png', 'png', 'm_0123.png'],
    ['', 'mp4', 'm_0123.mp4'],
  ])('made of %j (%s) is %s', (name, format, safe) => {
    expect(safeFilename(name, { format, otherwise })).toBe(safe);
  });

  it('is short plain ASCII with the right extension, whatever it is made of', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (name) => {
        expect(safeFilename(name, { format: 'jpg', otherwise })).toMatch(
          /^[A-Za-z0-9_][A-Za-z0-9_-]{0,59}\.jpg$/,
        );
      }),
    );
  });
});
