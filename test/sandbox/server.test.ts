/** What a careless or hostile client does to the sandbox itself. */

import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { aClient, openIds, toUsers } from './raw-client.ts';

const MB = 1024 * 1024;

describe('the sandbox', () => {
  it('closes a socket that sends request after request and reads no answer', async () => {
    const { sandbox } = await aClient();
    sandbox.faults.set('slow', { afterMs: 60_000, times: null });
    const socket = connect(sandbox.port, '127.0.0.1');
    const closed = once(
      socket.on('error', () => undefined),
      'close',
    );

    socket.write('GET /cgi-bin/user/get HTTP/1.1\r\nhost: x\r\n\r\n'.repeat(50));

    await closed;
    expect(sandbox.faults.list()[0]?.fired).toBeLessThanOrEqual(8);
  });

  it('takes 10,000 OpenIDs, and no body of ten megabytes of JSON', async () => {
    const client = await aClient();

    const response = await client.response('message/mass/send', Buffer.alloc(10 * MB, 0x20));

    expect(response.status).toBe(413);
    expect(await client.post('message/mass/send', toUsers(openIds(10_000)))).toHaveProperty(
      'errcode',
    );
  });

  it('reads no JSON that is nested without end', async () => {
    const client = await aClient();
    const deep = `{"a":${'['.repeat(1_000_000)}`;
    const flat = JSON.stringify({ ...toUsers(openIds(2)), note: '[[['.repeat(100) });

    expect(await client.post('message/mass/send', deep)).toMatchObject({ errcode: 47001 });
    expect(await client.post('message/mass/send', flat)).toMatchObject({ errcode: 0 });
  });
});
