/** Accounts that each meet a trouble of their own, and campaigns that show it. */
import { randomBytes } from 'node:crypto';
import { sampleCampaigns } from '../../src/demo/samples.ts';
import type { CampaignView } from '../../src/shared/contract/campaign-view.ts';
import type { AccountConfig } from '../../src/shared/platform/accounts.ts';
import { MINUTE } from '../../src/shared/platform/time.ts';
import { mediaFile } from '../producer/world.ts';
import { anAccount, type World } from '../support/all-roles.ts';
import { openIds } from '../support/open-ids.ts';

export const KEYS = ['crm-Key-5f2c7e91d0ab', 'shop+Key/91d0ab5f2c7e=='];
export const BOARD = { user: 'operator', password: 'board-Passw0rd+/8c1f' };
export const WRONG_KEY = 'a-Wrong-Key-77aa01';
export const WRONG_SECRET = 'f00dfacef00dfacef00dfacef00dface';
export const FOLLOWERS = 60;
const OVER = ['completed', 'failed', 'cancelled', 'held'];
/** Their lanes stand still until a person acts. */
const STOPPED = ['listed', 'wrong-secret', 'unknown'];

function plainAccount(name: string): AccountConfig {
  const { encodingAesKey: _, ...account } = anAccount(name);
  return account;
}

export const ACCOUNTS: readonly AccountConfig[] = [
  anAccount('default'),
  anAccount('drafts', { newsRoute: 'draft', picturePosts: true }),
  plainAccount('plain'),
  ...['refuser', 'taken', 'audit', 'silent', 'uploader', ...STOPPED].map((name) => anAccount(name)),
];

export const follower = ({ sandbox }: World, account: string, n = 0): string =>
  sandbox?.sandbox.account(account).followers.at(n) ?? '';

const range = (world: World, account: string, from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, n) => follower(world, account, from + n));

export const aText = (world: World, account: string) => ({
  account,
  name: `text of ${account}`,
  message: { type: 'text', content: `hello ${randomBytes(8).toString('hex')}` },
  audience: {
    type: 'openids',
    openids: world.sandbox?.accounts.some(({ name }) => name === account)
      ? range(world, account, 0, 10)
      : openIds(10),
  },
});

/** WeChat's words hold what it was asked with, as the real one's sometimes do. */
export function spoilWechat(world: World): void {
  const faults = world.sandbox?.sandbox.faults;
  if (!faults) throw new TypeError('no sandbox');
  const echo = (account: string): string =>
    `invalid ip 203.0.113.7 ipv6 ::ffff:203.0.113.7, not in whitelist, openid ${follower(world, account)} secret ${
      ACCOUNTS.find(({ name }) => name === account)?.appSecret
    } hint: [aB3.cD] rid: 65f0-1a2b`;
  const toSend = { path: 'message/mass/send', times: null };
  const errcode = (account: string, code: number) =>
    ({ account, errcode: code, errmsg: echo(account) }) as const;
  faults.set('errcode', { ...toSend, ...errcode('refuser', 45002) });
  faults.set('errcode', { ...toSend, ...errcode('listed', 40164) });
  faults.set('errcode', { path: 'media/upload', times: null, ...errcode('uploader', 40005) });
  faults.set('key-taken', { account: 'taken', msgId: 'latest', nth: 2, times: null });
  faults.set('event-status', { account: 'audit', eventStatus: 'err(20001)', times: null });
  faults.set('silent-after-accepting', { account: 'silent', times: 1 });
  faults.set('token-replaced', { account: 'default', path: 'message/mass/send', times: 1 });
  faults.set('truncated-json', { account: 'default', path: 'message/mass/sendall', times: 1 });
  faults.set('reset-before', { account: 'default', path: 'media/upload', times: 1 });
}

/** @returns campaign ids by name, each as far as it will come by itself. */
export async function runCampaigns(world: World, hook: string): Promise<Map<string, string>> {
  const campaigns = new Map<string, string>();
  const enqueue = async (name: string, body: object): Promise<void> => {
    const { text, status } = await world.api('POST', '/v1/campaigns', {
      ...body,
      webhook: { url: hook },
    });
    if (status !== 202) throw new Error(`${name}: ${status} ${text}`);
    campaigns.set(name, idIn(text));
  };
  const upload = async (bytes: Uint8Array, filename: string): Promise<string> =>
    idIn((await world.api('POST', `/v1/media?filename=${filename}`, bytes)).text);

  for (const sample of await samplesFor(world, upload)) {
    // Group 2 and tag 2 are the same followers.
    await enqueue(`${sample.account}: ${sample.name}`, { ...sample, repeat: true });
  }
  for (const name of ['refuser', 'taken', 'audit', 'silent', ...STOPPED]) {
    await enqueue(name, aText(world, name));
  }
  const audience = { type: 'group', groupId: '4711' };
  await enqueue('no such group', { ...aText(world, 'default'), audience });
  const picture = await upload(mediaFile('picture.png'), 'picture.png');
  const message = { type: 'image', media: { upload: picture } };
  await enqueue('uploader', { ...aText(world, 'uploader'), message });
  await until(async () => [...(await notOver(world, campaigns)), ...notStopped(world)]);

  await enqueue('taken twice', aText(world, 'taken'));
  await until(() => notOver(world, campaigns));
  return campaigns;
}

async function samplesFor(
  world: World,
  upload: (bytes: Uint8Array, filename: string) => Promise<string>,
) {
  const list = await world.ask(`${world.producerUrl}/v1/audiences`, {
    method: 'POST',
    headers: { authorization: `Bearer ${KEYS[1]}`, 'content-type': 'text/plain' },
    body: range(world, 'default', 0, 30).join('\n'),
  });
  const samples = await sampleCampaigns(
    upload,
    (account) => ({ slice: (from, to) => range(world, account, from, Math.min(to, 40)) }),
    idIn(list.text),
  );
  return samples.filter(
    ({ account, name = '' }) => account !== 'daily' && !/^voice-mp3|^news-eight/.test(name),
  );
}

const idIn = (text: string): string => (JSON.parse(text) as { id: string }).id;

const notStopped = ({ logged }: World): string[] =>
  STOPPED.filter(
    (account) =>
      !logged.some(({ text }) => text.includes('lane.stopped') && text.includes(account)),
  );

async function notOver(world: World, campaigns: ReadonlyMap<string, string>): Promise<string[]> {
  const headers = { authorization: `Bearer ${KEYS[1]}` };
  const { text } = await world.ask(`${world.producerUrl}/v1/campaigns?limit=100`, { headers });
  const list = JSON.parse(text) as { campaigns: CampaignView[] };
  const states = new Map(list.campaigns.map(({ id, state }) => [id, state]));
  return [...campaigns].flatMap(([name, id]) => {
    const state = states.get(id) ?? 'unknown';
    return OVER.includes(state) || STOPPED.includes(name) ? [] : [`${name} is ${state}`];
  });
}

/** @param missing what there is to wait for; ends when it is nothing. */
export async function until(missing: () => Promise<readonly string[]>): Promise<void> {
  const deadline = Date.now() + 2 * MINUTE;
  for (let left = await missing(); left.length > 0; left = await missing()) {
    if (Date.now() > deadline) throw new Error(`in vain: ${left.join(', ')}`);
    await new Promise((wake) => setTimeout(wake, 300));
  }
}
