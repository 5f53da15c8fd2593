import { describe, expect, test } from 'vitest';
import { InvalidRequest } from '../../core/errors.ts';
import { parseRequest, Request } from '../../core/request.ts';

/** The smallest input, with one field set by its path. */
function inputWith(path: readonly (string | number)[], value: unknown): unknown {
  const input = {
    source: { bucket: 'media-archive', endpoint: 'https://s3.example.com' },
    destination: { bucket: 'archive' },
  };
  let place: object = input;
  for (const [index, part] of path.entries()) {
    if (index === path.length - 1) Reflect.set(place, part, value);
    else {
      if (Reflect.get(place, part) === undefined)
        Reflect.set(place, part, typeof path[index + 1] === 'number' ? [] : {});
      place = Reflect.get(place, part);
    }
  }
  return input;
}

function refusalOf(input: unknown): string {
  try {
    parseRequest(input);
  } catch (error) {
    if (error instanceof InvalidRequest) return error.message;
    throw error;
  }
  return 'not refused';
}

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
    ['partition.count', ['partition', 'count']],
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

const bucketRule =
  'must be a bucket name of 3 to 255 letters, digits, dots, hyphens or underscores, without a path';
const endpointRule = 'must be a URL such as https://s3.example.com, without a path, a query or credentials';
const classRule =
  'must be one of STANDARD, INTELLIGENT_TIERING, STANDARD_IA, ONEZONE_IA, GLACIER_IR, GLACIER, DEEP_ARCHIVE';
const bytesRule = 'must be a number of bytes or text such as "8 GiB"';
const sizeTextRule = 'must be a number of bytes or text such as "8 GiB", "500 MB" or "64 KiB"';

