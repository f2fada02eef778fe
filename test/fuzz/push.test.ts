/**
 * Pushes that were tampered with, by somebody who knows how they are made.
 */
import fc from 'fast-check';
import { Agent, request } from 'undici';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Arrival } from '../../src/shared/record/receipt-store.ts';
import { openEnvelope } from '../../src/shared/wechat/push/open-envelope.ts';
import { startDoor } from '../callback/start-door.ts';
import {
  type MadePush,
  NOW,
  PLAIN,
  plainPush,
  SAFE,
  safePush,
} from '../shared/wechat/push/make-push.ts';
import { apply, changeBy, law, patience } from './changes.ts';
import { EVENT, PUSH_PIECES } from './laws.ts';

const RUNS = 400;
/** Through the door each takes a request: of a million pushes, ten thousand do. */
const AT_DOOR = process.env.FUZZ_RUNS ? Number(process.env.FUZZ_RUNS) / 100 : RUNS;

const REFUSALS = [400, 401, 413, 415];
/** What stands in it. */
const SEALED = {
  msgId: '1000001625',
  receipt: { status: 'delivered', total: 100, eligible: 80, sent: 75, failed: 5 },
};

const change = changeBy(PUSH_PIECES);

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

const tampering = fc.record({
  query: fc.array(queryChange, { maxLength: 2 }),
  body: fc.array(change, { maxLength: 4 }),
  contentType,
});

const SAFE_WAYS = [
  ['safe', () => safePush(EVENT)],
  ['safe, in JSON', () => safePush(EVENT, { json: true })],
  ['compatible', () => safePush(EVENT, { compatible: true })],
] satisfies [string, () => MadePush][];

const isSigned = (push: MadePush, query: URLSearchParams): boolean =>
  ['signature', 'timestamp', 'nonce'].every(
    (name) => query.getAll(name).join() === push.query[name],
  );

describe('a push that was tampered with', () => {
  it.each(SAFE_WAYS)(
    'and is %s changes nothing: what WeChat sealed is read, or nothing is',
    async (_, make) => {
      await law(RUNS, tampering, ({ query, body, contentType }) => {
        const push = make();
        const changed = { query: changedQuery(push.query, query), contentType };

        const opened = openEnvelope(SAFE, { ...changed, body: apply(push.body, body) }, NOW);

        if (opened.ok) expect(opened).toMatchObject({ trusted: true, event: { ...SEALED } });
        else expect(REFUSALS).toContain(opened.status);
      });
    },
    patience(RUNS),
  );

  it(
    'and is plain is never trusted',
    async () => {
      await law(RUNS, tampering, ({ query, body, contentType }) => {
        const push = plainPush();
        const changed = { query: changedQuery(push.query, query), contentType };

        const opened = openEnvelope(PLAIN, { ...changed, body: apply(push.body, body) }, NOW);

        if (opened.ok) expect(opened.trusted).toBe(false);
        if (!isSigned(push, changed.query)) expect(opened.ok).toBe(false);
      });
    },
    patience(RUNS),
  );

  it.each([...SAFE_WAYS, ['plain', () => plainPush()]] satisfies [string, () => MadePush][])(
    'and is %s is taken as it is read, and answered alike by the whole callback',
    async (name, make) => {
      const { door, taken, send } = await fuzzedDoor();
      const account = name === 'plain' ? 'plain' : 'safe';

      await law(AT_DOOR, tampering, async (tampered) => {
        const push = make();
        taken.length = 0;
        const query = changedQuery(push.query, tampered.query);

        const status = await send(account, {
          query,
          contentType: tampered.contentType,
          body: apply(push.body, tampered.body),
        });

        expect([200, ...REFUSALS]).toContain(status);
        if (!isSigned(push, query) && account === 'plain') expect(status).not.toBe(200);
        if (account === 'safe') expect(taken).toHaveLength(status === 200 ? 1 : 0);
        for (const { arrival } of taken) {
          expect(arrival.trusted).toBe(account === 'safe');
          if (account === 'safe') expect(arrival).toMatchObject(SEALED);
        }
      });
      expect(door.facts.filter(({ type }) => type === 'request-failed')).toEqual([]);
    },
    patience(RUNS),
  );
});
