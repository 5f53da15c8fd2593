import { describe, expect, test } from 'vitest';
import { inputWith, refusalOf } from './request-inputs.ts';

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
    [['source', 'type'], 'azure', 'source.type is "azure", but must be "s3" or "rclone".'],
    [
      ['source', 'inventory'],
      's3://b/list.csv',
      'source.inventory is "s3://b/list.csv", but must be the address of a manifest of S3 Inventory, such as s3://bucket/path/manifest.json, or of an earlier migration, such as migrations/my-id.',
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
    [['partition', 'strategy'], 'range', 'partition.strategy is "range", but must be "queue" or "hash".'],
    [
      ['partition', 'count'],
      0,
      'partition.count is 0, but must be "auto" or a whole number from 1 to 10000.',
    ],
    [
      ['partition', 'count'],
      5,
      'partition.count is 5, but only the strategy "hash" has partitions. Leave it out, or set partition.strategy to "hash".',
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
