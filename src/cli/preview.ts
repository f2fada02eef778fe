import { fillUploads, type NewPreview, type PreviewTo } from '../client/index.ts';
import { CAMPAIGN_OPTIONS, readDraft } from './campaign-input.ts';
import { type Command, flag, UsageError, type Values } from './command.ts';
import { EXIT } from './exit.ts';
import { number } from './words.ts';

export const preview: Command = {
  name: 'preview',
  summary: 'Show a message to a few people before everybody gets it.',
  usage: ['<campaign.json> --to openid:…', '--text "…" --to wechat:…'],
  details: 'Of the file only its message, and its account, are used. WeChat allows 100 a day.',
  options: {
    to: {
      type: 'string',
      multiple: true,
      value: 'person',
      help: 'openid:… or wechat:… (a WeChat ID); at most 10, said one by one',
    },
    ...pick('text', 'account'),
    'spend-last': { type: 'boolean', help: 'use the day’s last uploadnews for it' },
  },
  async run({ client, args, values, terminal, say, answer }) {
    const to = recipients(values);
    // Who gets it is said by --to; an audience of the file is left alone.
    const { body, folder } = await readDraft({
      args,
      values: { ...values, to: 'everyone' },
      terminal,
    });
    const { message, account } = body;
    const request: NewPreview = {
      ...(account === undefined ? {} : { account }),
      message: await fillUploads(message, {
        folder,
        upload: async (bytes, filename) => (await client.media.upload(bytes, { filename })).id,
      }),
      to,
      ...(flag(values, 'spend-last') ? { spendLast: true } : {}),
    };
    const report = await client.previews.send(request);
    answer(report);
    for (const result of report.results) {
      const who = 'openid' in result.to ? result.to.openid : result.to.wechatId;
      say(`${who}  ${result.outcome}${result.meaning ? `: ${result.meaning}` : ''}`);
    }
    say(`${number(report.quota.left)} of ${number(report.quota.perDay)} previews are left today`);
    return report.sent === to.length ? EXIT.done : EXIT.failed;
  },
};

function pick(...names: string[]) {
  return Object.fromEntries(
    Object.entries(CAMPAIGN_OPTIONS).filter(([name]) => names.includes(name)),
  );
}

function recipients({ to }: Values): PreviewTo[] {
  const given = Array.isArray(to) ? to.map(String) : [];
  if (given.length === 0) throw new UsageError('--to: openid:… or wechat:…');
  return given.map((one): PreviewTo => {
    const [, kind, who = ''] = /^(openid|wechat):(.+)$/.exec(one) ?? [];
    if (kind === 'openid') return { openid: who };
    if (kind === 'wechat') return { wechatId: who };
    throw new UsageError(`--to ${one}: openid:… or wechat:…`);
  });
}
