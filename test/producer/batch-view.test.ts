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

    expect(batchView(ID, adopted)).toMatchObject({ msgDataId: null });
    expect(batchView(ID, settled)).toMatchObject({ msgDataId: null });
  });

  it('is there as WeChat gave it, and absent where WeChat has none', () => {
    expect(batchView(ID, accepted({ msgDataId: '7' }))).toMatchObject({ msgDataId: '7' });
    expect(batchView(ID, accepted({}))).not.toHaveProperty('msgDataId');
  });
});
