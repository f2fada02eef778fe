/**
 * A push body, XML or JSON, as its fields. WeChat's XML is a small subset: elements, text, CDATA.
 * Whatever is outside of it (DOCTYPE, ENTITY, comments, instructions, attributes) is refused before
 * the parser sees it. Inside CDATA anything may stand: a follower may well type `<!DOCTYPE html>`.
 */
import { XMLParser } from 'fast-xml-parser';
import { parse as parseJson } from 'lossless-json';
import { flawOfShape } from '../../platform/json-text.ts';

/** Every scalar is a string, as WeChat wrote it: ids have 64 bits. */
export type Message = Readonly<Record<string, unknown>>;

const MAX_DEPTH = 12;
/** Tags and sections. A receipt of eight articles has some 300; a thousand cost about 5 ms. */
const MAX_TOKENS = 2_000;

const parser = new XMLParser({
  ignoreAttributes: true,
  parseTagValue: false,
  parseAttributeValue: false,
  processEntities: false,
  trimValues: true,
  maxNestedTags: MAX_DEPTH,
  isArray: (name) => name === 'item',
});

const DECLARATION = /^<\?xml [^<>?]*\?>/;
const MARKUP = /<!\[CDATA\[[\s\S]*?\]\]>|<[^<>]*>?/g;
const CDATA = /^<!\[CDATA\[[\s\S]*\]\]>$/;
const TAG = /^<\/?[A-Za-z_][\w.-]*\s*\/?>$/;

/** The fields, or null if this is not a body that WeChat writes. Never throws. */
export function readMessage(body: string): Message | null {
  const text = body.replace(/^\uFEFF/, '').trim();
  try {
    if (text.startsWith('{')) return readJson(text);
    if (text.startsWith('<')) return readXml(text);
  } catch {
    // The parsers say no by throwing, with pieces of the body in the message.
  }
  return null;
}

function readXml(text: string): Message | null {
  const xml = text.replace(DECLARATION, '');
  if (!isInSubset(xml)) return null;
  const document: unknown = parser.parse(xml, true);
  if (!isMessage(document) || Object.keys(document).length !== 1) return null;
  return isMessage(document.xml) ? document.xml : null;
}

function isInSubset(xml: string): boolean {
  let tokens = 0;
  for (const [token] of xml.matchAll(MARKUP)) {
    tokens += 1;
    if (tokens > MAX_TOKENS) return false;
    if (!TAG.test(token) && !CDATA.test(token)) return false;
  }
  return true;
}

function readJson(text: string): Message | null {
  if (flawOfShape(text, { levels: MAX_DEPTH, values: MAX_TOKENS })) return null;
  JSON.parse(text);
  const message: unknown = parseJson(text, null, (digits) => digits);
  return isMessage(message) ? message : null;
}

export const isMessage = (value: unknown): value is Message =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** One field's text. Undefined if it is absent, empty, not a scalar, or there twice. */
export function textOf(message: Message, field: string): string | undefined {
  const value = Object.hasOwn(message, field) ? message[field] : undefined;
  if (typeof value === 'boolean') return String(value);
  return typeof value === 'string' && value !== '' ? value : undefined;
}
