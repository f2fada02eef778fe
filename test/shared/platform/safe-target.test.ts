import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { request } from 'undici';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  checkedLookup,
  isPublicAddress,
  openSafeDispatcher,
  TargetRefused,
  targetRefusal,
} from '../../../src/shared/platform/safe-target.ts';

const strict = { allowPrivate: false };

describe('the address of a webhook', () => {
  it.each([
    ['loopback', '127.0.0.1'],
    ['loopback, far end', '127.255.255.254'],
    ['this host', '0.0.0.0'],
    ['private, class A', '10.1.2.3'],
    ['private, class B', '172.31.255.255'],
    ['private, class C', '192.168.0.1'],
    ['link-local, where clouds tell secrets', '169.254.169.254'],
    ['shared by a carrier', '100.64.0.1'],
    ['multicast', '224.0.0.1'],
    ['broadcast', '255.255.255.255'],
    ['reserved', '240.0.0.1'],
    ['for documents', '192.0.2.1'],
    ['loopback of v6', '::1'],
    ['no address of v6', '::'],
    ['unique local', 'fd00::1'],
    ['link-local of v6', 'fe80::1'],
    ['multicast of v6', 'ff02::1'],
    ['v4 in v6', '::ffff:127.0.0.1'],
    ['v4 in v6, the old way', '::127.0.0.1'],
    ['v4 in v6, the old way in hexadecimal', '::7f00:1'],
    ['site-local of v6', 'fec0::1'],
    ['v4 in v6, private', '::ffff:10.0.0.1'],
    ['v4 behind NAT64', '64:ff9b::7f00:1'],
    ['v4 in 6to4', '2002:7f00:1::'],
    ['no address at all', 'example.com'],
  ])('is refused: %s (%s)', (_, address) => {
    expect(isPublicAddress(address)).toBe(false);
  });

  it.each(['93.184.215.14', '2606:2800:21f:cb07:6820:80da:af6b:8b2c', '::ffff:93.184.215.14'])(
    'is public: %s',
    (address) => {
      expect(isPublicAddress(address)).toBe(true);
    },
  );

  it.each([
    'http://example.com/hook',
    'https://127.0.0.1/hook',
    'https://2130706433/',
    'https://0x7f.1/',
    'https://[::1]:8443/',
    'https://[::ffff:10.0.0.1]/',
    'https://user:secret@example.com/',
    'ftp://example.com/',
    'file:///etc/passwd',
    'hook',
  ])('is refused as it stands: %s', (url) => {
    expect(targetRefusal(url, strict)).not.toBeNull();
  });

  it('may be any of the public internet by https, and where permitted any at all', () => {
    expect(targetRefusal('https://example.com/hook', strict)).toBeNull();
    expect(targetRefusal('http://10.0.0.7:9000/hook', { allowPrivate: true })).toBeNull();
    expect(targetRefusal('ftp://10.0.0.7/', { allowPrivate: true })).not.toBeNull();
  });
});

describe('a name', () => {
  type Answers = readonly { readonly address: string; readonly family: number }[];
  const looked = (answers: Answers, options: object) =>
    new Promise<unknown>((resolve) => {
      const lookup = checkedLookup((_name, done) => done(null, [...answers]));
      lookup('hooks.example.com', options, (error, address) => resolve(error ?? address));
    });
  const good = { address: '93.184.215.14', family: 4 };
  const bad = { address: '10.0.0.1', family: 4 };

  it('leads to the very addresses that were checked', async () => {
    expect(await looked([good], { all: true })).toEqual([good]);
    expect(await looked([good], {})).toBe(good.address);
  });

  it('is refused when one of its addresses is private, whichever would be taken', async () => {
    expect(await looked([good, bad], { all: true })).toBeInstanceOf(TargetRefused);
    expect(await looked([good, { address: '::1', family: 6 }], { family: 4 })).toBeInstanceOf(
      TargetRefused,
    );
    expect(await looked([], { all: true })).toBeInstanceOf(TargetRefused);
  });

  it('of this machine is never connected to', async () => {
    let connections = 0;
    const server = createServer();
    server.on('connection', () => {
      connections += 1;
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const dispatcher = openSafeDispatcher(strict);
    onTestFinished(async () => {
      await dispatcher.close();
      server.close();
    });
    const { port } = server.address() as AddressInfo;

    await expect(
      request(`http://localhost:${port}/`, { dispatcher, headersTimeout: 5_000 }),
    ).rejects.toBeInstanceOf(TargetRefused);
    expect(connections).toBe(0);
  });
});
