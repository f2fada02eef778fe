/** The files of a message: kept, made to fit where that is asked for, and held to WeChat's limits. */
import { type MediaEra, type MediaKind, mediaRefusals } from '../campaign/media-limits.ts';
import type { MediaRef } from '../campaign/message.ts';
import type { Flaw } from '../campaign/mistake.ts';
import type { MessageRequest } from '../contract/campaign-request.ts';
import type { MediaFile } from '../contract/media.ts';
import { fitPicture, fitRefusals } from '../media/fit-picture.ts';
import type { MediaStore } from '../record/media-store.ts';
import { kindForLimits, type MediaKindOf } from './media-kind.ts';

type MediaRefRequest = Extract<MessageRequest, { type: 'voice' }>['media'];

interface Dependencies {
  readonly media: MediaStore;
  readonly era: MediaEra;
  /** The files are kept until then at least. */
  readonly neededUntil: number;
  /** Takes a mistake; `path` as in the message. */
  readonly wrong: (path: string, flaw: Flaw) => void;
}

/** The file that goes up, and why it cannot. */
interface Used {
  readonly id: string;
  readonly flaws: readonly Flaw[];
}

interface Judging {
  readonly fit?: boolean;
  /** Where the id stands, if that is not the path itself. */
  readonly named?: string;
}

export function makeCheckMedia({ media, era, neededUntil, wrong }: Dependencies) {
  async function ref(path: string, asked: MediaRefRequest, kind: MediaKindOf): Promise<MediaRef> {
    if ('mediaId' in asked) return { mediaId: asked.mediaId };
    const upload = 'upload' in asked ? asked.upload : await keep(path, asked);
    if (upload === null) return { mediaId: '' };
    const fit = asked.fit === true;
    return { upload: await judge(path, upload, kind, { fit, named: `${path}.upload` }) };
  }

  async function refs(asked: readonly MediaRefRequest[], kind: MediaKindOf): Promise<MediaRef[]> {
    const found: MediaRef[] = [];
    for (const [at, one] of asked.entries()) found.push(await ref(`images.${at}`, one, kind));
    return found;
  }

  async function keep(
    path: string,
    { base64, filename }: Extract<MediaRefRequest, { base64: string }>,
  ): Promise<string | null> {
    if (!BASE64.test(base64)) {
      wrong(`${path}.base64`, { code: 'base64-malformed' });
      return null;
    }
    const kept = await media.put(Buffer.from(base64, 'base64'), filename ? { filename } : {});
    if (!('refused' in kept)) return kept.id;
    for (const reason of kept.refused) wrong(`${path}.base64`, reason);
    return null;
  }

  /** @returns the file that goes up: another one where it was made to fit. */
  async function judge(
    path: string,
    id: string,
    kind: MediaKindOf,
    { fit = false, named = path }: Judging = {},
  ): Promise<string> {
    const found = await use(id, kind, fit);
    for (const flaw of found.flaws) wrong(flaw.code === 'upload-gone' ? named : path, flaw);
    return found.id;
  }

  async function use(id: string, kind: MediaKindOf, fit: boolean): Promise<Used> {
    const file = await media.describe(id);
    if (!file) return { id, flaws: [{ code: 'upload-gone', upload: id }] };
    const as = kindForLimits(kind);
    const flaws = mediaRefusals(as, file, era);
    const isFitted = fit && flaws.length > 0 && file.type === 'image';
    const used = isFitted ? await fitted(file, as) : { id, flaws };
    await media.touch(used.id, { until: neededUntil });
    return used;
  }

  /** Once for all: the workers upload what was made here, and never another picture. */
  async function fitted(file: MediaFile, as: MediaKind): Promise<Used> {
    const { id, filename } = file;
    const refused = fitRefusals(file, as);
    const bytes = refused.length === 0 ? await media.read(id) : null;
    if (!bytes) return { id, flaws: refused };
    const made = await fitPicture(bytes, { as, era });
    if ('refused' in made) return { id, flaws: made.refused };
    const kept = await media.put(made.fitted, { filename });
    return 'refused' in kept ? { id, flaws: kept.refused } : { id: kept.id, flaws: [] };
  }

  /** Keeps what goes up alone, and not the picture that it was made of. */
  async function keepFitted(
    bytes: Uint8Array,
    kind: MediaKindOf,
  ): Promise<{ readonly id: string; readonly bytes: number } | null> {
    const made = await fitPicture(bytes, { as: kindForLimits(kind), era });
    const kept = 'refused' in made ? made : await media.put(made.fitted);
    if ('refused' in kept) return null;
    await media.touch(kept.id, { until: neededUntil });
    return kept;
  }

  return { ref, refs, judge, keepFitted };
}

/** Blanks belong to one part only: 16 MB of them must not be tried in every way. */
const BASE64 = /^[A-Za-z0-9+/\s]+(?:={1,2}\s*)?$/;
