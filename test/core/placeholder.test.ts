import { expect, test } from 'vitest';
import { isPlaceholder } from '../../core/placeholder.ts';

test.each([
  '',
  '  \n',
  'changeme',
  'CHANGE_ME',
  'change-me',
  'replace me',
  'placeholder',
  'TODO',
  'to-do',
  'tbd',
  'your-access-key',
  'YOUR_SECRET_KEY',
  'fill-me-in',
  'fillme',
  '<access key>',
  '{access_key}',
  '\u0024{ACCESS_KEY}',
  '{}',
  'xxx',
  'XXXXXXXX',
  '***',
  '...',
])('%j is a placeholder', (value) => {
  expect(isPlaceholder(value)).toBe(true);
  expect(isPlaceholder(` ${value}\n`)).toBe(true);
});

test.each([
  'AKIAIOSFODNN7EXAMPLE',
  'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  'https://s3.us-south.example.com',
  'xx',
  'xxxa',
  'mychangeme',
  'a<b>',
  'yourself',
  'placeholder2',
  '-',
])('%j is a value', (value) => {
  expect(isPlaceholder(value)).toBe(false);
});
