import { z } from 'zod';

/** S3's rule for bucket names, loose enough for other stores. [src: S3 user guide, bucket naming rules] */
export const Bucket = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]$/,
    'must be a bucket name of 3 to 255 letters, digits, dots, hyphens or underscores, without a path',
  );

const utf8Bytes = (text: string) => new TextEncoder().encode(text).length;
/** The beginning of keys. */
export const Prefix = z
  .string()
  .refine((text) => utf8Bytes(text) <= 1024, 'must be at most 1,024 bytes, the longest key of S3');

/** The origin of an S3 API. */
export const Endpoint = z.string().refine((text) => {
  const url = URL.parse(text);
  return (
    url !== null &&
    /^https?:$/.test(url.protocol) &&
    url.pathname === '/' &&
    url.search === '' &&
    url.username === '' &&
    url.password === ''
  );
}, 'must be a URL such as https://s3.example.com, without a path, a query or credentials');
