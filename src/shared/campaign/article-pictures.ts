/**
 * The pictures of an article, wherever HTML may name one. One reader finds, checks and replaces
 * them, so that what was checked is what WeChat gets. Linear in the length of the HTML.
 *
 * WeChat takes `src` and shows it as `data-src`; what its own editor writes has `data-src` alone.
 * So of the two, `src` counts, unless it is absent, empty, or a `data:` placeholder.
 */
import { QuoteType, Tokenizer } from 'htmlparser2';

interface Attribute {
  readonly name: string;
  /** Entities decoded. */
  readonly value: string;
  /** Where the value is in the HTML, with its quotes. */
  readonly start: number;
  readonly end: number;
  readonly quote: QuoteType;
}

interface Tag {
  readonly name: string;
  readonly attributes: Attribute[];
}

interface Span {
  readonly start: number;
  readonly end: number;
}

/** An address inside an attribute's value. */
interface Named extends Span {
  readonly url: string;
  /** The address that WeChat loads instead of this one. */
  readonly instead?: string;
}

interface Place {
  readonly attribute: Attribute;
  readonly names: readonly Named[];
}

const UPLOAD = /^upload:(.*)$/is;

/** What `upload:…` names: an upload's id, or, before the command line has filled it, a path. */
export const uploadIn = (url: string): string | undefined => UPLOAD.exec(url)?.[1];

/** Pictures that WeChat keeps: its own hosts, where uploadimg puts them. */
export const isWechats = (url: string): boolean =>
  /^(https?:)?\/\/(mmbiz\.(qpic|qlogo)\.cn|mmecoa\.qpic\.cn|res\.wx\.qq\.com)\//i.test(url);

/** The addresses of all pictures that WeChat would load, each once, in the order of the HTML. */
export function picturesIn(html: string): string[] {
  const names = read(html)
    .tags.flatMap(placesOf)
    .flatMap((place) => place.names);
  return [...new Set(names.filter(({ instead }) => instead === undefined).map(({ url }) => url))];
}

/** The uploads among them. */
export const picturesOfOurs = (html: string): string[] =>
  picturesIn(html).flatMap((url) => uploadIn(url) ?? []);

/** The same HTML with other things in the place of `upload:…`; what `fill` does not know stays. */
export const withUploads = (html: string, fill: (named: string) => string | undefined): string =>
  rewrite(read(html), html, ({ url }) => filled(url, fill));

/** The same HTML with other addresses; those that `put` does not know stay. */
export const withOtherPictures = (html: string, put: (url: string) => string | undefined): string =>
  rewrite(read(html), html, ({ url }) => put(url));

/** The HTML as WeChat gets it: an address for each upload, and none that WeChat would not load. */
export function withPictures(html: string, urlOf: (upload: string) => string): string {
  const document = read(html);
  const comments = document.comments.filter(({ start, end }) =>
    /upload:/i.test(html.slice(start, end)),
  );
  return rewrite(
    document,
    html,
    ({ url, instead }) => {
      if (instead === undefined) return filled(url, urlOf);
      return isWechats(url) ? undefined : (filled(instead, urlOf) ?? instead);
    },
    comments,
  );
}

