/** The commands for files and lists that campaigns refer to. */
import { Readable } from 'node:stream';
import type { AudienceDetails, AudienceFormat, MediaFile } from '../client/index.ts';
import {
  type Command,
  firstOf,
  given,
  type Invocation,
  onlyArg,
  text,
  UsageError,
} from './command.ts';
import { localTime, number, type Screen, table } from './screen.ts';

const rest = ({ args, t }: Invocation) => ({ args: args.slice(1), t });

export const media: Command = {
  name: 'media',
  usage: ['<file>…', 'list', 'show <m_…>'],
  examples: ['media cover.jpg voice.mp3'],
  options: ['limit'],
  async run(invocation) {
    const { client, args, t } = invocation;
    if (args[0] === undefined) throw new UsageError(t.usage.missing(t.things.file));
    if (args[0] === 'show') {
      const found = await client.media.get(onlyArg(rest(invocation), 'id'));
      const copies = found.atWechat.map(({ account, kind, expiresAt }) =>
        t.media.atWechat(account, kind, expiresAt === null ? undefined : localTime(expiresAt)),
      );
      return {
        answer: found,
        lines: [...mediaLines([found], invocation), ...copies.map((copy) => `  ${copy}`)],
      };
    }
    const found: MediaFile[] = [];
    if (args[0] === 'list') found.push(...(await firstOf(invocation, client.media.list)));
    else for (const path of args) found.push(await client.media.upload(path));
    return { answer: found, lines: mediaLines(found, invocation) };
  },
};

const mediaLines = (files: readonly MediaFile[], screen: Screen): string[] =>
  table(
    files.map(({ id, type, format, bytes, filename }) => [
      id,
      screen.t.media.line(type, format, number(bytes, screen.t)),
      filename,
    ]),
    screen,
  );

const FORMATS: readonly AudienceFormat[] = ['text', 'csv', 'ndjson', 'json'];

export const audience: Command = {
  name: 'audience',
  usage: ['<file | ->', 'list', 'show <a_…>'],
  examples: ['audience crm.csv --column openid --account default', 'audience - < openids.txt'],
  options: ['format', 'column', 'account', 'name', 'exclude', 'limit'],
  async run(invocation) {
    const { client, args } = invocation;
    if (args[0] === 'show') {
      const found = await client.audiences.get(onlyArg(rest(invocation), 'id'));
      return { answer: found, lines: audienceLines([found], invocation) };
    }
    const source = onlyArg(invocation, 'file');
    if (source === 'list') {
      const found = await firstOf(invocation, client.audiences.list);
      return { answer: found, lines: audienceLines(found, invocation) };
    }
    const added = await upload(source, invocation);
    return { answer: added, lines: audienceLines([added], invocation) };
  },
};

async function upload(source: string, { client, values, terminal, json, t }: Invocation) {
  const { stdin, stderr } = terminal;
  const format = FORMATS.find((one) => one === (text(values, 'format') ?? ''));
  if (values.format && !format) throw new UsageError(t.usage.oneOf('format', FORMATS.join(', ')));
  const isStream = source === '-';
  const isShown = stderr.isTTY && !json;
  const added = await client.audiences.upload(
    isStream ? (Readable.from(stdin) as AsyncIterable<Uint8Array>) : source,
    {
      ...given(values, { account: 'account', column: 'column', name: 'name' }),
      ...(values.exclude ? { exclude: values.exclude } : {}),
      ...(format ? { format } : isStream ? { format: 'text' } : {}),
      ...(isShown
        ? { onProgress: (bytes) => stderr.write(`\r${t.list.progress(number(bytes, t))}`) }
        : {}),
    },
  );
  if (isShown) stderr.write('\n');
  return added;
}

const audienceLines = (lists: readonly AudienceDetails[], screen: Screen): string[] =>
  table(
    lists.map((list) => [
      list.id,
      screen.t.list.recipients(number(list.recipients, screen.t)),
      screen.t.list.received(list),
      list.name ?? '',
    ]),
    screen,
  );
