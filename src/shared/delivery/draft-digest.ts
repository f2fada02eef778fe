/**
 * What a draft of WeChat's console says, as a digest: until it is sent, whoever has the console may
 * change it, after it was approved, too.
 */
import { createHash } from 'node:crypto';
import type { Answer, WechatClient } from '../wechat/client.ts';
import { draftContent, readDraft } from '../wechat/news.ts';

/** @param articles as `readDraft` gave them. */
export const draftDigest = (articles: Parameters<typeof draftContent>[0]): string =>
  createHash('sha256')
    .update(JSON.stringify(draftContent(articles)))
    .digest('hex');

/** @returns null where the id is no draft's: articles of uploadnews cannot be changed. */
export async function readDraftDigest(
  client: WechatClient,
  mediaId: string,
): Promise<Answer<string | null>> {
  const draft = await readDraft(client, mediaId);
  if (draft.kind === 'ok') return { kind: 'ok', value: draftDigest(draft.value) };
  const isNone = draft.kind === 'refused' && draft.remedy.kind === 'new-media';
  return isNone ? { kind: 'ok', value: null } : draft;
}
