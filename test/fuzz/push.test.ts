/**
 * Pushes that were tampered with, by somebody who knows how they are made.
 */
import fc from 'fast-check';
import { Agent, request } from 'undici';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Arrival } from '../../src/shared/record/receipt-store.ts';
import { startDoor } from '../callback/start-door.ts';
import {
  finishedXml,
  type MadePush,
  plainPush,
  SAFE,
  safePush,
  sealed,
  sealedPush,
  textXml,
} from '../shared/wechat/push/make-push.ts';
import { apply, changeBy, law, patience } from './changes.ts';

const RUNS = 400;

const REFUSALS = [400, 401, 413, 415];
const EVENT = finishedXml({ to: SAFE.originalId });
/** What stands in it. */
const SEALED = {
  msgId: '1000001625',
  trusted: true,
  receipt: { status: 'delivered', total: 100, eligible: 80, sent: 75, failed: 5 },
};

const PIECES = [
  ...[
    '<!DOCTYPE x [<!ENTITY a "b">]>',
    '<![CDATA[',
    ']]>',
    '<xml>',
    '</xml>',
    '<!--',
    '-->',
    '<?x ?>',
  ],
  ...[
    '<MsgID>666</MsgID>',
    '<MsgId>666</MsgId>',
    '<SentCount>0</SentCount>',
    '<Encrypt>AAAA</Encrypt>',
  ],
  ...['<Status>err(20001)</Status>', '<ToUserName>gh_x</ToUserName>', '<__proto__>1</__proto__>'],
  ...['{"MsgID":', '"Encrypt":"', '{', '}', '[', '"', '\\', '&#65;', '&lt;', '\0', '\uFEFF', '😀'],
  ...['18446744073709551616', '-1', '1e400', '<a>'.repeat(50), '['.repeat(500), 'A'.repeat(70_000)],
];

const change = changeBy(PIECES);
const changes = fc.array(change, { minLength: 1, maxLength: 4 });

const NAMES = ['signature', 'msg_signature', 'timestamp', 'nonce', 'encrypt_type', 'openid'];
const VALUES = [
  '',
  'aes',
  'raw',
  '0',
  '-1',
  '1e9',
  'NaN',
  '0'.repeat(40),
  'x'.repeat(300),
  '\0',
  '%',
];
const queryChange = fc.record({
  kind: fc.constantFrom('drop', 'set', 'double'),
  name: fc.constantFrom(...NAMES),
  value: fc.oneof(fc.constantFrom(...VALUES), fc.string({ maxLength: 20 })),
});

function changedQuery(
  query: Record<string, string>,
  all: readonly { kind: string; name: string; value: string }[],
): URLSearchParams {
  const changed = new URLSearchParams(query);
  for (const { kind, name, value } of all) {
    if (kind === 'drop') changed.delete(name);
    if (kind === 'set') changed.set(name, value);
    if (kind === 'double') changed.append(name, value);
  }
  return changed;
}

const contentType = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom('text/xml', 'application/json') },
  fc.constantFrom('', 'text/html', 'text/xml; charset=utf-16', 'multipart/form-data', 'x'),
);

async function fuzzedDoor() {
  const taken: { account: string; arrival: Arrival }[] = [];
  const door = await startDoor(
    { onTestFinished },
    {
      async take(account, arrival) {
        taken.push({ account, arrival });
        return arrival.trusted ? 'settled' : 'unconfirmed';
      },
    },
  );
  const client = new Agent();
  onTestFinished(() => client.destroy());

  return {
    door,
    taken,
    async send(
      account: string,
      push: { query: URLSearchParams; contentType: string; body: Buffer },
    ): Promise<number> {
      const response = await request(`${door.url}/wechat/${account}?${push.query}`, {
        dispatcher: client,
        method: 'POST',
        headers: { 'content-type': push.contentType },
        body: push.body,
      });
      const body = await response.body.text();
      expect(body).toBe(response.statusCode === 200 ? 'success' : '');
      return response.statusCode;
    },
  };
}