describe('a field with a value that does not fit', () => {
  test.each<[(string | number)[], unknown, string]>([
    [['source'], 5, 'source is 5, but must be an object { … }.'],
    [
      ['source', 'type'],
      'rclone',
      'source.type is "rclone", but must be "s3"; sources of type "rclone" cannot be migrated yet.',
    ],
    [['source', 'bucket'], 5, 'source.bucket is 5, but must be text in quotes.'],
    [['source', 'bucket'], 'a/b', `source.bucket is "a/b", but ${bucketRule}.`],
    [['destination', 'bucket'], 'ab', `destination.bucket is "ab", but ${bucketRule}.`],
    [
      ['destination', 'bucket'],
      undefined,
      'destination.bucket is missing. Add it: it must be text in quotes.',
    ],
    [['source', 'prefix'], null, 'source.prefix is null, but must be text in quotes.'],
    [
      ['destination', 'prefix'],
      'ä'.repeat(513),
      `destination.prefix is "${'ä'.repeat(56)}…, but must be at most 1,024 bytes, the longest key of S3.`,
    ],
    [['source', 'region'], '', 'source.region is "", but must be at least 1 character long.'],
    [
      ['source', 'provider'],
      'IBM COS',
      `source.provider is "IBM COS", but must be a provider name of rclone's S3 backend, such as IBMCOS, Ceph, Minio, AWS or Other.`,
    ],
    [['source', 'endpoint'], 's3.x.com', `source.endpoint is "s3.x.com", but ${endpointRule}.`],
    [['source', 'endpoint'], 'ftp://s3.x.com', `source.endpoint is "ftp://s3.x.com", but ${endpointRule}.`],
    [['source', 'endpoint'], 'https://x.com/b', `source.endpoint is "https://x.com/b", but ${endpointRule}.`],
    [
      ['source', 'endpoint'],
      'https://x.com?b=c',
      `source.endpoint is "https://x.com?b=c", but ${endpointRule}.`,
    ],
    [
      ['destination', 'endpoint'],
      'https://user:sesame@x.com',
      `destination.endpoint is "https://…@x.com", but ${endpointRule}.`,
    ],
    [
      ['destination', 'endpoint'],
      'https://:sesame@x.com',
      `destination.endpoint is "https://…@x.com", but ${endpointRule}.`,
    ],
    [
      ['source', 'secrets'],
      'a',
      'source.secrets does not fit (its value is not shown: it may be a secret): it must be an object { … }.',
    ],
    [
      ['source', 'secrets'],
      { accessKey: '/a' },
      'source.secrets.secretKey is missing. Add it: it must be text in quotes.',
    ],
    [['destination', 'secrets'], null, 'destination.secrets is null, but must be an object { … }.'],
    [
      ['source', 'requestsPerSecond'],
      0,
      'source.requestsPerSecond is 0, but must be above 0, or left out for no ceiling.',
    ],
    [['source', 'requestsPerSecond'], '500', 'source.requestsPerSecond is "500", but must be a number.'],
    [['destination', 'storageClass'], 'COLD', `destination.storageClass is "COLD", but ${classRule}.`],
    [['destination', 'kmsKeyId'], '', 'destination.kmsKeyId is "", but must be at least 1 character long.'],
    [
      ['select', 'include'],
      [],
      'select.include is [], but must hold at least one pattern; leave it out to include every key.',
    ],
    [['select', 'include'], '**', 'select.include is "**", but must be a list [ … ].'],
    [
      ['select', 'include'],
      ['**', 'a['],
      'select.include[1] is "a[", but must be a pattern: "[" at character 2 has no "]"; write "\\[" for the character itself.',
    ],
    [
      ['select', 'exclude'],
      [''],
      'select.exclude[0] is "", but must not be an empty pattern; use "**" for every key.',
    ],
    [['select', 'exclude'], [1], 'select.exclude[0] is 1, but must be text in quotes.'],
    [['select', 'minBytes'], '8 GB!', `select.minBytes is "8 GB!", but ${sizeTextRule}.`],
    [['select', 'minBytes'], -1, 'select.minBytes is -1, but must be at least 0.'],
    [['select', 'minBytes'], 1.5, `select.minBytes is 1.5, but ${bytesRule}.`],
    [['select', 'maxBytes'], true, `select.maxBytes is true, but ${bytesRule}.`],
    [
      ['select', 'modifiedAfter'],
      'yesterday',
      'select.modifiedAfter is "yesterday", but must be a moment such as 2026-01-31T00:00:00Z.',
    ],
    [
      ['select', 'modifiedBefore'],
      '2026-01-31',
      'select.modifiedBefore is "2026-01-31", but must be a moment such as 2026-01-31T00:00:00Z.',
    ],
    [['rules'], {}, 'rules is {}, but must be a list [ … ].'],
    [
      ['rules'],
      Array(101).fill({ match: '**' }),
      'rules is [{"match":"**"},{"match":"**"},{"match":"**"},{"match":"*…, but must hold at most 100 rules.',
    ],
    [['rules', 0], {}, 'rules[0].match is missing. Add it: it must be text in quotes.'],
    [
      ['rules', 0],
      { match: '**', storageClass: 'COLD' },
      `rules[0].storageClass is "COLD", but ${classRule}.`,
    ],
    [
      ['rules', 0],
      { match: '**', tags: Object.fromEntries(Array.from({ length: 11 }, (_, i) => [`t${i}`, ''])) },
      'rules[0].tags is {"t0":"","t1":"","t2":"","t3":"","t4":"","t5":"","t6":"",…, but must hold at most 10 tags, the most S3 keeps on an object.',
    ],
    [
      ['rules', 0],
      { match: '**', tags: { '': 'v' } },
      'rules[0].tags has a name that does not fit: "" must be at least 1 character long.',
    ],
    [
      ['rules', 0],
      { match: '**', tags: { ['n'.repeat(129)]: 'v' } },
      `rules[0].tags has a name that does not fit: "${'n'.repeat(56)}… must be at most 128 characters long.`,
    ],
    [
      ['rules', 0],
      { match: '**', tags: { a: 'v'.repeat(257) } },
      `rules[0].tags.a is "${'v'.repeat(56)}…, but must be at most 256 characters long.`,
    ],
    [
      ['rules', 0],
      { match: '**', metadata: { Origin: 'x' } },
      'rules[0].metadata has a name that does not fit: "Origin" must be a lower-case metadata name.',
    ],
    [
      ['rules', 0],
      { match: '**', metadata: { a: 1 } },
      'rules[0].metadata.a is 1, but must be text in quotes.',
    ],
    [
      ['rules', 0],
      { match: '**', rename: { prefix: '', to: 'x' } },
      'rules[0].rename.prefix is "", but must not be empty; use destination.prefix to put every key under a prefix.',
    ],
    [
      ['rules', 0],
      { match: '**', rename: { prefix: 'x' } },
      'rules[0].rename.to is missing. Add it: it must be text in quotes.',
    ],
    [['existing'], 'skip', 'existing is "skip", but must be "replace-if-different", "keep" or "replace".'],
    [['objectTags'], true, 'objectTags is true, but must be "copy" or "ignore".'],
    [['batch', 'maxObjects'], 0, 'batch.maxObjects is 0, but must be from 1 to 1000.'],
    [['batch', 'maxObjects'], 1001, 'batch.maxObjects is 1001, but must be from 1 to 1000.'],
    [['batch', 'maxObjects'], 1.5, 'batch.maxObjects is 1.5, but must be a whole number.'],
    [['batch', 'maxBytes'], 0, 'batch.maxBytes is 0, but must be at least 1 byte.'],
    [['batch', 'maxBytes'], 'lots', `batch.maxBytes is "lots", but ${sizeTextRule}.`],
    [['fleet', 'maxWorkers'], 0, 'fleet.maxWorkers is 0, but must be from 1 to 1000.'],
    [['fleet', 'maxWorkers'], 1001, 'fleet.maxWorkers is 1001, but must be from 1 to 1000.'],
    [['fleet', 'bandwidth'], 0, 'fleet.bandwidth is 0, but must be at least 1 byte a second.'],
    [
      ['partition', 'strategy'],
      'hash',
      'partition.strategy is "hash", but must be "queue"; the hash strategy is not there yet.',
    ],
    [['verify', 'compare'], 'md5', 'verify.compare is "md5", but must be "checksum" or "size".'],
    [['verify', 'contentSample'], 1.01, 'verify.contentSample is 1.01, but must be a share from 0 to 1.'],
    [['verify', 'contentSample'], '1%', 'verify.contentSample is "1%", but must be a number.'],
    [['verify', 'repairRounds'], 11, 'verify.repairRounds is 11, but must be from 0 to 10.'],
    [['costTags'], { a: 1 }, 'costTags.a is 1, but must be text in quotes.'],
  ])('%j: %j', (path, value, message) => {
    expect(refusalOf(inputWith(path, value))).toBe(message);
  });

  test('every mistake has a line of its own', () => {
    const input = { source: { bucket: '' }, destination: { bucket: 7 }, x: 1 };
    expect(refusalOf(input).split('\n')).toEqual([
      `source.bucket is "", but ${bucketRule}.`,
      'destination.bucket is 7, but must be text in quotes.',
      'x is not a field of the request (found 1). Remove it or mend its spelling.',
    ]);
  });
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
