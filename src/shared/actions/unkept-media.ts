import type { MediaFile } from '../contract/media.ts';
import { judgeMedia, type MediaStore } from '../record/media-store.ts';

/** The media store, except that what a request brings stays only once `keep` is called. */
export function unkeptMedia(media: MediaStore): MediaStore & { keep(): Promise<void> } {
  const seen = new Map<string, { facts: MediaFile; bytes: Uint8Array }>();
  const unkept: (() => Promise<unknown>)[] = [];
  return {
    ...media,
    async put(bytes, options) {
      const judged = judgeMedia(bytes, options?.filename);
      if ('refused' in judged) return judged;
      seen.set(judged.id, { facts: judged, bytes });
      unkept.push(() => media.put(bytes, options));
      return judged;
    },
    describe: async (id) => seen.get(id)?.facts ?? (await media.describe(id)),
    read: async (id) => seen.get(id)?.bytes ?? (await media.read(id)),
    async touch(id, options) {
      unkept.push(() => media.touch(id, options));
      return true;
    },
    async keep() {
      for (const one of unkept) await one();
    },
  };
}
