/** What WeChat does to the HTML of an article before anybody sees it. */
import { Parser } from 'htmlparser2';
import type { Switches } from './option-table.ts';

/** A picture's place that its caller left unfilled, in whatever attribute. */
const UPLOAD_MARK = /\bupload:\s*m_\w/i;

type Rules = Pick<Switches, 'externalLinks' | 'uploadMarks' | 'draftContent'>;
type Attributes = Readonly<Record<string, string>>;

/** As addresses of pictures are compared: WeChat itself varies the scheme and what follows `?`. */
export const pictureNamed = (url: string): string =>
  url
    .trim()
    .replace(/^https?:/i, '')
    .replace(/[?#].*$/s, '');

/** Whether an article is refused with 45166. */
export function isRefusedHtml(html: string, rules: Rules): boolean {
  if (rules.uploadMarks === 'refused' && UPLOAD_MARK.test(html)) return true;
  let links = false;
  rewrite(html, (name, attributes) => {
    links ||= isForeignLink(name, attributes);
    return undefined;
  });
  return rules.externalLinks === 'refused' && links;
}

/** The content as it is kept. Pictures of other hosts go without a word; links, by the switch. */
export const keptHtml = (
  html: string,
  { externalLinks }: Rules,
  isOwnPicture: (name: string) => boolean,
): string =>
  rewrite(html, (name, attributes) => {
    if (name === 'img' && !isShown(attributes, isOwnPicture)) return '';
    return externalLinks === 'stripped' && isForeignLink(name, attributes) ? '<a>' : undefined;
  });

/** The content as draft/get tells it. */
export const toldHtml = (html: string, { draftContent }: Rules): string =>
  draftContent === 'as-sent'
    ? html
    : rewrite(html, (name, _attributes, tag) =>
        name === 'img' ? tag.replace(/(\s)src(\s*=)/i, '$1data-src$2') : undefined,
      );

/** Every opening tag as `change` writes it; undefined leaves it. */
function rewrite(
  html: string,
  change: (name: string, attributes: Attributes, tag: string) => string | undefined,
): string {
  let kept = '';
  let from = 0;
  const parser = new Parser({
    onopentag(name, attributes) {
      const end = parser.endIndex + 1;
      const changed = change(name, attributes, html.slice(parser.startIndex, end));
      if (changed === undefined) return;
      kept += html.slice(from, parser.startIndex) + changed;
      from = end;
    },
  });
  parser.end(html);
  return kept + html.slice(from);
}

/** WeChat's own editor writes `data-src`, alone or beside `src`. */
function isShown(
  { src = '', 'data-src': lazy = '' }: Attributes,
  isOwnPicture: (name: string) => boolean,
): boolean {
  const given = [src, lazy].filter((address) => address !== '');
  return given.length > 0 && given.every((address) => isOwnPicture(pictureNamed(address)));
}

function isForeignLink(name: string, { href = '' }: Attributes): boolean {
  if (name !== 'a' || !/^\s*(https?:)?\/\//i.test(href)) return false;
  return !/^\s*(https?:)?\/\/mp\.weixin\.qq\.com\//i.test(href);
}
