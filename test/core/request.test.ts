import { describe, expect, test } from 'vitest';
import { parseRequest, Request } from '../../core/request.ts';
import { inputWith, refusalOf } from './request-inputs.ts';

describe('a request that names only two buckets', () => {
  test('gets every default', () => {
    expect(
      parseRequest({ source: { bucket: 'media-archive' }, destination: { bucket: 'archive' } }),
    ).toStrictEqual({
      source: {
        type: 's3',
        provider: 'Other',
        bucket: 'media-archive',
        prefix: '',
        region: 'us-east-1',
        requestsPerSecond: null,
      },
      destination: {
        bucket: 'archive',
        prefix: '',
        region: 'us-east-1',
        storageClass: null,
        kmsKeyId: null,
      },
      select: {
        include: ['**'],
        exclude: [],
        minBytes: 0,
        maxBytes: null,
        modifiedAfter: null,
        modifiedBefore: null,
      },
      rules: [],
      existing: 'replace-if-different',
      batch: { maxObjects: 20, maxBytes: 8 * 1024 ** 3 },
      fleet: { maxWorkers: 20, bandwidth: null },
      partition: { strategy: 'queue' },
      verify: { compare: 'checksum', contentSample: 0, repairRounds: 3 },
      costTags: {},
    });
  });
});

describe('a request that says everything', () => {
  const everything = {
    source: {
      type: 's3',
      provider: 'IBMCOS',
      bucket: 'media-archive',
      prefix: 'raw/ä//',
      region: 'us-south',
      endpoint: 'https://s3.us-south.example.com:9000',
      secrets: {
        accessKey: '/a',
        secretKey: '/b',
        sessionToken: '/c',
        endpoint: '/d',
      },
      requestsPerSecond: 0.5,
    },
    destination: {
      bucket: 'archive',
      prefix: 'ibm/',
      region: 'eu-central-1',
      storageClass: 'DEEP_ARCHIVE',
      kmsKeyId: 'alias/k',
      endpoint: 'http://127.0.0.1:1',
      secrets: { accessKey: '/e', secretKey: '/f' },
    },
    select: {
      include: ['raw/**'],
      exclude: ['**/tmp/*', '*.{bak,old}'],
      minBytes: '1 KiB',
      maxBytes: '5 TiB',
      modifiedAfter: '2026-01-31T00:00:00Z',
      modifiedBefore: '2026-01-31T00:00:00-01:00',
    },
    rules: [
      { match: '**' },
      {
        match: 'raw/*.mov',
        storageClass: 'GLACIER_IR',
        tags: { team: 'media', empty: '' },
        metadata: { origin: 'ibm' },
        rename: { prefix: 'raw/', to: '' },
      },
    ],
    existing: 'keep',
    objectTags: 'ignore',
    batch: { maxObjects: 1000, maxBytes: '1 GB' },
    fleet: { maxWorkers: 1000, bandwidth: '10 MiB' },
    partition: { strategy: 'queue' },
    verify: { compare: 'size', contentSample: 1, repairRounds: 0 },
    costTags: { project: 'exit' },
  };

  test('is taken as it is, sizes in bytes', () => {
    expect(parseRequest(everything)).toStrictEqual({
      ...everything,
      select: { ...everything.select, minBytes: 1024, maxBytes: 5 * 1024 ** 4 },
      batch: { maxObjects: 1000, maxBytes: 1e9 },
      fleet: { maxWorkers: 1000, bandwidth: 10 * 1024 ** 2 },
    });
  });

  test('parses to itself once it is resolved, also after a trip through a state payload', () => {
    const once = parseRequest(everything);
    expect(parseRequest(once)).toStrictEqual(once);
    expect(Request.parse(JSON.parse(JSON.stringify(once)))).toStrictEqual(once);
  });
});

describe('what is not an object', () => {
  test.each([
    ['nothing at all', undefined, 'the request is missing. Add it: it must be an object { … }.'],
    ['null', null, 'the request is null, but must be an object { … }.'],
    ['text', 'x', 'the request is "x", but must be an object { … }.'],
    ['a list', [], 'the request is [], but must be an object { … }.'],
    [
      'an empty object',
      {},
      'source is missing. Add it: it must be an object { … }.\ndestination is missing. Add it: it must be an object { … }.',
    ],
  ])('%s is refused', (_, input, message) => {
    expect(refusalOf(input)).toBe(message);
  });
});

