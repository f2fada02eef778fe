import { describe, expect, it } from 'vitest';
import { resultRow } from '../../../src/producer/api/result-row.ts';

describe('a line of results.csv', () => {
  it.each(['=1+1', '+1', '-1', '@SUM(A1)', '\tcmd', '\rcmd'])(
    'holds no formula for a spreadsheet, from whatever WeChat says: %j',
    (reason) => {
      const row = resultRow({
        no: 1,
        state: 'refused',
        size: 25,
        clientMsgId: 'key',
        attempts: 1,
        version: 1,
        error: { code: 'rejected', message: reason },
      });

      expect(row.replaceAll('"', '')).toContain(`,'${reason}`);
    },
  );
});
