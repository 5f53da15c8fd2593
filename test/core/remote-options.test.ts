import { describe, expect, it } from 'vitest';
import { parseRemoteOptions } from '../../core/remote-options.ts';

const of = { secret: '/migration/source_rclone_config', backend: 'webdav' };
const options = { url: 'https://dav.example.com', vendor: 'other', user: 'me', pass: 'b2JzY3VyZWQ' };

describe('the secret of an rclone source', () => {
  it('may be the JSON that rclone prints for the remote, or its section of rclone.conf', () => {
    expect(parseRemoteOptions(JSON.stringify({ type: 'webdav', ...options }), of)).toEqual(options);
    const section = `# mine\n[dav]\ntype = webdav\nurl = https://dav.example.com\nvendor=other\n\nuser = me\r\npass = b2JzY3VyZWQ\n`;
    expect(parseRemoteOptions(section, of)).toEqual(options);
    expect(parseRemoteOptions('{}', of), 'no options').toEqual({});
  });

  it('keeps numbers, switches and tokens as the texts that rclone wants', () => {
    const token = { access_token: 'a', expiry: '2026-01-01T00:00:00Z' };
    expect(
      parseRemoteOptions(JSON.stringify({ port: 22, copy_links: true, token, empty: '', none: null }), of),
    ).toEqual({ port: '22', copy_links: 'true', token: JSON.stringify(token), empty: '' });
    expect(parseRemoteOptions(`token = ${JSON.stringify(token)}`, of)).toEqual({
      token: JSON.stringify(token),
    });
  });

  it.each([
    ['', 'SecretMissing'],
    ['<paste here>', 'SecretMissing'],
    ['changeme', 'SecretMissing'],
    ['{"url":"https://x","pass":"<password>"}', 'SecretMissing'],
    ['["hush-hush"]', 'InvalidRequest'],
    ['hush-hush', 'InvalidRequest'],
    ['{"type":"drive","token":"hush-hush"}', 'InvalidRequest'],
    ['{"_root":"hush-hush"}', 'InvalidRequest'],
  ])('is refused, without a word of it in the message: %s', (text, name) => {
    let thrown: unknown;
    try {
      parseRemoteOptions(text, of);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ name });
    expect(String(thrown)).toContain('/migration/source_rclone_config');
    expect(String(thrown)).not.toContain('hush-hush');
  });
});
