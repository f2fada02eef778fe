/**
 * What one campaign needs at WeChat, thing by thing: a file as one kind, the articles, one batch's
 * draft. Each has a generation of its own, so that one refusal or loss concerns one thing. Pure.
 */

import { MINUTE } from '../platform/time.ts';
import type { Failure } from './failure.ts';
import {
  copiesDraft,
  type Message,
  needsNews,
  type Upload,
  type UploadRoute,
  uploadsOf,
} from './message.ts';

/** Same key, same thing at WeChat: a file as one kind, or articles. */
export interface MaterialKey {
  readonly kind: Upload['kind'] | 'news';
  /** Of the bytes that go to WeChat, so a fitted cover has its own; of the body, for articles. */
  readonly sha256: string;
  /** Of what followers read with it (an mpvideo's title and description), hex. */
  readonly textDigest?: string;
}

/** What WeChat gave for it: an id, or the address of a picture inside articles. */
export interface WechatCopy {
  readonly mediaId?: string;
  readonly url?: string;
  /** Null where WeChat keeps it for good. */
  readonly expiresAt: number | null;
  /** Under which the material store shares it with other campaigns. */
  readonly shared?: MaterialKey;
}

export interface Item {
  /** Part of its job's id: a job that has ended does not run again, so asking again takes another. */
  readonly generation: number;
  readonly copy?: WechatCopy;
  /** Why WeChat, or we, refused this generation for good. */
  readonly failure?: Failure;
  /** Refused in a row. */
  readonly refusals: number;
  /** Copies that WeChat did not know any more, since it was last asked for by an operator. */
  readonly losses: number;
}

export type Items = Readonly<Record<string, Item>>;

export const NEW_ITEM: Item = { generation: 0, refusals: 0, losses: 0 };

/** Something that one job brings to WeChat, by the name of its item. */
export interface Thing {
  readonly name: string;
  /** Of an upload of the message. */
  readonly n?: number;
  /** Whose draft it is. */
  readonly batchNo?: number;
}

/** The articles that all batches go out under. */
export const NEWS: Thing = { name: 'news' };
export const draftOf = (batchNo: number): Thing => ({ name: `draft-${batchNo}`, batchNo });
export const fileThing = ({ kind, n }: Pick<Upload, 'kind' | 'n'>): Thing => ({
  name: `${kind}-${n}`,
  n,
});

/** After this many refusals in a row the batches that follow do not ask WeChat again. */
const MOST_REFUSALS = 3;
/** A batch's own draft is made again this often before the batch is refused. */
const MOST_DRAFT_LOSSES = 3;
/** What expires within this is made again before a call is spent on it. */
const MARGIN = 10 * MINUTE;

export const copyOf = (item: Item | undefined, now: number): WechatCopy | undefined =>
  item?.copy && (item.copy.expiresAt === null || item.copy.expiresAt > now + MARGIN)
    ? item.copy
    : undefined;

/** Its job of this generation has uploaded it. */
export const noteCopy = (item: Item, generation: number, copy: WechatCopy): Item =>
  item.generation === generation ? { generation, copy, refusals: 0, losses: item.losses } : item;

/** WeChat refused what the job of this generation asked for. */
export const fail = (item: Item, generation: number, failure: Failure): Item =>
  item.generation === generation
    ? { generation, failure, refusals: item.refusals + 1, losses: item.losses }
    : item;

/** To be made anew: too old, or its job ended without making it. */
export const nextGeneration = ({ generation, refusals, losses }: Item): Item => ({
  generation: generation + 1,
  refusals,
  losses,
});

/** One batch was refused for this failure; the next one may ask WeChat again. */
export const takeFailure = (item: Item): Item =>
  item.failure && item.refusals < MOST_REFUSALS ? nextGeneration(item) : item;

/** An operator asks for it once more. */
export const askAgain = (item: Item): Item =>
  item.failure || item.losses > 0
    ? { ...(item.failure ? nextGeneration(item) : item), refusals: 0, losses: 0 }
    : item;

/**
 * WeChat does not know this copy (40007): another one is made, unless that has happened too often.
 * A file may be good for a few sends only (WeChat's page says ten), so one more for each batch that
 * was accepted. Unchanged where the copy is another one by now.
 */
export function lose(
  item: Item,
  id: string,
  { thing, accepted }: { readonly thing: Thing; readonly accepted: number },
): Item | 'too-often' {
  if (item.copy?.mediaId !== id && item.copy?.url !== id) return item;
  const most = thing.batchNo === undefined ? 1 + accepted : MOST_DRAFT_LOSSES;
  if (item.losses >= most) return 'too-often';
  return { ...nextGeneration(item), losses: item.losses + 1 };
}

/** The files of a message. */
export const filesOf = (message: Message, route: UploadRoute): Thing[] =>
  uploadsOf(message, route).map(fileThing);

/** What must be there before batches are laid out: a batch's draft is made just before it goes. */
export const beforeBatches = (message: Message, route: UploadRoute): Thing[] =>
  needsNews(message) && route.newsBy === 'uploadnews' ? [NEWS] : filesOf(message, route);

/** The articles of one batch, where their id is made for it. */
export function newsOf(
  message: Message,
  { newsBy }: UploadRoute,
  { no, of }: { readonly no: number; readonly of: number },
): Thing | null {
  if (copiesDraft(message, of)) return draftOf(no);
  if (!needsNews(message)) return null;
  return newsBy === 'draft' ? draftOf(no) : NEWS;
}
