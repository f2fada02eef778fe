import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it, onTestFinished } from 'vitest';
import { HELP, readCommandLine } from '../../src/sandbox/command-line.ts';
import { FAULT_NAMES } from '../../src/sandbox/fault.ts';
import { OPTIONS, optionsIn, settle } from '../../src/sandbox/options.ts';
import { aClient, openIds, service, tokenOf, toUsers } from './raw-client.ts';

const accounts = [] as const;
const noFile = (path: string): string => {
  throw new Error(`nobody reads ${path}`);
};
const told = (argv: string[], env: Record<string, string> = {}, file = noFile) =>
  readCommandLine(argv, env, file);

describe('an option', () => {
  it('that does not exist is refused, with the one that was meant', () => {
    expect(() => settle({ accounts, options: { minuteWindw: 'sliding' } })).toThrow(
      'no option is named minuteWindw (did you mean minuteWindow?)',
    );
    expect(() => settle({ accounts, options: { nonsense: 1, leastOpenIds: 3 } })).toThrow(
      'no option is named nonsense; leastOpenIds cannot be 3, only 2 | 1',
    );
  });

  it.each([
    ['callsPerMinute', null, true],
    ['callsPerMinute', 0, true],
    ['callsPerMinute', -1, false],
    ['callsPerMinute', 1.5, false],
    ['callsPerMinute', '60', false],
    ['pushDelayMs', null, false],
    ['massBudgetShared', false, true],
    ['massBudgetShared', 'false', false],
    ['uploadNews', 45106, true],
    ['uploadNews', '45106', false],
    ['toString', 1, false],
  ])('%s may be %s: %s', (name, value, allowed) => {
    const set = () => settle({ accounts, options: { [name]: value } });
    if (allowed) expect(set).not.toThrow();
    else expect(set).toThrow(TypeError);
  });

  it('is written as name=value', () => {
    expect(optionsIn(['a=60', 'b=null', 'c=true', 'd=send success', 'e=-1'])).toEqual({
      a: 60,
      b: null,
      c: true,
      d: 'send success',
      e: -1,
    });
    expect(() => optionsIn(['minuteWindow'])).toThrow('minuteWindow is no option');
  });

  it('is set while the sandbox runs, all of a request or none', async () => {
    const client = await aClient();
    const put = async (body: object) => {
      const address = `${client.sandbox.url}/sandbox/options`;
      const response = await fetch(address, { method: 'PUT', body: JSON.stringify(body) });
      return { status: response.status, answer: (await response.json()) as object };
    };
    const one = () => client.post('message/mass/send', toUsers(openIds(1)));

    expect(await one()).toMatchObject({ errcode: 40130 });
    expect(await put({ leastOpenIds: 1, leastOpenId: 1 })).toEqual({
      status: 400,
      answer: { error: 'no option is named leastOpenId (did you mean leastOpenIds?)' },
    });
    expect(await one()).toMatchObject({ errcode: 40130 });
    expect(await put({ leastOpenIds: 1, followerPerMonth: null })).toMatchObject({
      status: 200,
      answer: { leastOpenIds: 1, followerPerMonth: null, minuteWindow: 'sliding' },
    });
    expect(await one()).toMatchObject({ errcode: 0 });
  });

  it('of pace and limits holds for tokens, media and followers from then on', async () => {
    const client = await aClient();
    const put = (body: object) =>
      fetch(`${client.sandbox.url}/sandbox/options`, {
        method: 'PUT',
        body: JSON.stringify(body),
      });
    await put({ followerPerMonth: 1, tokenLifeMs: 60_000, mediaLifeMs: 1 });

    await client.post('message/mass/send', toUsers(openIds(2), 'a'));
    await client.post('message/mass/send', toUsers(openIds(2), 'b'));

    expect(client.sandbox.ledger.messagesPerFollower()).toEqual({ 1: 2 });
    expect(await tokenOf(client.sandbox, service)).toMatchObject({ expires_in: 60 });
  });
});

