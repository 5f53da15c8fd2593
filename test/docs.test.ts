import { existsSync, globSync, readFileSync } from 'node:fs';
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

describe('a page of the documentation', () => {
  const root = new URL('../', import.meta.url).pathname;
  const files = globSync(
    '{adapters,containers,core,docs,functions,local,plugins,resources,statemachines,test}/**/*.{ts,md,yml,yaml,sh,js}',
    { cwd: root },
  );
  const named = files.flatMap((file) =>
    [...readFileSync(`${root}${file}`, 'utf8').matchAll(/\bdocs\/[\w/.-]+\.md\b/g)].map(([page]) => [
      file,
      page,
    ]),
  );

  it('that a comment or another page names is there', () => {
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter(([, page]) => !existsSync(`${root}${page}`))).toEqual([]);
  });
});
