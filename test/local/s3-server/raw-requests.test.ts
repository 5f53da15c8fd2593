import { createHash } from 'node:crypto';
import { connect } from 'node:net';
import { crc32 } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type S3Server, startS3Server } from '../../../local/s3-server/s3-server.ts';

describe('requests as they stand on the wire', () => {
  let server: S3Server;
  beforeAll(async () => {
    server = await startS3Server({ buckets: ['raw'] });
  });
  afterAll(() => server.stop());

  /** Sends bytes as they are, where fetch() would tidy the path, and gives the whole answer. */
  const send = (head: string, body: string | Uint8Array = ''): Promise<string> =>
    new Promise((resolve, reject) => {
      const socket = connect(server.port, '127.0.0.1');
      const answer: Buffer[] = [];
      socket.on('data', (chunk) => answer.push(chunk));
      socket.on('end', () => resolve(Buffer.concat(answer).toString('utf8')));
      socket.on('error', reject);
      const bytes = Buffer.from(body);
      const [line, ...headers] = head.split('\n');
      const length = bytes.length > 0 ? [`Content-Length: ${bytes.length}`] : [];
      const lines = [
        `${line} HTTP/1.1`,
        'Host: 127.0.0.1',
        'Connection: close',
        ...headers,
        ...length,
        '',
        '',
      ];
      socket.write(Buffer.concat([Buffer.from(lines.join('\r\n')), bytes]));
    });
  const status = (answer: string) => Number(answer.split(' ')[1]);
  const bodyOf = (answer: string) => answer.slice(answer.indexOf('\r\n\r\n') + 4);
  const codeOf = (answer: string) => /<Code>(\w+)<\/Code>/.exec(answer)?.[1];

  it('takes dots, empty segments and plus signs in a path for what they are', async () => {
    for (const path of ['/raw/a/../b', '/raw//a', '/raw/a/./b', '/raw/a+b']) {
      expect(status(await send(`PUT ${path}`, path))).toBe(200);
    }
    for (const path of ['/raw/a/../b', '/raw//a', '/raw/a/./b', '/raw/a+b']) {
      expect(bodyOf(await send(`GET ${path}`))).toBe(path);
    }
    expect(bodyOf(await send('GET /raw/a%2Bb'))).toBe('/raw/a+b');
    expect(status(await send('GET /raw/b'))).toBe(404);
  });

  it('shows characters that XML has no place for as numeric references when no encoding was asked for', async () => {
    await send('PUT /raw/xml/%01%0D%0A%09%22%3C%26%EF%BF%BE', 'x');
    const list = await send('GET /raw?list-type=2&prefix=xml/');
    expect(list).toContain('<Key>xml/&#x1;&#xD;\n\t&quot;&lt;&amp;&#xFFFE;</Key>');
  });

  it('refuses paths that are not UTF-8', async () => {
    expect(codeOf(await send('GET /raw/%C3%28'))).toBe('InvalidURI');
    expect(codeOf(await send('GET /raw/%ED%A0%80'))).toBe('InvalidURI');
  });

  it('calls an object binary/octet-stream when nobody said what it is', async () => {
    await send('PUT /raw/untyped', 'x');
    expect(await send('HEAD /raw/untyped')).toMatch(/content-type: binary\/octet-stream/i);
  });

  it('says NotImplemented to operations of S3 that it does not have, and does nothing', async () => {
    const lines = ['PUT /raw/x?retention', 'PUT /raw?versioning', 'GET /raw?versions', 'POST /raw/x?restore'];
    for (const line of [...lines, 'GET /raw/x?attributes', 'POST /raw', 'PUT /raw/x?acl', 'PATCH /raw/x']) {
      expect([line, codeOf(await send(line, 'body'))]).toEqual([line, 'NotImplemented']);
    }
    expect(status(await send('GET /raw/x'))).toBe(404);
  });

  it('answers the probes of clients as a bucket would that nobody configured', async () => {
    expect(await send('GET /raw?versioning')).toContain('<VersioningConfiguration');
    expect(await send('GET /raw?acl')).toContain('FULL_CONTROL');
    expect(codeOf(await send('GET /raw?object-lock'))).toBe('ObjectLockConfigurationNotFoundError');
    expect(codeOf(await send('GET /raw?policy'))).toBe('NoSuchBucketPolicy');
    expect(codeOf(await send('GET /nowhere?versioning'))).toBe('NoSuchBucket');
  });

  it('gives refusals as XML with the key and a request id, and to HEAD without a body', async () => {
    const refusal = await send('GET /raw/not<there');
    expect(refusal).toMatch(/<Error><Code>NoSuchKey<\/Code>.*<Key>not&lt;there<\/Key>.*<RequestId>\w+</);
    const head = await send('HEAD /raw/not-there');
    expect([status(head), bodyOf(head)]).toEqual([404, '']);
  });

  it('takes aws-chunked bodies apart, signed or not, with or without a trailer', async () => {
    const data = 'x'.repeat(70_000);
    const signed = `${(65_536).toString(16)};chunk-signature=${'0'.repeat(64)}\r\n${data.slice(0, 65_536)}\r\n`;
    const rest = `${(70_000 - 65_536).toString(16)};chunk-signature=${'1'.repeat(64)}\r\n${data.slice(65_536)}\r\n`;
    const framing = `\nx-amz-content-sha256: STREAMING-AWS4-HMAC-SHA256-PAYLOAD\nx-amz-decoded-content-length: 70000\nContent-Encoding: aws-chunked,gzip`;
    const answer = await send(
      `PUT /raw/chunked${framing}`,
      `${signed}${rest}0;chunk-signature=${'2'.repeat(64)}\r\n\r\n`,
    );
    expect(answer).toContain(createHash('md5').update(data).digest('hex'));
    const head = await send('HEAD /raw/chunked');
    expect(head).toMatch(/content-encoding: gzip\r\n/i);
    expect(head).toMatch(/content-length: 70000\r\n/i);
  });

  it('checks what a trailer says of an aws-chunked body', async () => {
    const head = (length: number) =>
      `\nx-amz-content-sha256: STREAMING-UNSIGNED-PAYLOAD-TRAILER\nx-amz-trailer: x-amz-checksum-crc32\nx-amz-decoded-content-length: ${length}`;
    const sum = Buffer.alloc(4);
    sum.writeUInt32BE(crc32('hello'));
    const body = (checksum: string) => `5\r\nhello\r\n0\r\nx-amz-checksum-crc32:${checksum}\r\n\r\n`;
    expect(status(await send(`PUT /raw/trailed${head(5)}`, body(sum.toString('base64'))))).toBe(200);
    expect(codeOf(await send(`PUT /raw/mistrailed${head(5)}`, body('AAAAAA==')))).toBe('BadDigest');
    expect(codeOf(await send(`PUT /raw/mistrailed${head(6)}`, body(sum.toString('base64'))))).toBe(
      'IncompleteBody',
    );
    expect(codeOf(await send(`PUT /raw/mistrailed${head(5)}`, '5\r\nhello'))).toBe('IncompleteBody');
    expect(status(await send('GET /raw/mistrailed'))).toBe(404);
  });

  it('checks the payload hash that a signature covers, and stores nothing when it is wrong', async () => {
    const wrong = createHash('sha256').update('other').digest('hex');
    expect(codeOf(await send(`PUT /raw/mismatch\nx-amz-content-sha256: ${wrong}`, 'x'))).toBe(
      'XAmzContentSHA256Mismatch',
    );
    expect(status(await send('GET /raw/mismatch'))).toBe(404);
  });

  it('keeps no half of an object whose sender went away', async () => {
    await new Promise<void>((resolve) => {
      const socket = connect(server.port, '127.0.0.1');
      socket.on('close', () => resolve());
      socket.write('PUT /raw/half HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nonly this', () =>
        socket.destroy(),
      );
    });
    expect(status(await send('GET /raw/half'))).toBe(404);
  });

  it('reads keys out of XML however they are written, and refuses what is no XML', async () => {
    const keys = ['a&b', ' spaced ', '\u0001', '<c>', '\r'];
    for (const key of keys) await send(`PUT /raw/del/${encodeURIComponent(key)}`, 'x');
    const names = ['del/a&amp;b', 'del/ spaced ', 'del/&#1;', '<![CDATA[del/<c>]]>', 'del/&#xD;'];
    const objects = names.map((name) => `<Object><Key>${name}</Key></Object>`).join('\n');
    const remove = (xml: string) =>
      send(`POST /raw?delete\nContent-MD5: ${createHash('md5').update(xml).digest('base64')}`, xml);
    const answer = await remove(`<?xml version="1.0"?><Delete xmlns="x"><!-- all -->${objects}</Delete>`);
    expect(answer.match(/<Deleted>/g)).toHaveLength(keys.length);
    expect(await send('GET /raw?list-type=2&prefix=del/')).toContain('<KeyCount>0<');
    for (const wrong of ['<Delete>', 'text', '<Delete></Object>', '<!DOCTYPE x><Delete/>', '<Delete/>']) {
      expect([wrong, codeOf(await remove(wrong))]).toEqual([wrong, 'MalformedXML']);
    }
    expect(codeOf(await send('POST /raw?delete', '<Delete/>'))).toBe('InvalidRequest');
  });

  it('gives a KMS object an ETag that is not its MD5', async () => {
    const head =
      '\nx-amz-server-side-encryption: aws:kms\nx-amz-server-side-encryption-aws-kms-key-id: key/1';
    const put = await send(`PUT /raw/kms${head}`, 'content');
    expect(put).toMatch(/x-amz-server-side-encryption-aws-kms-key-id: key\/1/);
    expect(put).toMatch(/etag: "[0-9a-f]{32}"/);
    expect(put).not.toContain(createHash('md5').update('content').digest('hex'));
    expect(await send('HEAD /raw/kms')).toContain('x-amz-server-side-encryption: aws:kms');
  });

  it('requires a length for what it stores', async () => {
    const chunked = 'PUT /raw/endless\nTransfer-Encoding: chunked';
    expect(codeOf(await send(`${chunked}\n\n0\n\n`))).toBe('MissingContentLength');
  });
});
