import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keyOfName, nameOfKey } from '../../../adapters/rclone/remote-names.ts';

describe('names that rclone lists', () => {
  it('become keys with the control characters that they stand for, and are found again by them', () => {
    expect(keyOfName('a␉b/c␊␡')).toEqual({ key: 'a\tb/c\n\u007f' });
    expect(nameOfKey('a\tb/c\n\u007f')).toBe('a␉b/c␊␡');
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (key) => {
        fc.pre(!/[\u201b\u2400-\u2421\ufffd\u0000]/.test(key));
        expect(keyOfName(nameOfKey(key))).toEqual({ key });
      }),
    );
  });

  it('are a problem where rclone quotes something or writes a name that is none', () => {
    for (const name of ['a‛␁', 'a‛‛', 'a‛FE', 'a␀', 'a\ufffd'])
      expect(keyOfName(name)).toEqual({ key: name, problem: expect.stringContaining('Rename it') });
  });
});
