import { describe, expect, it } from 'vitest';
import {
  aClient,
  clientOf,
  HOUR,
  MINUTE,
  runSandbox,
  SECOND,
  service,
  stableToken,
  subscription,
  tokenOf,
} from './raw-client.ts';

const MINUTES = MINUTE;
const works = { total: 1_000 };

describe('cgi-bin/token', () => {
  it('answers a token for 7200 seconds and no errcode', async () => {
    const answer = await tokenOf(await runSandbox(), service);

    expect(answer).toEqual({
      access_token: expect.stringMatching(/^.{64,512}$/),
      expires_in: 7200,
    });
  });

  it('issues another one each time, and lets the older live five minutes more', async () => {
    const older = await aClient();
    const newer = await clientOf(older.sandbox);
    expect(newer.token).not.toBe(older.token);

    older.sandbox.advance(5 * MINUTES - SECOND);
    expect(await older.get('user/get')).toMatchObject(works);

    older.sandbox.advance(SECOND);
    expect(await older.get('user/get')).toMatchObject({ errcode: 40001 });
    expect(await newer.get('user/get')).toMatchObject(works);
  });

  it('is not touched by stable_token', async () => {
    const client = await aClient();
    await stableToken(client.sandbox, service, true);

    client.sandbox.advance(10 * MINUTES);

    expect(await client.get('user/get')).toMatchObject(works);
  });

  it.each([
    ['an appid that nobody has', { appId: 'wx99' }, 40013],
    ['no appid', { appId: '' }, 41002],
    ['another secret', { appSecret: 'guess' }, 40125],
    ['no secret', { appSecret: '' }, 41004],
  ])('refuses %s', async (_case, change, errcode) => {
    const answer = await tokenOf(await runSandbox(), { ...service, ...change });

    expect(answer).toMatchObject({ errcode });
  });

  it('refuses a POST and an unknown grant_type', async () => {
    const { url } = await runSandbox();

    const posted = await fetch(`${url}/cgi-bin/token`, { method: 'POST' });
    const other = await fetch(`${url}/cgi-bin/token?grant_type=password`);

    expect(await posted.json()).toMatchObject({ errcode: 43001 });
    expect(await other.json()).toMatchObject({ errcode: 40002 });
  });
});

describe('stable_token', () => {
  it('answers the same token while it lives', async () => {
    const sandbox = await runSandbox();
    const first = await stableToken(sandbox, service);

    sandbox.advance(HOUR);
    const second = await stableToken(sandbox, service);

    expect(second).toEqual({ access_token: first.access_token, expires_in: 3600 });
  });

  it('answers a new one in the last five minutes, while the old still works', async () => {
    const sandbox = await runSandbox();
    const first = await stableToken(sandbox, service);

    sandbox.advance(115 * MINUTES);
    const second = await stableToken(sandbox, service);

    expect(second.access_token).not.toBe(first.access_token);
    expect(await followersWith(sandbox.url, first)).toMatchObject(works);
    expect(await followersWith(sandbox.url, second)).toMatchObject(works);
    sandbox.advance(5 * MINUTES);
    expect(await followersWith(sandbox.url, first)).toMatchObject({ errcode: 42001 });
  });

  it('kills the old token when forced, but not twice within thirty seconds', async () => {
    const sandbox = await runSandbox();
    const first = await stableToken(sandbox, service);

    const forced = await stableToken(sandbox, service, true);
    const forcedAgain = await stableToken(sandbox, service, true);

    expect(await followersWith(sandbox.url, first)).toMatchObject({ errcode: 40001 });
    expect(forcedAgain.access_token).toBe(forced.access_token);
    sandbox.advance(30 * SECOND);
    expect((await stableToken(sandbox, service, true)).access_token).not.toBe(forced.access_token);
  });

  it('refuses a GET and a body that is no JSON', async () => {
    const { url } = await runSandbox();

    const got = await fetch(`${url}/cgi-bin/stable_token?appid=${service.appId}`);
    const text = await fetch(`${url}/cgi-bin/stable_token`, { method: 'POST', body: 'appid=1' });

    expect(await got.json()).toMatchObject({ errcode: 43002 });
    expect(await text.json()).toMatchObject({ errcode: 47001 });
  });
});

describe('a call', () => {
  it('names what is wrong with its token', async () => {
    const client = await aClient();
    const { url } = client.sandbox;

    expect(await (await fetch(`${url}/cgi-bin/user/get`)).json()).toMatchObject({ errcode: 41001 });
    expect(await followersWith(url, { access_token: 'made up' })).toMatchObject({ errcode: 40014 });
    client.sandbox.advance(2 * HOUR);
    expect(await client.get('user/get')).toMatchObject({ errcode: 42001 });
  });

  it('acts for the account whose token it carries', async () => {
    const sandbox = await runSandbox();
    const second = await clientOf(sandbox, subscription);

    expect(await second.get('user/get')).toMatchObject({ total: 100 });
  });
});

async function followersWith(url: string, token: Record<string, unknown>): Promise<unknown> {
  const response = await fetch(`${url}/cgi-bin/user/get?access_token=${token.access_token}`);
  return response.json();
}
