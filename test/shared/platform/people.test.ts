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

  it.each([
    ['N is no power of two', 'scrypt$16385$8$1'],
    ['N is 0', 'scrypt$0$8$1'],
    ['a guess costs almost nothing', 'scrypt$2$8$1'],
    ['a guess costs more memory than Node gives', 'scrypt$1048576$8$1'],
    ['a guess takes minutes', 'scrypt$16384$8$5000'],
  ])('takes no hash whose cost is not one to pay at each login: %s', async (_, cost) => {
    const whole = await hashPassword('a password');
    const odd = whole.replace(/^scrypt\$\d+\$\d+\$\d+/, cost);

    expect(read(odd)).toMatchObject({ operators: [], issues: [expect.anything()] });
    expect(read(odd).issues).toHaveLength(1);
  });
});
