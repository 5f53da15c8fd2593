import { expect, it } from 'vitest';
import { readBackendError } from '../../../adapters/rclone/backend-errors.ts';

it.each([
  ['object not found', 'source', 'missing'],
  ['error in ListJSON: directory not found', 'source', 'missing'],
  ["error in ListJSON: couldn't list files: 401 Unauthorized", 'source', 'credential'],
  ['failed to open source object: open /data/x: permission denied', 'source', 'denied'],
  ['failed to open source object: 429 Too Many Requests', 'source', 'throttled'],
  [
    'error in ListJSON: couldn\'t list files: Propfind "http://127.0.0.1:1/": dial tcp 127.0.0.1:1: connect: connection refused',
    'unknown',
    'blocked',
  ],
  // What the destination says is its own.
  [
    'operation error S3: PutObject, https response error StatusCode: 403, RequestID: 1, api error AccessDenied: Access Denied',
    'destination',
    'denied',
  ],
  // Names are no words of an error.
  ['failed to open source object: open /data/403/503 forbidden: input/output error', 'source', 'transient'],
  ['failed to open source object: Get "http://127.0.0.1:1/401": unexpected EOF', 'unknown', 'transient'],
])('%s: %s, %s', (text, side, meaning) => {
  expect(readBackendError(text, ['/data', '403/503 forbidden', '403', 'e', 'o'])).toEqual({ side, meaning });
});