const run = <T>(arbitrary: fc.Arbitrary<T>, holds: (value: T) => Promise<void>): Promise<void> =>
  law(RUNS, arbitrary, holds);

const tampering = fc.record({
  query: fc.array(queryChange, { maxLength: 2 }),
  body: fc.array(change, { maxLength: 4 }),
  contentType,
});

describe('a push that was tampered with', () => {
  it.each([
    ['safe', () => safePush(EVENT)],
    ['safe, in JSON', () => safePush(EVENT, { json: true })],
    ['compatible', () => safePush(EVENT, { compatible: true })],
  ] satisfies [string, () => MadePush][])(
    'and is %s changes nothing: what WeChat sealed is taken, or nothing is',
    async (_, make) => {
      const { door, taken, send } = await fuzzedDoor();

      await run(tampering, async (tampered) => {
        const push = make();
        taken.length = 0;

        const status = await send('safe', {
          query: changedQuery(push.query, tampered.query),
          contentType: tampered.contentType,
          body: apply(push.body, tampered.body),
        });

        expect([200, ...REFUSALS]).toContain(status);
        expect(taken).toHaveLength(status === 200 ? 1 : 0);
        for (const { arrival } of taken) expect(arrival).toMatchObject(SEALED);
      });
      expect(door.facts.filter(({ type }) => type === 'request-failed')).toEqual([]);
    },
    patience(RUNS),
  );

  it(
    'inside of its seal is refused, every time',
    async () => {
      const { taken, send } = await fuzzedDoor();

      await run(fc.tuple(changes, fc.boolean()), async ([all, json]) => {
        const encrypt = sealed(EVENT);
        const other = apply(encrypt, all)
          .toString('latin1')
          .replaceAll(/[^A-Za-z0-9+/=]/g, '');
        fc.pre(other !== encrypt);
        const push = sealedPush(encrypt, EVENT, { json });

        const status = await send('safe', {
          query: new URLSearchParams(push.query),
          contentType: push.contentType,
          body: Buffer.from(push.body.replace(encrypt, other)),
        });

        expect([400, 401, 413]).toContain(status);
        expect(taken).toEqual([]);
      });
    },
    patience(RUNS),
  );

  it(
    'and is plain is never trusted',
    async () => {
      const { door, taken, send } = await fuzzedDoor();

      await run(tampering, async (tampered) => {
        const push = plainPush();
        taken.length = 0;
        const query = changedQuery(push.query, tampered.query);

        const status = await send('plain', {
          query,
          contentType: tampered.contentType,
          body: apply(push.body, tampered.body),
        });

        expect([200, ...REFUSALS]).toContain(status);
        for (const { arrival } of taken) expect(arrival.trusted).toBe(false);
        const isSigned = ['signature', 'timestamp', 'nonce'].every(
          (name) => query.getAll(name).join() === push.query[name],
        );
        if (!isSigned) expect(status).not.toBe(200);
      });
      expect(door.facts.filter(({ type }) => type === 'request-failed')).toEqual([]);
    },
    patience(RUNS),
  );

  it(
    'before WeChat itself sealed it never breaks anything',
    async () => {
      const { door, send } = await fuzzedDoor();
      const messages = [
        EVENT,
        textXml({ to: SAFE.originalId }),
        '{"ToUserName":"gh_00000000000b","MsgType":"event","Event":"MASSSENDJOBFINISH","MsgID":1}',
      ];

      await run(fc.tuple(fc.constantFrom(...messages), changes), async ([message, all]) => {
        const encrypt = sealed(apply(message, all).toString('utf8'));
        const push = sealedPush(encrypt, '');

        const status = await send('safe', {
          query: new URLSearchParams(push.query),
          contentType: push.contentType,
          body: Buffer.from(push.body),
        });

        expect([200, ...REFUSALS]).toContain(status);
      });
      expect(door.facts.filter(({ type }) => type === 'request-failed')).toEqual([]);
    },
    patience(RUNS),
  );
});
