import { describe, expect, it } from 'vitest';
import { hashPassword, readPeople } from '../../../src/shared/platform/people.ts';

const read = (scrypt: string) =>
  readPeople({ OPERATORS_FILE: 'operators.json' }, () =>
    JSON.stringify([{ name: 'ann', scrypt, accounts: ['shop'], may: ['read'] }]),
  );

describe('OPERATORS_FILE', () => {
  it('takes a whole hash, and none that was cut short: it would fit other passwords', async () => {
    const whole = await hashPassword('a password');
    expect(read(whole)).toMatchObject({ operators: [{ name: 'ann' }], issues: [] });

    for (const cut of [whole.slice(0, -1), whole.slice(0, -41), whole.slice(0, -43)]) {
      expect(read(cut)).toMatchObject({ operators: [], issues: [{ setting: expect.any(String) }] });
    }
  });
});
