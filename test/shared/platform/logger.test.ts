import { Redis } from 'ioredis';
import { describe, expect, inject, it } from 'vitest';
import { ServiceError } from '../../../src/shared/platform/errors.ts';
import { recordedLog } from '../../support/log-lines.ts';

const SECRET = 'do-not-log-me';

describe('a log line', () => {
  it('is one JSON object with the role and the event', () => {
    const { log, lines } = recordedLog();

    log.info({ event: 'batch.accepted', batch: 'spring-3' }, 'batch accepted');

    expect(lines).toMatchObject([
      {
        role: 'test',
        level: 'info',
        event: 'batch.accepted',
        batch: 'spring-3',
        msg: 'batch accepted',
      },
    ]);
  });

  it.each(['appSecret', 'access_token', 'encodingAesKey', 'password', 'openids', 'touser'])(
    'never shows %s, at the top or inside, in a line or in the fields of a child',
    (name) => {
      const { log, text, lines } = recordedLog();
      const hidden = { [name]: SECRET, other: 1 };
      const list = { [name]: [`"]${SECRET}`, { deeper: [SECRET] }] };

      log.info(hidden);
      log.info({ account: hidden });
      log.info({ request: { body: hidden } });
      log.info(list);
      log.child({ of: hidden, ...list }).info('from a child');
      log.error({ err: new ServiceError('CONFIG_INVALID', 'm', { details: { a: [hidden] } }) });

      expect(lines).toHaveLength(6);
      expect(text()).not.toContain(SECRET);
    },
  );

  it("never shows a url's query or password, in a field, a request or an error", () => {
    const { log, text, lines } = recordedLog();
    const url = `https://someone:${SECRET}@api.example/cgi-bin/get?access_token=${SECRET}&x=1`;

    log.info({ url });
    log.info({ url: new URL(url) });
    log.info({ req: { method: 'GET', url: `/wechat/default?signature=${SECRET}` } });
    log.error({ err: new Error(`GET ${url} failed`, { cause: new Error(`at ${url}`) }) });
    log.error({
      err: new AggregateError([new Error(url)], `several: /cgi-bin/x?secret=${SECRET}`),
    });

    expect(text()).not.toContain(SECRET);
    expect(lines[0]).toMatchObject({ url: 'https://api.example/cgi-bin/get' });
    expect(lines[2]).toMatchObject({ req: { method: 'GET', path: '/wechat/default' } });
    expect(lines[3]).toMatchObject({
      err: {
        type: 'Error',
        message: 'GET https://api.example/cgi-bin/get failed',
        cause: { message: 'at https://api.example/cgi-bin/get' },
      },
    });
  });

  it('never shows an OpenID, wherever somebody put it', () => {
    const { log, text, lines } = recordedLog();
    const openId = 'or-bfHlRfSRuSKUKCU4TUHC4_Vfe';

    log.info({ req: { method: 'GET', url: `/v1/campaigns/${openId}/batches` } });
    log.info({ pushed: openId, list: [openId] }, `of ${openId}`);
    log.error({ err: new Error(`two lines:\n${openId}`) });
    log.info({ batch: `a${openId}`, campaign: `${openId}-1` });

    expect(text().match(new RegExp(openId, 'g'))).toHaveLength(2);
    expect(lines[0]).toMatchObject({ req: { path: '/v1/campaigns/o…/batches' } });
    expect(lines[3]).toMatchObject({ batch: `a${openId}`, campaign: `${openId}-1` });
  });

  it('never shows what a refused Redis command carried', async () => {
    const { log, text } = recordedLog();
    const redis = new Redis(inject('redisUrl'));
    const refused: unknown = await redis
      .call('SET', SECRET, SECRET, 'no-such-option')
      .catch((error: unknown) => error);
    redis.disconnect();

    log.error({ err: refused });

    expect(text()).toContain('ReplyError');
    expect(text()).not.toContain(SECRET);
  });

  it('tells an error with its code, its details and where it was thrown', () => {
    const { log, lines } = recordedLog();

    log.error({
      err: new ServiceError('MEDIA_MISSING', 'no such file', { details: { mediaId: 'm_1' } }),
    });

    expect(lines[0]).toMatchObject({
      err: {
        type: 'ServiceError',
        code: 'MEDIA_MISSING',
        message: 'no such file',
        details: { mediaId: 'm_1' },
        stack: expect.stringContaining('logger.test.ts'),
      },
    });
  });
});
