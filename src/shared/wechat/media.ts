import { z } from 'zod';
import type { Answer, UploadFile, WechatClient } from './client.ts';
import { MediaId } from './read-answer.ts';

export type MediaKind = 'image' | 'voice' | 'video' | 'thumb';

/** A thumb comes back as `thumb_media_id`, everything else as `media_id`. */
export const CreatedMedia = z
  .union([z.object({ media_id: MediaId }), z.object({ thumb_media_id: MediaId })])
  .transform((body) => ({
    mediaId: 'media_id' in body ? body.media_id : body.thumb_media_id,
  }));

/**
 * Uploads a temporary file, good for 3 days and for this account only. Repeating it is harmless: it
 * makes another id.
 */
export function uploadMedia(
  client: WechatClient,
  { kind, ...file }: UploadFile & { readonly kind: MediaKind },
): Promise<Answer<{ mediaId: string }>> {
  const options = { query: { type: kind }, answer: CreatedMedia };
  return client.upload('/cgi-bin/media/upload', file, options);
}

/** Uploads a picture for use inside an article's content: JPG or PNG below 1 MB, no known end. */
export function uploadArticlePicture(
  client: WechatClient,
  file: UploadFile,
): Promise<Answer<{ url: string }>> {
  const answer = z.object({ url: z.string().min(1) });
  return client.upload('/cgi-bin/media/uploadimg', file, { answer });
}

/**
 * Makes a temporary video fit for a mass send. Its texts are what followers see; a send to a group
 * cannot give others. An id from the permanent library is refused (40007).
 */
export function uploadVideoForMass(
  client: WechatClient,
  video: { readonly mediaId: string; readonly title: string; readonly description: string },
): Promise<Answer<{ mediaId: string }>> {
  const { mediaId: media_id, title, description } = video;
  const body = { media_id, title, description };
  return client.post('/cgi-bin/media/uploadvideo', body, { answer: CreatedMedia });
}

const Material = z
  .object({ media_id: MediaId, url: z.string().optional() })
  .transform(({ media_id, url }) => ({ mediaId: media_id, ...(url && { url }) }));

/**
 * Adds a file to the account's permanent library, which holds 100,000 pictures and 1,000 of each
 * other kind. `url` comes with pictures only.
 */
export function addMaterial(
  client: WechatClient,
  material: UploadFile & {
    readonly kind: MediaKind;
    /** Both for videos only. */
    readonly title?: string | undefined;
    readonly description?: string | undefined;
  },
): Promise<Answer<{ mediaId: string; url?: string }>> {
  const { kind, title = '', description = '', ...file } = material;
  const texts = { description: JSON.stringify({ title, introduction: description }) };
  return client.upload('/cgi-bin/material/add_material', file, {
    query: { type: kind },
    ...(kind === 'video' && { fields: texts }),
    answer: Material,
  });
}
