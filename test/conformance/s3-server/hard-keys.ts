/** Legal keys that break servers which treat keys as paths, trim them, or decode them twice. */
export const HARD_KEYS: readonly string[] = [
  'plain.txt',
  'with space and  two',
  'hash#mark',
  'semi;colon',
  'question?mark=1&x',
  'plus+sign',
  'percent%41',
  'percent%2Fslash',
  `quotes"'`,
  '<&>',
  'tilde~star*(bracket)!',
  'trailing dot.',
  'trailing space ',
  ' leading space',
  'dir/a',
  'dir/a/b',
  'täxt-ünïcode',
  'decomposed-e\u0301',
  'composed-\u00e9',
  'astral-\u{1f600}',
  'replacement-\ufffd',
  'quote-\u201b',
  'control-pictures-\u2400\u2401\u240a\u2421',
  'fullwidth-\uff0f\uff0e',
];

/** Keys with empty, `.` or `..` segments, which some stores and clients resolve as if they were paths. */
export const PATH_LIKE_KEYS: readonly string[] = [
  'a//b',
  'back\\slash',
  '/lead',
  '//',
  'trail/',
  'd/./x',
  'd/../x',
  '..',
  '.',
  '/../up',
  './here',
];

/** Keys with characters that XML 1.0 cannot carry plainly. */
export const CONTROL_KEYS: readonly string[] = [
  'new\nline',
  'tab\tstop',
  'carriage\rreturn',
  'one-\u0001',
  'escape-\u001b[0m',
  'delete-\u007f',
  'not-a-character-\ufffe',
  'not-a-character-\uffff',
  '\n',
  ' ',
];

/** As long as a key may be: 1,024 bytes, here as one-byte and as four-byte characters. */
export const LONGEST_KEYS: readonly string[] = [
  `long-${'x'.repeat(1019)}`,
  '\u{1f5ff}'.repeat(256),
  `${'deep/'.repeat(204)}file`,
];
