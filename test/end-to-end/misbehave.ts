/** What strangers, careless callers and other systems send: secrets and OpenIDs where none belong. */
import { createHash } from 'node:crypto';
import type { World } from '../support/all-roles.ts';
import { ACCOUNTS, aText, BOARD, follower, KEYS, WRONG_KEY } from './troubled-run.ts';

export async function misbehave(
  world: World,
  campaigns: ReadonlyMap<string, string>,
): Promise<void> {
  const openId = follower(world, 'default');
  const [first = ''] = campaigns.values();
  const steps = ['pause', 'resume', 'cancel', 'approve', 'retry', 'recall'];
  for (const step of steps) await world.api('POST', `/v1/campaigns/${first}/${step}`);
  const twice = campaigns.get('taken twice');
  for (const body of [
    { as: openId },
    { as: 'sent', msgId: openId },
    { as: 'not-sent', note: 'x' },
  ]) {
    await world.api('POST', `/v1/campaigns/${twice}/batches/1/resolve`, body);
  }
  const bodies: unknown[] = [
    openId,
    [openId],
    { [openId]: openId },
    { ...aText(world, 'default'), [openId]: openId },
    { ...aText(world, 'default'), account: openId },
    { ...aText(world, 'default'), account: ACCOUNTS[0]?.appSecret },
    { ...aText(world, 'default'), audience: { type: openId } },
    { ...aText(world, 'default'), audience: { type: 'openids', openids: openId } },
    { ...aText(world, 'default'), audience: { type: 'openids', openids: [openId] } },
    { ...aText(world, 'default'), audience: { type: 'openids', openids: [{ [openId]: 1 }] } },
    {
      ...aText(world, 'default'),
      audience: { type: 'openids', openids: [`${openId}\n`, `x${openId}!`] },
    },
    { ...aText(world, 'default'), audience: { type: 'list', listId: openId } },
    { ...aText(world, 'default'), audience: { type: 'group', groupId: openId } },
    { ...aText(world, 'default'), audience: { type: 'everyone', openids: [openId] } },
    { ...aText(world, 'default'), message: { type: openId, touser: openId } },
    { ...aText(world, 'default'), message: { type: 'image', media: { upload: openId } } },
    { ...aText(world, 'default'), sendAt: openId, notAfter: openId, exclude: [openId] },
    { ...aText(world, 'default'), webhook: { url: openId } },
    { ...aText(world, 'default'), webhook: { url: `http://${openId}:${WRONG_KEY}@127.0.0.1:1/x` } },
  ];
  for (const body of bodies) {
    await world.api('POST', '/v1/campaigns', body);
    await world.api('POST', '/v1/campaigns/plan', body);
  }
  for (const to of [[{ openid: openId }], [{ wechatId: openId }], openId, [{ [openId]: 1 }]]) {
    const { message } = aText(world, 'default');
    for (const account of ['default', 'wrong-secret', openId]) {
      await world.api('POST', '/v1/previews', { account, message, to });
    }
  }
  const asText = { 'content-type': 'text/plain', authorization: `Bearer ${KEYS[0]}` };
  const producer = world.producerUrl;
  for (const query of [
    '',
    `?account=${openId}`,
    `?format=${openId}`,
    `?column=${openId}`,
    '?format=csv',
    '?format=ndjson',
  ]) {
    await world.ask(`${producer}/v1/audiences${query}`, {
      method: 'POST',
      headers: asText,
      body: `"${openId}`,
    });
  }
  await world.ask(`${producer}/v1/campaigns`, {
    method: 'POST',
    headers: { ...asText, 'content-type': 'application/json' },
    body: `{"openids": ["${openId}", `,
  });
  await world.ask(`${producer}/v1/receipts?account=default`, {
    method: 'POST',
    headers: { ...asText, 'content-type': 'text/xml' },
    body: anEvent(world, 'default', '999'),
  });
  for (const authorization of [
    '',
    `Bearer ${WRONG_KEY}`,
    `Basic ${Buffer.from(`${BOARD.user}:${WRONG_KEY}`).toString('base64')}`,
    WRONG_KEY,
  ]) {
    for (const path of [
      `/v1/campaigns?key=${WRONG_KEY}&access_token=${KEYS[0]}`,
      `/v1/nothing?openid=${openId}`,
      `/board/api/queues?password=${WRONG_KEY}`,
      `/?password=${WRONG_KEY}`,
    ]) {
      await world.ask(`${producer}${path}`, { headers: { authorization } });
    }
  }
  await pushNonsense(world, openId);
}

const anEvent = (world: World, account: string, msgId: string): string =>
  `<xml><ToUserName><![CDATA[${ACCOUNTS.find(({ name }) => name === account)?.originalId}]]></ToUserName><FromUserName><![CDATA[${follower(world, account)}]]></FromUserName><CreateTime>${Math.floor(Date.now() / 1_000)}</CreateTime><MsgType><![CDATA[event]]></MsgType><Event><![CDATA[MASSSENDJOBFINISH]]></Event><MsgID>${msgId}</MsgID><Status><![CDATA[send success]]></Status><TotalCount>9</TotalCount></xml>`;

async function pushNonsense(world: World, openId: string): Promise<void> {
  const { callbackToken = '' } = ACCOUNTS.find(({ name }) => name === 'plain') ?? {};
  const timestamp = String(Math.floor(Date.now() / 1_000));
  const nonce = '4711';
  const digest = createHash('sha1').update([callbackToken, timestamp, nonce].sort().join(''));
  const signed = { signature: digest.digest('hex'), timestamp, nonce, openid: openId };
  const wrong = { ...signed, signature: 'a'.repeat(40) };
  const text = anEvent(world, 'plain', '1').replace('MASSSENDJOBFINISH', openId);
  const pushes: [Record<string, string>, string][] = [
    [signed, anEvent(world, 'plain', '31337')],
    [signed, text],
    [signed, text.replace('[event]', `[${openId}]`)],
    [signed, `<xml><ToUserName>${openId}</ToUserName></xml>`],
    [signed, openId],
    [wrong, anEvent(world, 'plain', '31338')],
    [{ ...wrong, encrypt_type: 'aes', msg_signature: openId }, text],
    [{ openid: openId }, ''],
  ];
  for (const name of ['plain', 'default', 'drafts', openId.toLowerCase(), 'nobody']) {
    for (const [query, body] of pushes) {
      const url = `${world.callbackUrl}/wechat/${name}?${new URLSearchParams(query)}`;
      await world.ask(url, { method: 'POST', headers: { 'content-type': 'text/xml' }, body });
      await world.ask(url);
    }
  }
}
