import { describe, expect, it } from 'vitest';
import { carrierFor } from '../../../core/transfer/carrier.ts';

describe('the tool that moves a key', () => {
  it.each([
    'a',
    'photos/2024/cat.jpg',
    ' leading and trailing ',
    'a + b & c = 100%25?#.txt',
    'dots.../..hidden/.profile/end.',
    'back\\slash, "quotes", ~tilde, {braces}',
    'naïve/Ünïcode/日本語/العربية',
    'e\u0301 is not é',
    'emoji/🐈‍⬛/👩🏽‍🚀',
    '-v2020-01-02-030405-000.txt',
    `${'x'.repeat(1024)}`,
  ])('is rclone for %j', (key) => {
    expect(carrierFor({ key, to: key })).toBe('rclone');
  });

  it.each([
    ['an empty segment', 'a//b'],
    ['a leading slash', '/a'],
    ['a trailing slash', 'folder/'],
    ['a slash alone', '/'],
    ['a dot segment', 'a/./b'],
    ['two dots at the end', 'a/..'],
    ['a dot alone', '.'],
    ['a newline', 'two\nlines'],
    ['U+0000', 'a\u0000b'],
    ['DEL', 'a\u007fb'],
    ['a picture of a control character', 'a␀b'],
    ["rclone's quote", 'a‛b'],
    ['a full-width slash', 'a／b'],
    ['a full-width dot', '．'],
    ['a code point that is no character', 'a\uffff'],
    ['one outside the basic plane', 'a\u{1fffe}'],
    ['the very last one', '\u{10ffff}'],
    ['half a surrogate pair', 'a\ud83d'],
    ['nothing', ''],
  ])('is the SDK for a key with %s, at the source or at the destination', (_, key) => {
    expect(carrierFor({ key, to: 'plain' })).toBe('direct');
    expect(carrierFor({ key: 'plain', to: key })).toBe('direct');
  });
});
