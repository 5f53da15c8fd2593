import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as errors from '../core/errors.ts';
import { ExceptionKind } from '../core/transfer/outcome.ts';

const operations = readFileSync(new URL('../docs/operations.md', import.meta.url), 'utf8');
/** Names in the first column of a table. */
const explained = [...operations.matchAll(/^\| `([^`]+)` \|/gm)].map(([, name]) => name);

describe('docs/operations.md explains', () => {
  const names = Object.keys(errors).filter((name) => name !== 'MigrationError');
  it.each(names)('the error %s', (name) => {
    expect(explained).toContain(name);
  });

  it.each(ExceptionKind.options)('the exception %s', (kind) => {
    expect(explained).toContain(kind);
  });
});
