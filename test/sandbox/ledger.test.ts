import { describe, expect, it } from 'vitest';
import { makeLedger } from '../../src/sandbox/ledger.ts';
import type { Send } from '../../src/sandbox/send.ts';
import {
  aClient,
  article,
  clientOf,
  openIds,
  runSandbox,
  service,
  subscription,
  toEveryone,
  toTag,
  toUsers,
  uploaded,
} from './raw-client.ts';

const SEND = 'message/mass/send';

describe('the ledger', () => {
  it('counts messages per follower, of all sends or of one campaign', async () => {
    const client = await aClient();
    await client.post(SEND, toUsers(openIds(3), 'one-0'));
    await client.post(SEND, toUsers(openIds(2), 'two-0'));

    const { ledger } = client.sandbox;
    expect(ledger.messagesPerFollower()).toEqual({ 1: 1, 2: 2 });
    expect(ledger.messagesPerFollower('one-')).toEqual({ 1: 3 });
    expect(ledger.recipients()).toBe(5);
  });

  it('finds who got the same content twice, even under another media_id', async () => {
    const client = await aClient();
    const [both = '', one = '', other = ''] = openIds(3);
    for (const [touser, key] of [
      [[both, one], 'a-0'],
      [[both, other], 'a-1'],
    ] as const) {
      const thumb_media_id = await uploaded(client, 'thumb');
      const { media_id } = await client.post('media/uploadnews', {
        articles: [article(thumb_media_id)],
      });
      const news = { msgtype: 'mpnews', mpnews: { media_id } };
      await client.post(SEND, { touser, ...news, clientmsgid: key });
    }

    expect(client.sandbox.ledger.duplicates()).toEqual([
      { account: 'first', openId: both, message: expect.any(String), times: 2 },
    ]);
  });

  it('does not take two messages for one, nor two accounts', async () => {
    const sandbox = await runSandbox({ accounts: [service, { ...subscription, kind: 'service' }] });
    const [one, other] = [await clientOf(sandbox), await clientOf(sandbox, subscription)];
    await one.post(SEND, toUsers(openIds(2), 'a', 'hello'));
    await one.post(SEND, toUsers(openIds(2), 'b', 'goodbye'));
    await other.post(SEND, toUsers(openIds(2), 'a', 'hello'));

    expect(sandbox.ledger.duplicates()).toEqual([]);
  });

  it('groups by whatever a test calls the same message', async () => {
    const client = await aClient();
    await client.post(SEND, toUsers(openIds(2), 'camp-0', 'hello'));
    await client.post(SEND, toUsers(openIds(2), 'camp-1', 'hello, reworded'));

    const stem = ({ clientMsgId }: Send) => clientMsgId?.split('-')[0];

    expect(client.sandbox.ledger.duplicates(stem)).toHaveLength(2);
  });

  it('sees an overlap between a tag, everyone and a list', async () => {
    const client = await aClient();
    await client.post('message/mass/sendall', toTag(2, 'a'));
    await client.post('message/mass/sendall', toEveryone('b'));

    expect(client.sandbox.ledger.messagesPerFollower()).toEqual({ 1: 900, 2: 100 });
    expect(client.sandbox.ledger.duplicates()).toHaveLength(100);
  });

  it('names the sends of the same content that reached the same followers', async () => {
    const client = await aClient();
    const [a = '', b = '', c = '', d = ''] = openIds(4);
    for (const [ids, key] of [
      [[a, b, c], 'one-1-0'],
      [[b, c], 'one-1-1'],
      [[c, d], 'two-1-0'],
    ] as const) {
      await client.post(SEND, toUsers(ids, key));
    }

    expect(client.sandbox.ledger.overlaps()).toEqual([
      { account: 'first', clientMsgIds: ['one-1-0', 'one-1-1'], followers: 1 },
      { account: 'first', clientMsgIds: ['one-1-0', 'one-1-1', 'two-1-0'], followers: 1 },
    ]);
  });

  it('keeps when a mass send began and under which key, even if a fault came before it', async () => {
    const client = await aClient();
    const hold = client.sandbox.faults.hold({ path: SEND, when: 'before' });
    client.sandbox.faults.set('status-502', { path: SEND });
    const posted = client.post(SEND, toUsers(openIds(2), 'one-1-0')).catch(() => undefined);
    await hold.arrived;
    client.sandbox.advance(5_000);
    hold.release();
    await posted;

    const [call] = client.sandbox.ledger.requests(SEND);
    expect(call).toMatchObject({ clientMsgId: 'one-1-0', faults: ['hold', 'status-502'] });
    expect((call?.at ?? 0) - (call?.startedAt ?? 0)).toBe(5_000);
  });

  it('keeps no token and no secret, and bodies only of the size it was told', async () => {
    const short = await aClient({ keepBodies: 'small' });
    await short.post(SEND, toUsers(openIds(2)));
    await short.post(SEND, toUsers(openIds(1_000)));
    const all = await aClient({ keepBodies: 'all' });
    await all.post(SEND, toUsers(openIds(1_000)));

    const bodies = short.sandbox.ledger.requests(SEND).map((call) => call.body);
    expect(bodies).toEqual([JSON.stringify(toUsers(openIds(2))), undefined]);
    expect(all.sandbox.ledger.requests(SEND)[0]?.body).toBe(
      JSON.stringify(toUsers(openIds(1_000))),
    );
    const everything = JSON.stringify(short.sandbox.ledger.requests());
    expect(everything).not.toContain(short.token);
    expect(everything).not.toContain(service.appSecret);
  });

  it('counts calls by path', async () => {
    const client = await aClient();
    await client.post(SEND, toUsers(openIds(2)));
    await client.post(SEND, toUsers([]));

    expect(client.sandbox.ledger.calls()).toEqual({ token: 1, [SEND]: 2 });
    expect(client.sandbox.ledger.calls('second')).toEqual({});
  });

  it('holds the OpenIDs of a send as they came, and copies none', () => {
    const ledger = makeLedger();
    const list = openIds(10_000);
    const send = { receivers: { kind: 'list', openIds: list } } as unknown as Send;

    ledger.addSend({ ...send, account: 'first', msgId: '1' });

    expect(ledger.send('first', '1')?.receivers).toEqual({ kind: 'list', openIds: list });
    const { receivers } = ledger.send('first', '1') ?? {};
    expect(receivers?.kind === 'list' && receivers.openIds).toBe(list);
  });
});
