import { judgeMedia, type MediaStore, type StoredMedia } from '../store/media-store.ts';

/** The media store, except that nothing new stays: for a campaign that is only looked at. */
export function unkeptMedia(media: MediaStore): MediaStore {
  const seen = new Map<string, StoredMedia>();
  return {
    ...media,
    async put(bytes, { filename } = {}) {
      const judged = judgeMedia(bytes, filename);
      if (!('refused' in judged)) seen.set(judged.id, judged);
      return judged;
    },
    describe: async (id) => seen.get(id) ?? (await media.describe(id)),
    touch: async () => true,
  };
}
