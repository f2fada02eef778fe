/** What goes out, about as a follower sees it on a phone. */
import { Parser } from 'htmlparser2';
import { picturesIn, picturesOfOurs } from '../../../shared/campaign/article-pictures.ts';
import {
  type Article,
  imagesOf,
  type MediaRef,
  type Message,
} from '../../../shared/campaign/message.ts';
import { type Html, html } from '../html.ts';
import type { Words } from '../words.ts';

/** Of a draft of WeChat's box, as far as WeChat said it. */
export interface DraftArticle {
  readonly title: string;
  readonly author: string;
  readonly digest: string;
  readonly content: string;
}

interface Shown {
  readonly message: Message;
  /** Null where the message names a draft that cannot be read just now. */
  readonly draft?: readonly DraftArticle[] | null;
}

export function messagePart({ message, draft = null }: Shown, words: Words): Html {
  return html`<div class="phone">${contentOf(message, draft, words)}</div>`;
}

function contentOf(message: Message, draft: Shown['draft'], words: Words): Html {
  const { campaign: say } = words.screens;
  switch (message.type) {
    case 'text':
      return html`<p class="bubble">${message.content}</p>`;
    case 'image':
      return html`<div class="bubble">${imagesOf(message).map((one) => picture(one, words))}${
        'title' in message && message.title && html`<p><b>${message.title}</b></p>`
      }</div>`;
    case 'voice':
      return html`<div class="bubble">${player('audio', message.media, words)}</div>`;
    case 'video':
      return html`<div class="bubble">${player('video', message.media, words)}<p><b>${message.title}</b></p><p>${message.description}</p></div>`;
    case 'newspic':
      return html`<article class="article">${message.images.map((one) => picture(one, words))}
<h3>${message.title}</h3><p>${message.content}</p>${commentsOf(message, words)}</article>`;
    case 'news':
      if ('articles' in message) {
        return html`${message.articles.map((one, at) => articleCard(one, at, words))}${
          message.ignoreReprint && html`<p class="facts">${say.reprint}</p>`
        }`;
      }
      return html`<p class="facts">${say.draftOf} <code>${message.mediaId}</code></p>${
        draft
          ? draft.map((one) => draftCard(one, words))
          : html`<p class="warn">${say.draftUnread}</p>`
      }${message.ignoreReprint && html`<p class="facts">${say.reprint}</p>`}`;
  }
}

function picture(ref: MediaRef, words: Words, alt = words.screens.campaign.picture): Html {
  if ('mediaId' in ref) return atWechat(ref.mediaId, words);
  return html`<img src="/page/media/${ref.upload}" alt="${alt}" loading="lazy">`;
}

function player(kind: 'audio' | 'video', ref: MediaRef, words: Words): Html {
  if ('mediaId' in ref) return atWechat(ref.mediaId, words);
  const label = words.facts.types[kind === 'audio' ? 'voice' : 'video'];
  return kind === 'audio'
    ? html`<audio controls preload="none" src="/page/media/${ref.upload}" aria-label="${label}"></audio>`
    : html`<video controls preload="none" src="/page/media/${ref.upload}" aria-label="${label}"></video>`;
}

const atWechat = (mediaId: string, words: Words): Html =>
  html`<p class="facts">${words.screens.campaign.atWechat} <code>${mediaId}</code></p>`;

function articleCard(article: Article, at: number, words: Words): Html {
  const { campaign: say } = words.screens;
  const { thumb, title, author, digest, content, contentSourceUrl } = article;
  const ours = picturesOfOurs(content);
  return html`<article class="article${at === 0 && ' first'}">
${picture(thumb, words, say.cover)}
<h3>${title}</h3>
${author && html`<p class="facts">${author}</p>`}${digest && html`<p class="facts">${digest}</p>`}
${textFold(content, words)}
${ours.length > 0 && html`<p class="thumbs">${ours.map((upload) => picture({ upload }, words))}</p>`}
${contentSourceUrl && html`<p class="facts">${say.source}: ${contentSourceUrl}</p>`}
${commentsOf(article, words)}
</article>`;
}

const commentsOf = (
  { openComment, fansOnlyComment }: Pick<Article, 'openComment' | 'fansOnlyComment'>,
  { screens: { campaign: say } }: Words,
): Html =>
  html`${openComment && html`<p class="facts">${fansOnlyComment ? say.fansOnlyComment : say.openComment}</p>`}`;

const draftCard = ({ title, author, digest, content }: DraftArticle, words: Words): Html =>
  html`<article class="article"><h3>${title}</h3>${author && html`<p class="facts">${author}</p>`}${
    digest && html`<p class="facts">${digest}</p>`
  }${textFold(content, words)}</article>`;

function textFold(content: string, words: Words): Html {
  const { campaign: say } = words.screens;
  const pictures = picturesIn(content).length;
  return html`<details><summary>${say.articleText}</summary><div class="text">${textOf(content)
    .split('\n')
    .map(
      (line) => html`<p>${line}</p>`,
    )}</div>${pictures > 0 && html`<p class="facts">${say.pictures(pictures)}</p>`}</details>`;
}

const BLOCKS = /^(p|div|section|h[1-6]|li|br|tr|blockquote)$/;
const UNSEEN = /^(script|style)$/;

/** The text of HTML, a line a block: nothing of it can act here. */
function textOf(content: string): string {
  let text = '';
  let unseen = 0;
  const parser = new Parser({
    onopentagname(name) {
      if (BLOCKS.test(name)) text += '\n';
      if (UNSEEN.test(name)) unseen += 1;
    },
    ontext(piece) {
      if (unseen === 0) text += piece;
    },
    onclosetag(name) {
      if (BLOCKS.test(name)) text += '\n';
      if (UNSEEN.test(name)) unseen -= 1;
    },
  });
  parser.end(content);
  return text
    .replace(/[ \t]+/g, ' ')
    .replace(/\s*\n\s*/g, '\n')
    .trim();
}
