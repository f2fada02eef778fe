import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { makeFetchPicture } from '../../../src/shared/delivery/fetch-picture.ts';
import { openSafeDispatcher } from '../../../src/shared/platform/safe-target.ts';
import { MINUTE } from '../../../src/shared/platform/time.ts';
import { MAX_MEDIA_BYTES } from '../../../src/shared/record/media-store.ts';

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function fetching({
  allowPrivate,
  withinMs = MINUTE,
}: {
  allowPrivate: boolean;
  withinMs?: number;
}) {
  const rules = { allowPrivate };
  const dispatcher = openSafeDispatcher(rules);
  onTestFinished(() => dispatcher.close());
  return makeFetchPicture({ dispatcher, rules, withinMs });
}

const whyOf = (result: object): unknown =>
  'flaw' in result ? (result.flaw as { why: string }).why : 'fetched';

describe('a picture at an address', () => {
  it.each([
    ['http://cdn.example/a.png', 'https-only'],
    ['https://10.0.0.1/a.png', 'local-address'],
    ['https://[::ffff:127.0.0.1]/a.png', 'local-address'],
    ['//169.254.169.254/latest/meta-data', 'local-address'],
    ['https://localhost/a.png', 'local-address'],
    ['https://user:secret@cdn.example/a.png', 'credentials-in-address'],
    ['data:image/png;base64,AAAA', 'not-http'],
    ['a.png', 'not-http'],
  ])('%s is never asked for: %s', async (address, why) => {
    const fetchPicture = fetching({ allowPrivate: false });

    expect(whyOf(await fetchPicture(address))).toBe(why);
  });

  it('is fetched as bytes, redirects included', async () => {
    const origin = await serve((request, response) => {
      if (request.url === '/a') response.writeHead(301, { location: '/b' }).end();
      else response.end('picture');
    });

    const fetched = await fetching({ allowPrivate: true })(`${origin}/a`);

    expect('bytes' in fetched && Buffer.from(fetched.bytes).toString()).toBe('picture');
  });

  it('is refused where a redirect leads to what may not be asked for', async () => {
    const paths: string[] = [];
    const origin = await serve((request, response) => {
      paths.push(request.url ?? '');
      response.writeHead(302, { location: 'ftp://10.0.0.1/secret' }).end();
    });

    expect(whyOf(await fetching({ allowPrivate: true })(`${origin}/a`))).toBe('not-http');
    expect(paths).toEqual(['/a']);
  });

  it('is refused after a few redirects', async () => {
    let calls = 0;
    const origin = await serve((_request, response) => {
      calls += 1;
      response.writeHead(302, { location: `/${calls}` }).end();
    });

    expect(whyOf(await fetching({ allowPrivate: true })(`${origin}/a`))).toBe('redirects');
    expect(calls).toBe(4);
  });

  it('is given up at one deadline, however many bytes trickle in', async () => {
    const origin = await serve((_request, response) => {
      const timer = setInterval(() => response.write('.'), 20);
      response.on('close', () => clearInterval(timer));
    });

    expect(whyOf(await fetching({ allowPrivate: true, withinMs: 200 })(origin))).toBe('timeout');
  });

  it('is given up as soon as it is larger than any file may be', async () => {
    const origin = await serve((_request, response) => {
      response.end(Buffer.alloc(MAX_MEDIA_BYTES + 1));
    });

    expect(whyOf(await fetching({ allowPrivate: true })(origin))).toBe('too-large');
  });

  it('may not be there, or nobody answers', async () => {
    const origin = await serve((_request, response) => {
      response.writeHead(503).end();
    });

    const fetchPicture = fetching({ allowPrivate: true });
    expect(await fetchPicture(origin)).toMatchObject({ flaw: { why: 'status', status: 503 } });
    expect(whyOf(await fetchPicture('http://127.0.0.1:9/a.png'))).toBe('no-answer');
  });
});
