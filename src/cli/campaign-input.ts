/** A campaign from a command line: a JSON file, or flags, or a file with flags over it. */
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { text as allOf } from 'node:stream/consumers';
import { type Client, fillUploads, type NewCampaign } from '../client/index.ts';
import { problemWords } from '../shared/contract/problem-words.ts';
import { readJsonText } from '../shared/platform/json-text.ts';
import { type Invocation, type Option, text, UsageError, type Values } from './command.ts';

type Audience = NewCampaign['audience'];

export const CAMPAIGN_OPTIONS: Readonly<Record<string, Option>> = {
  text: { type: 'string', value: 'words', help: 'a text message' },
  to: {
    type: 'string',
    value: 'audience',
    help: 'group:2, tag:2, everyone, followers, list:a_…, or openids:file (text, CSV, NDJSON, JSON)',
  },
  account: { type: 'string', value: 'name', help: 'needed where more than one is configured' },
  name: { type: 'string', value: 'words', help: 'what people call it' },
  'send-at': { type: 'string', value: 'time', help: 'such as 2026-12-01T09:00:00+08:00; now' },
  'not-after': {
    type: 'string',
    value: 'time',
    help: 'no call that could send after it; a day on',
  },
  priority: { type: 'string', value: '1-9', help: '1 goes first within the account; 5' },
  exclude: {
    type: 'string',
    multiple: true,
    value: 'a_…',
    help: 'whoever is on this list gets nothing; may be said again',
  },
  webhook: { type: 'string', value: 'url', help: 'told when it ends' },
};

/** What a file or flags said; media and OpenIDs are still files. */
export interface Draft {
  readonly body: NewCampaign;
  /** Paths inside the body are relative to it. */
  readonly folder: string;
}

type Draftable = Pick<Invocation, 'args' | 'values' | 'terminal'>;

const STDIN = '-';

/** @throws {UsageError} there is no campaign in it; {Error} the file cannot be read. */
export async function readDraft({ args, values, terminal }: Draftable): Promise<Draft> {
  const [path, ...more] = args;
  if (more.length > 0) throw new UsageError(`one file, not also ${more.join(' ')}`);
  const said = text(values, 'text');
  const to = text(values, 'to');
  if (path === undefined && (said === undefined || to === undefined)) {
    throw new UsageError('a campaign is a JSON file, or --text with --to');
  }
  const file = path === undefined ? {} : await readJson(path, terminal.stdin);
  const body = {
    ...file,
    ...(said === undefined ? {} : { message: { type: 'text', content: said } }),
    ...(to === undefined ? {} : { audience: audienceOf(to) }),
    ...fields(values),
  } as NewCampaign;
  const isFile = path !== undefined && path !== STDIN;
  return { body, folder: isFile ? dirname(resolve(path)) : process.cwd() };
}

async function readJson(path: string, stdin: NodeJS.ReadableStream): Promise<object> {
  const content = path === STDIN ? await allOf(stdin) : await readFile(path, 'utf8');
  const read = readJsonText(content.replace(/^\uFEFF/, ''));
  if ('flaw' in read) throw new UsageError(`${path}: ${problemWords(read.flaw, 'en')}`);
  const parsed = read.value;
  if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return parsed;
  throw new UsageError(`${path} is not a campaign: it must be a JSON object`);
}

function fields(values: Values): Record<string, unknown> {
  const given: Record<string, unknown> = {};
  const names = { account: 'account', name: 'name', 'send-at': 'sendAt', 'not-after': 'notAfter' };
  for (const [option, field] of Object.entries(names)) {
    const value = text(values, option);
    if (value !== undefined) given[field] = value;
  }
  const webhook = text(values, 'webhook');
  if (webhook !== undefined) given.webhook = { url: webhook };
  const priority = text(values, 'priority');
  if (priority !== undefined) given.priority = Number(priority);
  if (Array.isArray(values.exclude)) given.exclude = values.exclude;
  if (values.repeat === true) given.repeat = true;
  return given;
}

/** An OpenIDs file stays a path until it is known that the campaign is really to go. */
const OPENIDS_FILE = 'openids-file';

function audienceOf(to: string): Audience | { type: typeof OPENIDS_FILE; path: string } {
  const [type = '', value = ''] = splitOnce(to);
  if (type === 'everyone' && value === '') return { type };
  if (type === 'followers' && value === '') return { type };
  if (type === 'group' && value !== '') return { type, groupId: value };
  if (type === 'tag' && /^\d+$/.test(value)) return { type, tagId: Number(value) };
  if (type === 'list' && value !== '') return { type, listId: value };
  if (type === 'openids' && value !== '') return { type: OPENIDS_FILE, path: value };
  throw new UsageError(
    `--to ${to}: one of group:2, tag:2, everyone, followers, list:a_…, openids:file`,
  );
}

const splitOnce = (words: string): [string, string] => {
  const colon = words.indexOf(':');
  return colon < 0 ? [words, ''] : [words.slice(0, colon), words.slice(colon + 1)];
};

/** Uploads what is named by path. */
export async function fillDraft({ body, folder }: Draft, client: Client): Promise<NewCampaign> {
  const filled = await fillUploads(body, {
    folder,
    upload: async (bytes, filename) => (await client.media.upload(bytes, { filename })).id,
  });
  const audience = filled.audience as Audience | { type: typeof OPENIDS_FILE; path: string };
  if (audience?.type !== OPENIDS_FILE) return filled;
  return { ...filled, audience: await fromFile(audience.path, filled.account, client) };
}

async function fromFile(
  path: string,
  account: string | undefined,
  client: Client,
): Promise<Audience> {
  const list = await client.audiences.upload(path, account === undefined ? {} : { account });
  return { type: 'list', listId: list.id };
}
