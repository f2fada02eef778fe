/** Campaigns of every kind, one after another, all different in what they say. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openIds } from '../support/open-ids.ts';
import { ACCOUNTS, type AccountName } from './chaos-world.ts';
import { withMark } from './mark-media.ts';
import { type Dice, dice } from './seeded.ts';

const MEDIA = join(import.meta.dirname, '../../examples/media');
const photo = readFileSync(join(MEDIA, 'photo.jpg'));
const cover = readFileSync(join(MEDIA, 'cover.jpg'));
const voice = readFileSync(join(MEDIA, 'voice.mp3'));
const clip = readFileSync(join(MEDIA, 'clip.mp4'));

export interface MediaFile {
  readonly bytes: Uint8Array;
  readonly filename: string;
}

export interface CampaignPlan {
  readonly name: string;
  readonly account: AccountName;
  /** How it is enqueued: over HTTP, or as a job put straight into Redis. */
  readonly way: 'http' | 'redis';
  /** As the API takes it, but for a list, whose OpenIDs come first. */
  readonly audience: object | { readonly type: 'list'; readonly openIds: readonly string[] };
  /** Whom the ledger must show, once each. */
  readonly recipients: number;
  /** Nothing of it may be called any more so long after it was enqueued; usually a day. */
  readonly endsAfterMs?: number;
  /** Files by the name that `message` has for them. */
  readonly files: Readonly<Record<string, MediaFile>>;
  message(uploads: Readonly<Record<string, string>>): object;
}

/** Shares of the followers, as the sandbox's groups and tags have them by default. */
const WHOLESALE: readonly {
  readonly audience: object;
  readonly share: readonly [number, number];
}[] = [
  { audience: { type: 'tag', tagId: 2 }, share: [0.4, 0.5] },
  { audience: { type: 'tag', tagId: 100 }, share: [0.05, 0.3] },
  { audience: { type: 'group', groupId: '2' }, share: [0.4, 0.5] },
  { audience: { type: 'everyone' }, share: [0, 1] },
  { audience: { type: 'followers' }, share: [0, 1] },
];

const everybody = openIds(25_000);

/** The n-th campaign of a seed is the same in every run. */
export function campaignPlan(seed: number, n: number): CampaignPlan {
  const chance = dice(seed, `campaign ${n}`);
  const name = `chaos-${seed}-${n}`;
  const account = chance.pick(ACCOUNTS);
  return {
    name,
    account: account.name,
    way: chance.chance(0.5) ? 'http' : 'redis',
    ...audienceOf(chance, account.followers),
    ...messageOf(chance, name),
    ...(chance.chance(0.1) ? { endsAfterMs: chance.between(10_000, 60_000) } : {}),
  };
}

function audienceOf(
  chance: Dice,
  followers: number,
): Pick<CampaignPlan, 'audience' | 'recipients'> {
  const kind = chance.weighted({ few: 40, many: 20, wholesale: 40 });
  if (kind === 'wholesale') {
    const { audience, share } = chance.pick(WHOLESALE);
    const [from, to] = share.map((part) => Math.floor(part * followers));
    return { audience, recipients: (to ?? 0) - (from ?? 0) };
  }
  const recipients = kind === 'few' ? chance.between(2, 60) : chance.between(10_001, 25_000);
  const from = chance.between(0, everybody.length - recipients);
  const some = everybody.slice(from, from + recipients);
  // Named twice, meant once.
  const named = [...some, ...some.slice(0, 3)];
  return kind === 'few'
    ? { audience: { type: 'openids', openids: named }, recipients }
    : { audience: { type: 'list', openIds: named }, recipients };
}

function messageOf(chance: Dice, name: string): Pick<CampaignPlan, 'files' | 'message'> {
  const type = chance.weighted({ text: 35, image: 15, voice: 10, video: 12, news: 28 });
  switch (type) {
    case 'text':
      return { files: {}, message: () => ({ type, content: `${name}: hello` }) };
    case 'image':
      return one(type, { bytes: withMark.jpg(photo, name), filename: 'photo.jpg' });
    case 'voice':
      return one(type, { bytes: withMark.mp3(voice, name), filename: 'voice.mp3' });
    case 'video':
      return one(
        type,
        { bytes: withMark.mp4(clip, name), filename: 'clip.mp4' },
        {
          title: name,
          description: 'chaos',
        },
      );
    case 'news':
      return newsOf(chance, name);
  }
}

const one = (
  type: string,
  file: MediaFile,
  more: object = {},
): Pick<CampaignPlan, 'files' | 'message'> => ({
  files: { file },
  message: ({ file: upload }) => ({ type, media: { upload }, ...more }),
});

/** The covers are the same for all: what one campaign has brought there, another one reuses. */
function newsOf(chance: Dice, name: string): Pick<CampaignPlan, 'files' | 'message'> {
  const articles = chance.between(1, 3);
  const withPicture = chance.chance(0.5);
  return {
    files: {
      cover: { bytes: cover, filename: 'cover.jpg' },
      ...(withPicture
        ? { picture: { bytes: withMark.jpg(photo, 'picture'), filename: 'photo.jpg' } }
        : {}),
    },
    message: (uploads) => ({
      type: 'news',
      articles: Array.from({ length: articles }, (_, at) => ({
        thumb: { upload: uploads.cover },
        title: `${name} ${at + 1}`,
        content: `<p>${name}</p>${withPicture ? `<img src="upload:${uploads.picture}">` : ''}`,
      })),
    }),
  };
}