/** Whether `upload:…` stands where it is not replaced: WeChat would send it as it is. */
export function hasStrayUpload(html: string): boolean {
  const sent = withPictures(html, () => '');
  if (/upload:m_\w/i.test(sent)) return true;
  const values = read(sent).tags.flatMap(({ attributes }) => attributes.map(({ value }) => value));
  return values.some((value) => /(?:^|["'(,])\s*upload:\S|upload:m_\w/i.test(value));
}

/**
 * Tags, attributes, comments and the addresses in them, of one article, and five times as many entities,
 * pieces of text and ends of tags. WeChat takes 1 MB; what its editors write has some hundred bytes for each part. Of a
 * million in 1 MB, each look would stall a process for a second.
 */
export const MOST_PARTS = 20_000;

export const hasTooManyParts = (html: string): boolean => read(html, MOST_PARTS) === null;

/** Elements that show nothing by themselves. */
const FRAMES = new Set(
  'a abbr article aside b big blockquote br center code dd div dl dt em figure font footer h1 h2 h3 h4 h5 h6 header i li main mark nav ol p pre q s section small span strong sub sup table tbody td tfoot th thead tr u ul'.split(
    ' ',
  ),
);

/** Whether a reader would see nothing: neither text nor an element that may show something. */
export function isBlank(html: string): boolean {
  // Most show something soon, and one look at all of it is spared. No entity is cut in two.
  const head = html.slice(0, 4_096);
  const whole = head.slice(0, Math.max(0, head.lastIndexOf('<'), head.lastIndexOf('&')));
  if (isSeen(read(whole).text)) return false;
  const { tags, text } = read(html);
  const shows = tags.some((tag) => !FRAMES.has(tag.name) || placesOf(tag).length > 0);
  return !shows && !isSeen(text);
}

/** Neither a blank of any kind nor a character that is not seen: zero-width ones, fillers, marks. */
const SEEN = /[^\s\p{C}\p{Default_Ignorable_Code_Point}\u2800]/u;

export const isSeen = (text: string): boolean => SEEN.test(text);

function filled(url: string, fill: (named: string) => string | undefined): string | undefined {
  const named = uploadIn(url);
  return named === undefined ? undefined : fill(named);
}

function rewrite(
  { tags }: Document,
  html: string,
  replace: (named: Named) => string | undefined,
  dropped: readonly Span[] = [],
): string {
  const edits = tags.flatMap(placesOf).flatMap(({ attribute, names }) => {
    const text = edited(
      attribute.value,
      names.flatMap((named) => {
        const put = replace(named);
        return put === undefined ? [] : [{ ...named, put }];
      }),
    );
    return text === attribute.value ? [] : [{ ...attribute, put: quoted(text, attribute.quote) }];
  });
  // With nothing in its place, `<` before it and the text after it would become a tag.
  const joins = ({ start }: Span): boolean => /[^>\s]/.test(html.charAt(start - 1));
  const cuts = dropped.map((span) => ({ ...span, put: joins(span) ? '<!---->' : '' }));
  return edited(
    html,
    [...edits, ...cuts].sort((a, b) => a.start - b.start),
  );
}

function edited(text: string, edits: readonly (Span & { readonly put: string })[]): string {
  let at = 0;
  let out = '';
  for (const { start, end, put } of edits) {
    out += text.slice(at, start) + put;
    at = end;
  }
  return out + text.slice(at);
}

function quoted(value: string, was: QuoteType): string {
  const quote = was === QuoteType.Single ? "'" : '"';
  const escaped = value
    .replaceAll(/&(?=#|[a-z0-9]+;)/gi, '&amp;')
    .replaceAll(quote, quote === '"' ? '&quot;' : '&#39;');
  return quote + escaped + quote;
}

/** Every place in a tag where an address of a picture stands. */
function placesOf({ name: tag, attributes }: Tag): Place[] {
  const isPicture = tag === 'img' || tag === 'image' || tag === 'input';
  const whole = (attribute: Attribute): Named[] => {
    const url = attribute.value.trim();
    return url === '' ? [] : [{ url, start: 0, end: attribute.value.length }];
  };
  const shown = isPicture ? shownOf(attributes) : undefined;
  const namesOf = (attribute: Attribute): Named[] => {
    switch (attribute.name) {
      case 'src':
      case 'data-src':
        if (!isPicture) return [];
        return whole(attribute).map((named) =>
          shown === undefined || shown === attribute
            ? named
            : { ...named, instead: shown.value.trim() },
        );
      case 'href':
      case 'xlink:href':
        return tag === 'image' || tag === 'feimage' ? whole(attribute) : [];
      case 'poster':
      case 'background':
        return whole(attribute);
      case 'srcset':
      case 'data-srcset':
        return inSrcset(attribute.value);
      case 'style':
        return inStyle(attribute.value);
      default:
        return [];
    }
  };
  return attributes
    .map((attribute) => ({ attribute, names: namesOf(attribute) }))
    .filter(({ names }) => names.length > 0);
}

/** Of `src` and `data-src`, the one that counts. */
function shownOf(attributes: readonly Attribute[]): Attribute | undefined {
  const named = (name: string) =>
    attributes.find((one) => one.name === name && one.value.trim() !== '');
  const src = named('src');
  const lazy = named('data-src');
  return src && !(lazy && /^\s*data:/i.test(src.value)) ? src : lazy;
}

/** `a.jpg 1x, b.jpg 2x`: an address ends at a blank, or at a comma behind it. */
function inSrcset(value: string): Named[] {
  const names: Named[] = [];
  let start = 0;
  for (;;) {
    start = next(value, start, /[^\s,]/g);
    if (start >= value.length) return names;
    let end = next(value, start, /\s/g);
    const comma = value.charAt(end - 1) === ',' ? end : value.indexOf(',', end);
    while (value.charAt(end - 1) === ',') end--;
    names.push({ url: value.slice(start, end), start, end });
    if (comma === -1) return names;
    start = comma;
  }
}

/** Where the next of these characters is, or the end. */
function next(text: string, from: number, characters: RegExp): number {
  characters.lastIndex = from;
  return characters.exec(text)?.index ?? text.length;
}

/** The addresses in `url(…)`, with or without quotes. */
function inStyle(value: string): Named[] {
  const names: Named[] = [];
  const lower = value.toLowerCase();
  for (let at = lower.indexOf('url('); at !== -1; at = lower.indexOf('url(', at)) {
    let start = at + 4;
    while (/\s/.test(value.charAt(start))) start++;
    const quote = /["']/.exec(value.charAt(start))?.[0];
    if (quote) start++;
    const end = value.indexOf(quote ?? ')', start);
    if (end === -1) return names;
    const raw = value.slice(start, end);
    const url = raw.trim();
    const from = start + raw.indexOf(url);
    if (url !== '') names.push({ url, start: from, end: from + url.length });
    at = end;
  }
  return names;
}

interface Document {
  readonly tags: readonly Tag[];
  readonly comments: readonly Span[];
  /** Between the tags, entities decoded. */
  readonly text: string;
}

const PIECES_A_PART = 5;
/** What stands before or between the addresses that one attribute may have many of. */
const ADDRESSES: Readonly<Record<string, RegExp>> = {
  srcset: /,/g,
  'data-srcset': /,/g,
  style: /url\(/gi,
};

function read(html: string): Document;
function read(html: string, mostParts: number): Document | null;
function read(html: string, mostParts = Number.POSITIVE_INFINITY): Document | null {
  let parts = 0;
  let pieces = 0;
  const tags: Tag[] = [];
  const comments: Span[] = [];
  let text = '';
  let open: Tag | undefined;
  let name = '';
  let nameEnd = 0;
  let value = '';
  let end = 0;
  const ignore = (): void => undefined;
  const tokenizer = new Tokenizer(
    { decodeEntities: true },
    {
      onopentagname(from, to) {
        count();
        open = { name: html.slice(from, to).toLowerCase(), attributes: [] };
      },
      onattribname(from, to) {
        count();
        name = html.slice(from, to).toLowerCase();
        nameEnd = to;
        value = '';
      },
      onattribdata(from, to) {
        piece();
        value += html.slice(from, to);
        end = to;
      },
      onattribentity(codepoint) {
        piece();
        value += String.fromCodePoint(codepoint);
      },
      onattribend(quote) {
        if (quote === QuoteType.NoValue) return;
        const addresses = ADDRESSES[name];
        if (addresses) count(value.match(addresses)?.length ?? 0);
        const isQuoted = quote !== QuoteType.Unquoted;
        const start = valueStart(html, nameEnd);
        open?.attributes.push({ name, value, start, end: isQuoted ? end + 1 : end, quote });
      },
      // A tag that never ends is none.
      onopentagend: close,
      onselfclosingtag: close,
      oncomment(from, to) {
        count();
        const closed = html.indexOf('>', Math.max(from, to - 1));
        comments.push({
          // What is inside may begin with one, too.
          start: html.lastIndexOf('<', from - 1),
          end: closed === -1 ? html.length : closed + 1,
        });
      },
      oncdata: ignore,
      onclosetag: piece,
      ondeclaration: ignore,
      onend: ignore,
      onprocessinginstruction: ignore,
      ontext(from, to) {
        piece();
        text += html.slice(from, to);
      },
      ontextentity(codepoint) {
        piece();
        text += String.fromCodePoint(codepoint);
      },
    },
  );
  tokenizer.write(html);
  if (isTooMuch()) return null;
  tokenizer.end();
  return { tags, comments, text };

  function count(added = 1): void {
    parts += added;
    if (isTooMuch()) tokenizer.pause();
  }

  function piece(): void {
    pieces += 1;
    if (isTooMuch()) tokenizer.pause();
  }

  function isTooMuch(): boolean {
    return parts > mostParts || pieces > mostParts * PIECES_A_PART;
  }

  function close(): void {
    if (open) tags.push(open);
    open = undefined;
  }
}

/** Behind an attribute's name: one `=`, with blanks around it. A second one belongs to the value. */
function valueStart(html: string, nameEnd: number): number {
  const sign = next(html, nameEnd, /\S/g);
  return next(html, html.charAt(sign) === '=' ? sign + 1 : sign, /\S/g);
}
