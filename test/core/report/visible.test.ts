import fc from 'fast-check';
import { expect, test } from 'vitest';
import { keyText, visibleKey, visibleText } from '../../../core/report/visible.ts';

test.each([
  ['an ordinary key', 'raw/2019/take 3.mov', 'raw/2019/take 3.mov'],
  ['other scripts and emoji', 'مرحبا/日本語/हिन्दी/🎬', 'مرحبا/日本語/हिन्दी/🎬'],
  ['spaces at the ends', '  a b ', '\\u0020\\u0020a b\\u0020'],
  ['nothing but spaces', '  ', '\\u0020\\u0020'],
  ['controls', '\0\t\r\n\x7f\x85', '\\u0000\\t\\r\\n\\u007f\\u0085'],
  ['bidi overrides and isolates', '\u202e\u2066', '\\u202e\\u2066'],
  ['no-break and ideographic spaces', 'a\u00a0b\u3000c', 'a\\u00a0b\\u3000c'],
  ['joiners, byte order mark and soft hyphen', 'a\u200d\ufeff\u00ad', 'a\\u200d\\ufeff\\u00ad'],
  ['fillers and variation selectors', '\u3164\u115f\ufe0f', '\\u3164\\u115f\\ufe0f'],
  ['tag characters beyond the first plane', '\u{e0041}', '\\udb40\\udc41'],
  ['a lone surrogate', 'a\ud800', 'a\\ud800'],
  ['a backslash', 'a\\n', 'a\\\\n'],
  ['a decomposed letter', 'cafe\u0301', 'cafe\\u0301'],
])('%s can be read off', (_, key, shown) => {
  expect(keyText(key)).toBe(shown);
});

test('no two keys look the same, and the shown text leads back to the key as JSON', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary' }),
      (key) => JSON.parse(`"${keyText(key).replaceAll('"', '\\"')}"`) === key,
    ),
  );
});

test('only what stands for something else is marked', () => {
  expect(visibleKey('a\n\tb')).toEqual([
    { text: 'a', escaped: false },
    { text: '\\n\\t', escaped: true },
    { text: 'b', escaped: false },
  ]);
});

test('a message keeps its backslashes and blanks but no control character', () => {
  expect(visibleText(' C:\\x \x1b[31m\u202e ')).toBe(' C:\\x \\u001b[31m\\u202e ');
});