describe('the command line', () => {
  it('wins over the settings file, and that over the environment', () => {
    const file = () =>
      '{"port": 5, "host": "127.0.0.2", "options": {"leastOpenIds": 1, "pushTries": 7}}';
    const env = { SANDBOX_PORT: '4', SANDBOX_OPTIONS: 'pushTries=6,imagesMax=9,leastOpenIds=2' };

    expect(told(['--settings', 'f', '--port', '6', 'pushTries=8'], env, file)).toEqual({
      asJson: false,
      settings: {
        host: '127.0.0.2',
        port: 6,
        options: { leastOpenIds: 1, pushTries: 8, imagesMax: 9 },
      },
    });
  });

  it('makes up what an account leaves out', () => {
    const file = () => '{"accounts": [{"name": "shop", "appId": "wx1", "followers": 7}]}';

    expect(told(['--settings', 'f'], {}, file)).toMatchObject({
      settings: {
        accounts: [
          {
            name: 'shop',
            kind: 'service',
            appId: 'wx1',
            followers: 7,
            appSecret: expect.any(String),
          },
        ],
      },
    });
    expect(told(['--account', 'a', '--account', 'b:subscription'])).toMatchObject({
      settings: {
        accounts: [
          { name: 'a', kind: 'service' },
          { name: 'b', kind: 'subscription' },
        ],
      },
    });
  });

  it.each([
    [['--prt', '1'], 'there is no --prt (did you mean --port?)'],
    [['--port', 'x'], 'x is no port'],
    [['--callback', 'localhost'], 'a callback address begins with http:// or https://'],
    [['--account', 'a:sevice'], 'a is a service or a subscription account, not sevice'],
    [['--account', 'a b'], 'an account has a name of letters, digits and hyphens'],
  ])('%s is refused: %s', (argv, message) => {
    expect(() => told(argv)).toThrow(message);
  });

  it.each([
    ['{"acounts": []}', 'no setting is named acounts (did you mean accounts?)'],
    ['{"accounts": {}}', 'accounts is a list'],
    ['{"accounts": [{"name": "a", "appID": "x"}]}', 'did you mean appId?'],
    ['{"accounts": [{"name": "a", "appId": 1}]}', 'a: appId is a string'],
    ['[]', 'a settings file is a JSON object'],
  ])('with the file %s is refused', (text, message) => {
    expect(() => told(['--settings', 'f'], {}, () => text)).toThrow(message);
  });

  it('has a help that names every option and fault', () => {
    for (const name of [...Object.keys(OPTIONS), ...FAULT_NAMES])
      expect(HELP).toContain(`  ${name}`);
  });
});

describe('qunfa-sandbox', () => {
  const run = (...args: string[]) => {
    const main = join(import.meta.dirname, '../../src/sandbox/main.ts');
    const child = spawn(process.execPath, ['--import', 'tsx', main, ...args]);
    onTestFinished(() => void child.kill('SIGKILL'));
    return child;
  };

  it('serves any client with what it printed, and ends when it is told to', async () => {
    const child = run('--port', '0', '--json', '--account', 'shop', 'strangers=followers');
    const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
    const { url, accounts: printed } = JSON.parse(line) as {
      url: string;
      accounts: { appId: string; appSecret: string }[];
    };
    const [{ appId, appSecret } = { appId: '', appSecret: '' }] = printed;

    const token = await fetch(
      `${url}/cgi-bin/token?grant_type=client_credential&appid=${appId}&secret=${appSecret}`,
    );
    const options = await fetch(`${url}/sandbox/options`);

    expect(await token.json()).toMatchObject({ expires_in: 7_200 });
    expect(await options.json()).toMatchObject({ strangers: 'followers', protocol: 'today' });
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  it('says what is wrong and ends with 2', async () => {
    const child = run('leastOpenId=1');
    const [[line], [code]] = await Promise.all([
      once(createInterface({ input: child.stderr }), 'line'),
      once(child, 'exit'),
    ]);

    expect([line, code]).toEqual([
      'no option is named leastOpenId (did you mean leastOpenIds?); see qunfa-sandbox --help',
      2,
    ]);
  });
});
