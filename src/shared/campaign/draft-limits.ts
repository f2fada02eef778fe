/**
 * What a draft takes of an article's texts, in characters, where that is less than what every
 * article is held to. WeChat gives no figures for uploadnews. Source: docs/wechat.md.
 */
const MAX_TITLE = 32;
const CONTENT_BELOW = 20_000;

interface Texts {
  readonly title: string;
  readonly content: string;
}

/** Why the draft box would refuse these texts, by field; nothing if it would not. Pure. */
export function draftRefusals({ title, content }: Texts): Partial<Texts> {
  const titled = [...title].length;
  const written = [...content].length;
  return {
    ...(titled > MAX_TITLE && {
      title: `${titled} characters, a draft takes ${MAX_TITLE} at most`,
    }),
    ...(written >= CONTENT_BELOW && {
      content: `${figures(written)} characters, a draft takes under ${figures(CONTENT_BELOW)}`,
    }),
  };
}

const figures = (count: number): string => count.toLocaleString('en-US');
