import { CAMPAIGN_OPTIONS, fillDraft, readDraft } from './campaign-input.ts';
import { type Command, flag, text } from './command.ts';
import { confirmWide } from './confirm-wide.ts';
import { EXIT } from './exit.ts';
import { waitFor } from './wait-for.ts';
import { audienceWords, number } from './words.ts';

const FILES = `A file (- is standard input) is a campaign as POST /v1/campaigns takes it. What it names by path, {"upload": "media/cover.jpg"}
and <img src="upload:media/picture.png">, is uploaded first; paths are relative to the file.
Options stand over what the file says.`;

export const send: Command = {
  name: 'send',
  summary: 'Enqueue a campaign and watch it to its end.',
  usage: ['<campaign.json>', '--text "…" --to <audience>'],
  details: FILES,
  options: {
    ...CAMPAIGN_OPTIONS,
    'idempotency-key': {
      type: 'string',
      value: 'key',
      help: 'same key, same campaign, however often it is sent',
    },
    repeat: { type: 'boolean', help: 'the same content as within the last 24 hours is meant' },
    yes: { type: 'boolean', short: 'y', help: 'do not ask before a send to every follower' },
    'no-wait': { type: 'boolean', help: 'end as soon as it is enqueued' },
  },
  async run(invocation) {
    const { client, values, lang, say, answer } = invocation;
    const draft = await readDraft(invocation);
    await confirmWide(draft.body, invocation);
    const body = await fillDraft(draft, client);
    const key = text(values, 'idempotency-key');
    const accepted = await client.campaigns.create(
      body,
      key === undefined ? {} : { idempotencyKey: key },
    );
    const { id, audience, account, sandbox } = accepted;
    if (flag(values, 'no-wait')) {
      answer(accepted);
      say(id);
      return EXIT.done;
    }
    say(
      lang === 'zh'
        ? `${id}  已提交：${account}，${audienceWords(audience, lang)}${sandbox ? '（沙箱）' : ''}`
        : `${id}  enqueued for ${audienceWords(audience, lang)} of ${account}${sandbox ? ' (sandbox)' : ''}`,
    );
    return waitFor(invocation, id);
  },
};

export const plan: Command = {
  name: 'plan',
  summary: 'What a campaign would cost and when it would end; nothing is sent.',
  usage: ['<campaign.json>', '--text "…" --to <audience>'],
  details: FILES,
  options: {
    ...CAMPAIGN_OPTIONS,
    'ask-wechat': { type: 'boolean', help: 'also ask WeChat what is left, at a call each' },
  },
  async run(invocation) {
    const { client, values, say, answer } = invocation;
    const body = await fillDraft(await readDraft(invocation), client);
    const found = await client.campaigns.plan(body, { askWechat: flag(values, 'ask-wechat') });
    answer(found);
    say(`account     ${found.account}`);
    say(`recipients  ${number(found.recipients)}`);
    say(`batches     ${number(found.batches)}`);
    for (const [path, calls] of Object.entries(found.calls)) {
      const quota = found.quota[path];
      const left = quota ? `; ${number(quota.left)} of ${number(quota.perDay)} are left today` : '';
      say(`calls       ${number(calls)} of ${path}${left}`);
    }
    say(`begins      ${found.begins}`);
    say(`ends        ${found.ends ?? 'unknown'}`);
    for (const { message } of found.advice) say(`  ${message}`);
    return found.fitsNotAfter === false ? EXIT.failed : EXIT.done;
  },
};
