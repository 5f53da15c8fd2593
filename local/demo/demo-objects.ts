import { createHash } from 'node:crypto';

/** An object of the demonstration: what stands in the source bucket before the migration. */
export type DemoObject = {
  key: string;
  sizeBytes: number;
  contentType: string;
  cacheControl?: string;
  contentDisposition?: string;
  contentLanguage?: string;
  metadata?: Record<string, string>;
  tags?: Record<string, string>;
  /** Put at the destination beforehand: the same bytes, or others under the same key. */
  there?: 'same' | 'other';
};

const mebibyte = 1024 * 1024;

/** Keys that tools lose, mangle or merge; each is a legal S3 key of its own. */
export const hardKeys: readonly string[] = [
  'hard/a//b',
  '/lead',
  'hard/trail/',
  'hard/d/./x',
  'hard/d/../x',
  'hard/ leading space',
  'hard/trailing space ',
  '#h',
  ';s',
  'hard/new\nline',
  'hard/tab\tkey',
  'hard/control\u0001',
  'hard/"quotes\'',
  'hard/back\\slash',
  'hard/%41',
  'hard/plus+plus',
  'hard/astral-\u{1F402}\u{10000}',
  'hard/decomposed-e\u0301',
  'hard/composed-\u00e9',
  'hard/nonchar-\ufffe',
  'hard/quote-\u201b',
  'hard/picture-\u2400\u2401\u2421',
  'hard/fullwidth-\uff0e\uff0f',
  'hard/dir/a',
  'hard/dir/a/b',
  `hard/${'k'.repeat(1019)}`,
];

/** Every object of the demonstration: 2,400 and some, from empty to 64 MiB, about 330 MiB in all. */
export function demoObjects(): DemoObject[] {
  return [
    ...photos(),
    ...logs(),
    ...masters(),
    ...scratch(),
    ...hardKeys.map((key) => ({
      key,
      sizeBytes: key.length,
      contentType: 'text/plain',
      metadata: { why: 'hard to copy' },
    })),
  ];
}

function photos(): DemoObject[] {
  return Array.from({ length: 1200 }, (_, n) => ({
    key: `photos/2025/${String((n % 12) + 1).padStart(2, '0')}/IMG_${String(n).padStart(4, '0')}.jpg`,
    sizeBytes: 8_000 + ((n * 7919) % 90_000),
    contentType: 'image/jpeg',
    cacheControl: 'max-age=86400',
    metadata: { camera: n % 2 === 0 ? 'X-T5' : 'Z 8', shot: String(n) },
    ...(n % 25 === 0 ? { tags: { album: `no ${n}`, rights: 'cleared' } } : {}),
    ...(n < 150 ? { there: 'same' as const } : n < 160 ? { there: 'other' as const } : {}),
  }));
}

function logs(): DemoObject[] {
  return Array.from({ length: 900 }, (_, n) => ({
    key: `logs/app=${'abc'[n % 3]}/day=${String(Math.floor(n / 30) + 1).padStart(2, '0')}/part-${String(n).padStart(5, '0')}.ndjson`,
    sizeBytes: n % 30 === 0 ? 0 : (n * 104_729) % 24_000,
    contentType: 'application/x-ndjson',
    contentLanguage: 'en',
  }));
}

function masters(): DemoObject[] {
  const sizes = [
    64 * mebibyte,
    64 * mebibyte,
    24 * mebibyte,
    12 * mebibyte,
    ...Array.from({ length: 24 }, (_, n) => (1 + (n % 4)) * mebibyte),
  ];
  return sizes.map((sizeBytes, n) => ({
    key: `masters/reel ${n + 1} – final.mov`,
    sizeBytes,
    contentType: 'video/quicktime',
    contentDisposition: `attachment; filename="reel-${n + 1}.mov"`,
    metadata: { reel: String(n + 1), team: 'media' },
  }));
}

function scratch(): DemoObject[] {
  return Array.from({ length: 300 }, (_, n) => ({
    key: `tmp/cache-${n}.bin`,
    sizeBytes: 512,
    contentType: 'application/octet-stream',
  }));
}

const pattern = createHash('sha512').update('drover').digest();

/** The bytes of a demonstration object: the same every time, different for every key and salt. */
export function demoBytes(key: string, sizeBytes: number, salt = ''): Buffer {
  const bytes = Buffer.alloc(sizeBytes, pattern);
  createHash('sha256').update(`${salt}${key}`).digest().copy(bytes);
  return bytes;
}
