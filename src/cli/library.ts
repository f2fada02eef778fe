/** Files and lists that campaigns refer to. */
import { Readable } from 'node:stream';
import type { AudienceDetails, AudienceFormat, MediaFile } from '../client/index.ts';
import { type Command, count, onlyArg, text, UsageError, type Values } from './command.ts';
import { EXIT } from './exit.ts';
import { columns, number } from './words.ts';

export const media: Command = {
  name: 'media',
  summary: 'Upload files once, to use them in many campaigns.',
  usage: ['<file>…', 'list', 'show <m_…>'],
  options: { limit: { type: 'string', value: 'n', help: 'with list: how many at most; 20' } },
  async run(invocation) {
    const { client, args, values, say, answer } = invocation;
    const [first, ...rest] = args;
    if (first === undefined) throw new UsageError('a file, list, or show with an id');
    if (first === 'show') {
      const found = await client.media.get(onlyArg({ args: rest }, 'id'));
      answer(found);
      say(mediaLine(found));
      for (const { account, kind, expiresAt } of found.atWechat) {
        say(
          `  at WeChat for ${account} as ${kind}, ${expiresAt ? `until ${expiresAt}` : 'for good'}`,
        );
      }
      return EXIT.done;
    }
    const found: MediaFile[] = [];
    if (first === 'list') {
      const most = count(values, 'limit', 100_000) ?? 20;
      for await (const file of client.media.list({ limit: Math.min(most, 100) })) {
        found.push(file);
        if (found.length === most) break;
      }
    } else {
      for (const path of args) found.push(await client.media.upload(path));
    }
    answer(found);
    for (const file of found) say(mediaLine(file));
    return EXIT.done;
  },
};

const mediaLine = ({ id, type, format, bytes, filename }: MediaFile): string =>
  `${id}  ${type} (${format}), ${number(bytes)} bytes, ${filename}`;

export const audience: Command = {
  name: 'audience',
  summary: 'Stream a list of OpenIDs in, of any size.',
  usage: ['<file | ->', 'list', 'show <a_…>'],
  details: `A file is text (an OpenID a line), CSV or NDJSON, told by its extension, gzip or not; - is standard input.
Duplicates and what is no OpenID are dropped and counted.`,
  options: {
    format: { type: 'string', value: 'format', help: 'text, csv or ndjson' },
    column: { type: 'string', value: 'name', help: 'the CSV column or NDJSON field; openid' },
    account: { type: 'string', value: 'name', help: 'OpenIDs are of one account' },
    name: { type: 'string', value: 'words', help: 'what people call it' },
    exclude: { type: 'string', multiple: true, value: 'a_…', help: 'whoever is on it is left out' },
    limit: { type: 'string', value: 'n', help: 'with list: how many at most; 20' },
  },
  async run({ client, args, values, terminal, json, say, answer }) {
    const source = args[0];
    if (source === undefined) throw new UsageError('a file, - for standard input, list, or show');
    if (source === 'show') {
      const found = await client.audiences.get(onlyArg({ args: args.slice(1) }, 'id'));
      answer(found);
      say(audienceLine(found));
      return EXIT.done;
    }
    onlyArg({ args }, 'list');
    if (source === 'list') {
      const most = count(values, 'limit', 100_000) ?? 20;
      const found: AudienceDetails[] = [];
      for await (const one of client.audiences.list({ limit: Math.min(most, 100) })) {
        found.push(one);
        if (found.length === most) break;
      }
      answer(found);
      for (const line of columns(found.map((one) => audienceLine(one).split('  ')))) say(line);
      return EXIT.done;
    }
    const counter = json || !terminal.stderr.isTTY ? undefined : terminal.stderr;
    const stdin = Readable.from(terminal.stdin) as AsyncIterable<Uint8Array>;
    const added = await client.audiences.upload(source === '-' ? stdin : source, {
      ...optionsOf(values, source === '-'),
      ...(counter
        ? { onProgress: (bytes) => counter.write(`\r${number(bytes)} bytes handed over `) }
        : {}),
    });
    counter?.write('\n');
    answer(added);
    say(audienceLine(added));
    return EXIT.done;
  },
};

function optionsOf(values: Values, isStream: boolean) {
  const account = text(values, 'account');
  const column = text(values, 'column');
  const name = text(values, 'name');
  const format = text(values, 'format') ?? (isStream ? 'text' : undefined);
  if (format !== undefined && !isFormat(format)) {
    throw new UsageError('--format: text, csv or ndjson');
  }
  return {
    ...(account === undefined ? {} : { account }),
    ...(column === undefined ? {} : { column }),
    ...(name === undefined ? {} : { name }),
    ...(format === undefined ? {} : { format }),
    ...(Array.isArray(values.exclude) ? { exclude: values.exclude.map(String) } : {}),
  };
}

const isFormat = (word: string): word is AudienceFormat => ['text', 'csv', 'ndjson'].includes(word);

const audienceLine = (list: AudienceDetails): string =>
  `${list.id}  ${number(list.recipients)} recipients  of ${number(list.received)} received: ${number(list.duplicates)} duplicates, ${number(list.invalid)} invalid, ${number(list.suppressed)} left out${list.name ? `  ${list.name}` : ''}`;
