/** The same picture, sound or film with a word inside that nobody sees: another file. */

export const withMark = {
  /** A comment after the start of the image. */
  jpg(file: Uint8Array, mark: string): Uint8Array {
    const text = Buffer.from(mark);
    const head = Buffer.from([0xff, 0xfe, 0, 0]);
    head.writeUInt16BE(text.length + 2, 2);
    return Buffer.concat([file.subarray(0, 2), head, text, file.subarray(2)]);
  },
  /** A free box at the end. */
  mp4(file: Uint8Array, mark: string): Uint8Array {
    const text = Buffer.from(mark);
    const head = Buffer.from([0, 0, 0, 0, ...Buffer.from('free')]);
    head.writeUInt32BE(text.length + 8, 0);
    return Buffer.concat([file, head, text]);
  },
  /** An ID3v1 tag at the end. */
  mp3(file: Uint8Array, mark: string): Uint8Array {
    const tag = Buffer.alloc(128);
    tag.write(`TAG${mark.slice(-30)}`);
    return Buffer.concat([file, tag]);
  },
};