describe('a field that does not exist', () => {
  test.each([
    ['sources', ['sources']],
    ['__proto', ['__proto']],
    ['constructor', ['constructor']],
    ['source.buckett', ['source', 'buckett']],
    ['source.secrets.user', ['source', 'secrets', 'user']],
    ['destination.acl', ['destination', 'acl']],
    ['destination.secrets.user', ['destination', 'secrets', 'user']],
    ['select.size', ['select', 'size']],
    ['rules[0].store', ['rules', 0, 'store']],
    ['rules[0].rename.from', ['rules', 0, 'rename', 'from']],
    ['batch.size', ['batch', 'size']],
    ['fleet.size', ['fleet', 'size']],
    ['partition.size', ['partition', 'size']],
    ['verify.rounds', ['verify', 'rounds']],
  ])('%s is named with its value', (name, path) => {
    expect(refusalOf(inputWith(path, 7)).split('\n')).toContain(
      `${name} is not a field of the request (found 7). Remove it or mend its spelling.`,
    );
  });

  test('called __proto__ is seen like any other', () => {
    const input = JSON.parse(
      '{"__proto__":1,"source":{"bucket":"aaa","endpoint":"https://s.x"},"destination":{"bucket":"bbb"}}',
    );
    expect(refusalOf(input)).toBe(
      '__proto__ is not a field of the request (found 1). Remove it or mend its spelling.',
    );
  });

  test.each(['secretKey', 'accessKeyId', 'password', 'session_token', 'credentials'])(
    'named %s is refused without repeating the secret that stands in it',
    (field) => {
      const message = refusalOf(inputWith(['source', field], 'wJalrXUtnFEMI'));
      expect(message).toBe(
        `source.${field} is not a field of the request (its value is not shown: it may be a secret). Remove it or mend its spelling.`,
      );
    },
  );
});

describe('fields that do not fit together', () => {
  const noEndpoint =
    'source.endpoint is missing, and source.secrets names no endpoint either. Add the URL of the store, or set source.provider to "AWS".';
  const secrets = { accessKey: '/a', secretKey: '/b' };

  test.each<[string, object, string]>([
    ['the default credential chain without an endpoint', { secrets: null }, noEndpoint],
    ['own secrets without an endpoint', { secrets }, noEndpoint],
    ['the same at Amazon', { secrets, provider: 'AWS' }, 'not refused'],
    ['secrets that name the endpoint', { secrets: { ...secrets, endpoint: '/c' } }, 'not refused'],
    ['secrets and an endpoint', { secrets, endpoint: 'https://s.x' }, 'not refused'],
    ["the stack's own secrets, which name an endpoint", {}, 'not refused'],
  ])('%s', (_, source, message) => {
    expect(
      refusalOf({ source: { bucket: 'media-archive', ...source }, destination: { bucket: 'archive' } }),
    ).toBe(message);
  });

  test.each<[string, object, string]>([
    [
      'sizes that no object has',
      { minBytes: '2 KiB', maxBytes: 2047 },
      'select.maxBytes is 2047, which is below select.minBytes (2048): no object fits. Raise it or leave it out.',
    ],
    ['sizes that one object may have', { minBytes: 2048, maxBytes: '2 KiB' }, 'not refused'],
    [
      'times between which there is none, compared as moments and not as text',
      { modifiedAfter: '2026-01-01T00:00:00Z', modifiedBefore: '2026-01-01T01:00:00+01:00' },
      'select.modifiedAfter is "2026-01-01T00:00:00Z", which is not before select.modifiedBefore ("2026-01-01T01:00:00+01:00"): no object fits. Swap or drop one of them.',
    ],
    [
      'times of which one is later',
      { modifiedAfter: '2026-01-01T00:00:00Z', modifiedBefore: '2026-01-01T00:30:00Z' },
      'not refused',
    ],
  ])('%s', (_, select, message) => {
    expect(refusalOf(inputWith(['select'], select))).toBe(message);
  });
});

describe('a source of type "rclone"', () => {
  const destination = { bucket: 'archive' };
  const source = { type: 'rclone', backend: 'drive' };

  test('needs no more than a backend, and takes its options from the secret of the stack', () => {
    expect(parseRequest({ source, destination }).source).toEqual({
      type: 'rclone',
      backend: 'drive',
      path: '',
      prefix: '',
      secret: '/migration/source_rclone_config',
      requestsPerSecond: null,
    });
  });

  test.each<[string, object, object, string]>([
    [
      'that is an S3 store',
      { backend: 's3' },
      {},
      'source.backend is "s3", but must be another one: S3 stores are sources of type "s3".',
    ],
    [
      'whose backend is the name of a remote',
      { backend: 'my-drive:' },
      {},
      'source.backend is "my-drive:", but must be the type of an rclone remote, such as drive, webdav, sftp or azureblob.',
    ],
    [
      'with a field of a bucket',
      { bucket: 'b' },
      {},
      'source.bucket is not a field of the request (found "b"). Remove it or mend its spelling.',
    ],
    [
      'on the local disk, by half a path',
      { backend: 'local', path: 'data' },
      {},
      'source.path is "data", but a folder of the backend "local" must be given by its whole path, beginning with "/".',
    ],
    [
      'whose bytes are to be read in the verification',
      {},
      { verify: { contentSample: 0.1 } },
      'verify.contentSample is 0.1, but the verification cannot read a source of type "rclone". Leave it out: such objects are proven by size, and by MD5 where the backend tells it.',
    ],
    [
      'whose tags are to be copied',
      {},
      { objectTags: 'copy' },
      'objectTags is "copy", but sources of type "rclone" have no tags. Leave it out; tags that rules give are written all the same.',
    ],
  ])('%s is refused', (_, changes, request, message) => {
    expect(refusalOf({ source: { ...source, ...changes }, destination, ...request })).toBe(message);
  });
});
