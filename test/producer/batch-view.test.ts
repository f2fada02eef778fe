import { describe, expect, it } from 'vitest';
import { advance } from '../../src/shared/campaign/advance-batch.ts';
import { batchView } from '../../src/shared/contract/batch-view.ts';
import { at, receipt, submitting } from '../support/builders.ts';

const ID = '0123456789abcdefgh';
const accepted = (more: object) =>
  advance(submitting(), { type: 'accepted', msgId: '1000001', at: at('09:00:01'), ...more });

describe('the message data id of a batch', () => {
  it('is said to be unknown where the message id came without it, also once it is settled', () => {
    const adopted = accepted({ adopted: true });
    const settled = advance(adopted, {
      type: 'receipt-arrived',
      msgId: '1000001',
      receipt: receipt(),
      at: at('09:00:02'),
    });

    expect(batchView(ID, adopted, 'en')).toMatchObject({ msgDataId: null });
    expect(batchView(ID, settled, 'en')).toMatchObject({ msgDataId: null });
  });

  it('is there as WeChat gave it, and absent where WeChat has none', () => {
    expect(batchView(ID, accepted({ msgDataId: '7' }), 'en')).toMatchObject({ msgDataId: '7' });
    expect(batchView(ID, accepted({}), 'en')).not.toHaveProperty('msgDataId');
  });
});

describe('why a batch was refused', () => {
  it('is a code with facts, and a sentence in the language of whoever reads it', () => {
    const failure = {
      code: 'refused-by-wechat',
      errcode: 40003,
      path: 'message/mass/send',
    } as const;
    const refused = advance(submitting(), {
      type: 'refused',
      errcode: 40003,
      failure,
      at: at('09:00:01'),
    });

    expect(refused).toMatchObject({ state: 'refused', failure });
    expect(batchView(ID, refused, 'en').error).toEqual({
      ...failure,
      message: 'an OpenID is not a follower of this account (40003)',
    });
    expect(batchView(ID, refused, 'zh').error?.message).toContain('不是该公众号的关注者');
  });
});

describe('why a batch waits or is held', () => {
  it('is a code beside a sentence', () => {
    const held = advance(submitting(), {
      type: 'held',
      reason: 'message-id-missing',
      at: at('09:00:01'),
    });

    expect(batchView(ID, held, 'zh')).toMatchObject({
      reason: 'message-id-missing',
      message: expect.stringContaining('没有给出消息 ID'),
    });
  });
});
