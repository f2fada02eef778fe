/** Sample campaigns: every message type to every kind of audience, from the files of `examples/`. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fillUploads, type NewCampaign, type UploadFile } from '../client/index.ts';

const EXAMPLES = join(import.meta.dirname, '../../examples');

type Audience = NewCampaign['audience'];
type Message = NewCampaign['message'];

export interface Followers {
  /** OpenIDs of followers, by their position. */
  slice(from: number, to: number): string[];
}

const MESSAGES = [
  'text',
  'image',
  'voice-mp3',
  'voice-amr',
  'video',
  'news-one',
  'news-eight',
] as const;
/** Of accounts that may send picture posts. */
const PICTURE_POST = 'newspic';
type Name = (typeof MESSAGES)[number] | typeof PICTURE_POST;

/** One more than two full batches: three batches, none of a single OpenID. */
const MANY = 25_001;

export async function sampleCampaigns(
  upload: UploadFile,
  followersOf: (account: string) => Followers,
  listId: string,
): Promise<NewCampaign[]> {
  const messages = {} as Record<Name, Message>;
  for (const name of [...MESSAGES, PICTURE_POST] as const)
    messages[name] = await exampleMessage(name, upload);
  const some = (account: string, count: number): Audience => ({
    type: 'openids',
    openids: followersOf(account).slice(0, count),
  });
  const group: Audience = { type: 'group', groupId: '2' };
  const tag: Audience = { type: 'tag', tagId: 2 };
  const everyone: Audience = { type: 'everyone' };
  const followers: Audience = { type: 'followers' };
  const sample = (account: string, name: Name, audience: Audience): NewCampaign => ({
    account,
    name: `${name} to ${nameOf(audience)}`,
    message: messages[name],
    audience,
  });
  return [
    ...MESSAGES.flatMap((name) => [
      sample('default', name, group),
      sample('default', name, tag),
      sample('default', name, everyone),
      sample('default', name, some('default', name === 'text' ? MANY : 3)),
    ]),
    sample('default', 'text', { type: 'list', listId }),
    sample('default', 'image', followers),
    sample('drafts', 'news-one', group),
    sample('drafts', 'news-one', everyone),
    sample('drafts', 'news-one', some('drafts', MANY)),
    sample('drafts', PICTURE_POST, tag),
    sample('plain', 'news-one', tag),
    sample('plain', 'text', some('plain', 1_000)),
    sample('daily', 'image', everyone),
  ];
}

function nameOf(audience: Audience): string {
  if (audience.type === 'list') return 'a streamed list';
  if (audience.type !== 'openids') return audience.type;
  return `${audience.openids.length.toLocaleString('en')} OpenIDs`;
}

/** Files are named by their path in `examples/`; each is uploaded to the producer. */
async function exampleMessage(name: string, upload: UploadFile): Promise<Message> {
  const text = readFileSync(join(EXAMPLES, `${name}.json`), 'utf8');
  const { message } = JSON.parse(text) as { message: Message };
  return fillUploads(message, { folder: EXAMPLES, upload });
}
