import type { Lookalike } from '../campaign/media-facts.ts';
import { brandOf } from './parse-mp4.ts';

/** First bytes of pictures, sounds and videos that WeChat does not take, and of other common files. */
const SIGNATURES: readonly (readonly [Lookalike, string, number?])[] = [
  ['WAV', 'WAVE', 8],
  ['AVI', 'AVI ', 8],
  ['SILK', '#!SILK_V3'],
  ['SILK', '\x02#!SILK_V3'],
  ['AMR of several channels', '#!AMR'],
  ['Ogg', 'OggS'],
  ['FLAC', 'fLaC'],
  ['ID3 without MP3', 'ID3'],
  ['WebM or Matroska', '\x1aE\xdf\xa3'],
  ['Flash', 'FLV\x01'],
  ['WMA or WMV', '\x30\x26\xb2\x75\x8e\x66\xcf\x11'],
  ['TIFF', 'II*\0'],
  ['TIFF', 'MM\0*'],
  ['Photoshop', '8BPS'],
  ['PDF', '%PDF-'],
  ['ZIP', 'PK\x03\x04'],
  ['gzip', '\x1f\x8b'],
];

const BRANDS: readonly (readonly [RegExp, Lookalike])[] = [
  [/^qt /, 'QuickTime'],
  [/^M4[ABP]/, 'AAC'],
  [/^3g/, '3GP'],
  [/^(hei|hev|mif1|msf1)/, 'HEIC'],
  [/^avi[fs]/, 'AVIF'],
  [/^j/, 'JPEG 2000'],
];

const START = 1_024;

/** The name of a format that WeChat does not take, or "text", "HTML", "empty"; for messages only. */
export function looksLike(file: Buffer): Lookalike | undefined {
  if (file.length === 0) return 'empty';
  const brand = brandOf(file);
  if (brand !== undefined) return BRANDS.find(([pattern]) => pattern.test(brand))?.[1];

  for (const [name, bytes, offset = 0] of SIGNATURES) {
    if (file.toString('latin1', offset, offset + bytes.length) === bytes) return name;
  }
  return textKind(file.subarray(0, START));
}

function textKind(start: Buffer): Lookalike | undefined {
  const text = start.toString('utf8');
  // A character may be cut at the end of the stretch; nothing else of text is unreadable.
  const body = text.replace(/\uFFFD$/, '');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters tell data from text
  if (/[\u0000-\u0008\u000E-\u001A\uFFFD]/.test(body)) return undefined;
  if (/^\s*(<!doctype html|<html|<head|<body)/i.test(body)) return 'HTML';
  if (/<svg[\s>]/i.test(body)) return 'SVG';
  if (/^\s*[{[]/.test(body)) return 'JSON';
  return 'text';
}
