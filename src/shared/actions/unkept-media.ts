import { judgeMedia, type MediaStore, type StoredMedia } from '../record/media-store.ts';

/** The media store, except that what a request brings stays only once `keep` is called. */
export function unkeptMedia(media: MediaStore): MediaStore & { keep(): Promise<void> } {
  const seen = new Map<string, StoredMedia>();
  const unkept: (() => Promise<unknown>)[] = [];
  return {
    ...media,
    async put(bytes, options) {
      const judged = judgeMedia(bytes, options?.filename);
      if ('refused' in judged) return judged;
      seen.set(judged.id, judged);
      unkept.push(() => media.put(bytes, options));
      return judged;
    },
    describe: async (id) => seen.get(id) ?? (await media.describe(id)),
    async touch(id, options) {
      unkept.push(() => media.touch(id, options));
      return true;
    },
    async keep() {
      for (const one of unkept) await one();
    },
  };
}
