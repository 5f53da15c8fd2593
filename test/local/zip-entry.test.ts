import { describe, expect, it } from 'vitest';
import { zipEntry } from '../../local/rclone/zip-entry.ts';
import { zipOf } from './zip-of.ts';

describe('one file of a zip archive', () => {
  const entries = [
    { name: 'rclone/README', content: Buffer.from('read me'), deflated: false },
    { name: 'rclone/rclone', content: Buffer.from('program '.repeat(500)), deflated: true },
  ];

  it('is read, packed or plain', () => {
    const archive = zipOf(entries, 'a comment');
    expect(zipEntry(archive, (name) => name.endsWith('/rclone')).toString()).toBe('program '.repeat(500));
    expect(zipEntry(archive, (name) => name === 'rclone/README').toString()).toBe('read me');
  });

  it.each([
    ['is not in it', zipOf(entries.slice(0, 1)), 'None of the 1 files'],
    ['is damaged', zipOf([{ name: 'rclone', content: Buffer.from('x'), deflated: true, crc: 1 }]), 'CRC'],
    [
      'is packed in an unknown way',
      zipOf([{ name: 'rclone', content: Buffer.from('x'), deflated: false, method: 14 }]),
      'method 14',
    ],
    ['was cut off', zipOf(entries).subarray(0, 100), 'only the beginning'],
    ['is empty', Buffer.alloc(0), 'no zip archive'],
  ])('is refused when it %s', (_, archive, sentence) => {
    expect(() => zipEntry(archive, (name) => /(^|\/)rclone$/.test(name))).toThrow(sentence);
  });
});
