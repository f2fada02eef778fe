/** A sandbox and the plainest of clients: no code of the product, only fetch and JSON. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { makeFollowers } from '../../src/sandbox/followers.ts';
import type { SandboxAccount, SandboxOptions } from '../../src/sandbox/options.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts';

export type Body = Record<string, unknown>;

export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** Noon in Beijing, so that neither a minute nor a day turns by itself. */
export const NOON = Date.parse('2026-01-05T12:00:00+08:00');

export const service: SandboxAccount = {
  name: 'first',
  appId: 'wx0000000000000001',
  appSecret: 'secret-of-first',
  originalId: 'gh_000000000001',
  kind: 'service',
  followers: 1_000,
};

export const subscription: SandboxAccount = {
  name: 'second',
  appId: 'wx0000000000000002',
  appSecret: 'secret-of-second',
  originalId: 'gh_000000000002',
  kind: 'subscription',
  followers: 100,
};

export interface Client {
  readonly sandbox: Sandbox;
  readonly token: string;
  post(path: string, body: unknown, options?: { signal?: AbortSignal }): Promise<Body>;
  get(path: string, query?: Record<string, string>): Promise<Body>;
  upload(path: string, file: TestFile): Promise<Body>;
  response(path: string, body: unknown): Promise<Response>;
}

export interface TestFile {
  readonly name: string;
  readonly type: string;
  readonly data: Buffer;
  readonly query?: Record<string, string>;
  readonly fields?: Record<string, string>;
}

export async function runSandbox(options: Partial<SandboxOptions> = {}): Promise<Sandbox> {
  const sandbox = await startSandbox({
    accounts: [service, subscription],
    now: () => NOON,
    ...options,
    pace: { pushDelayMs: 0, pushRetryMs: 1, ...options.pace },
  });
  onTestFinished(() => sandbox.close());
  return sandbox;
}

export async function clientOf(sandbox: Sandbox, account = service): Promise<Client> {
  const answer = await tokenOf(sandbox, account);
  const token = String(answer.access_token);
  const address = (path: string, query: Record<string, string> = {}): string =>
    `${sandbox.url}/cgi-bin/${path}?${new URLSearchParams({ access_token: token, ...query })}`;
  const post = (path: string, body: unknown, { signal }: { signal?: AbortSignal } = {}) =>
    fetch(address(path), {
      method: 'POST',
      body: typeof body === 'string' || body instanceof Buffer ? body : JSON.stringify(body),
      ...(signal && { signal }),
    });
  return {
    sandbox,
    token,
    response: post,
    post: async (path, body, options) => asBody(await post(path, body, options)),
    get: async (path, query) => asBody(await fetch(address(path, query))),
    async upload(path, { name, type, data, query = {}, fields = {} }) {
      const form = new FormData();
      form.append('media', new Blob([new Uint8Array(data)], { type }), name);
      for (const [field, value] of Object.entries(fields)) form.append(field, value);
      return asBody(await fetch(address(path, query), { method: 'POST', body: form }));
    },
  };
}

/** A sandbox of default accounts and a client of the first. */
export async function aClient(options: Partial<SandboxOptions> = {}): Promise<Client> {
  return clientOf(await runSandbox(options));
}

export const tokenOf = async (sandbox: Sandbox, { appId, appSecret }: SandboxAccount) =>
  asBody(
    await fetch(
      `${sandbox.url}/cgi-bin/token?grant_type=client_credential&appid=${appId}&secret=${appSecret}`,
    ),
  );

export const stableToken = async (
  sandbox: Sandbox,
  { appId, appSecret }: SandboxAccount,
  force_refresh?: boolean,
) =>
  asBody(
    await fetch(`${sandbox.url}/cgi-bin/stable_token`, {
      method: 'POST',
      body: JSON.stringify({
        grant_type: 'client_credential',
        appid: appId,
        secret: appSecret,
        force_refresh,
      }),
    }),
  );

const asBody = async (response: Response): Promise<Body> => (await response.json()) as Body;

/** Followers of `service`, from the first on. */
export const openIds = (count: number, from = 0): string[] =>
  makeFollowers(service.appId, from + count).slice(from, from + count);

/** OpenIDs that no account has. */
export const strangers = (count: number): string[] =>
  Array.from({ length: count }, (_, i) => `oR5Gjj${String(i).padStart(22, '0')}`);

export const text = (content = 'hello') => ({ msgtype: 'text', text: { content } });

export const toUsers = (touser: unknown, key?: string, content?: string) => ({
  touser,
  ...text(content),
  ...(key !== undefined && { clientmsgid: key }),
});

export const toTag = (tag_id: unknown, key?: string, content?: string) => ({
  filter: { is_to_all: false, tag_id },
  ...text(content),
  ...(key !== undefined && { clientmsgid: key }),
});

export const toEveryone = (key?: string) => ({
  filter: { is_to_all: true },
  ...text(),
  ...(key !== undefined && { clientmsgid: key }),
});

export function fixture<Content>(name: string): Content {
  const path = join(import.meta.dirname, '../fixtures/wechat', name);
  return JSON.parse(readFileSync(path, 'utf8')) as Content;
}

export const fixtureText = (name: string): string =>
  readFileSync(join(import.meta.dirname, '../fixtures/wechat', name), 'utf8');

export const jpeg = (bytes = 400): Buffer =>
  Buffer.concat([Buffer.from('ffd8ffe000104a464946000101', 'hex'), Buffer.alloc(bytes - 13, 7)]);
export const png = (): Buffer =>
  Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), Buffer.alloc(100, 7)]);
export const mp4 = (bytes = 400): Buffer =>
  Buffer.concat([
    Buffer.from('00000018', 'hex'),
    Buffer.from('ftypmp42'),
    Buffer.alloc(bytes - 12, 7),
  ]);
/** A narrow-band AMR of so many seconds, at 12.2 kbit/s: 50 frames of 32 bytes a second. */
export const amr = (seconds = 1): Buffer => {
  const frame = Buffer.alloc(32);
  frame[0] = 7 << 3;
  return Buffer.concat([
    Buffer.from('#!AMR\n'),
    ...Array.from({ length: seconds * 50 }, () => frame),
  ]);
};
/** MPEG 1 layer III at 32 kbit/s and 32 kHz: frames of 144 bytes that last 36 ms. */
export const mp3 = (seconds = 1): Buffer => {
  const frame = Buffer.alloc(144);
  frame.set([0xff, 0xfb, 0x18, 0x00]);
  return Buffer.concat(Array.from({ length: Math.ceil(seconds / 0.036) }, () => frame));
};

export const image: TestFile = { name: 'a.jpg', type: 'image/jpeg', data: jpeg() };

/** A media_id of each kind. */
export async function uploaded(client: Client, type: 'image' | 'voice' | 'video' | 'thumb') {
  const files = {
    image,
    thumb: image,
    voice: { name: 'a.amr', type: 'audio/amr', data: amr() },
    video: { name: 'a.mp4', type: 'video/mp4', data: mp4() },
  };
  const answer = await client.upload('media/upload', { ...files[type], query: { type } });
  return String(answer.media_id ?? answer.thumb_media_id);
}

export async function permanentImage(client: Client): Promise<string> {
  const query = { type: 'image' };
  const answer = await client.upload('material/add_material', { ...image, query });
  return String(answer.media_id);
}

export const article = (thumb_media_id: string, title = 'Happy Day') => ({
  thumb_media_id,
  title,
  content: '<p>content</p>',
});
