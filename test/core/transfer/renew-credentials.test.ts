import { expect, test } from 'vitest';
import { renewCredentials } from '../../../core/transfer/renew-credentials.ts';
import { aBatch, aFile } from '../../support/builders.ts';
import { ScriptedCopier } from '../../support/scripted-copier.ts';

const never = new AbortController().signal;
const copyOf = (copier: ReturnType<typeof renewCredentials>, key = 'a', signal = never) =>
  copier.copy(aFile(key), aBatch([aFile(key)]), signal);

test('rotated credentials are read again and the object is tried once more', async () => {
  let rotated = false;
  let reloads = 0;
  const inner = new ScriptedCopier(() => (rotated ? 'copied' : 'credential'));
  const copier = renewCredentials(inner, async () => {
    reloads += 1;
    rotated = true;
  });
  expect((await copyOf(copier)).result).toBe('copied');
  expect([reloads, inner.copies.length]).toEqual([1, 2]);
  expect((await copyOf(copier)).result).toBe('copied');
  expect(reloads).toBe(1);
});

test('many refusals at once read the secrets once', async () => {
  let rotated = false;
  let reloads = 0;
  const inner = new ScriptedCopier(() => (rotated ? 'copied' : 'credential'));
  const copier = renewCredentials(inner, async () => {
    reloads += 1;
    await new Promise((resolve) => setImmediate(resolve));
    rotated = true;
  });
  const results = await Promise.all(Array.from({ length: 20 }, (_, index) => copyOf(copier, `k${index}`)));
  expect(results.map(({ result }) => result)).toEqual(Array(20).fill('copied'));
  expect(reloads).toBe(1);
});

test('credentials that stay dead are a refusal after one more try, and are read again the next time', async () => {
  let reloads = 0;
  const inner = new ScriptedCopier(() => 'credential');
  const copier = renewCredentials(inner, async () => {
    reloads += 1;
  });
  expect((await copyOf(copier)).result).toBe('credential');
  expect([reloads, inner.copies.length]).toEqual([1, 2]);
  await copyOf(copier);
  expect([reloads, inner.copies.length]).toEqual([2, 4]);
});

test('secrets that cannot be read are part of the reason, and are tried again the next time', async () => {
  let reloads = 0;
  const inner = new ScriptedCopier(() => 'credential');
  const copier = renewCredentials(inner, async () => {
    reloads += 1;
    throw new Error('AccessDenied for /a');
  });
  expect(await copyOf(copier)).toMatchObject({
    result: 'credential',
    reason: 'it was credential; reading the secrets again failed: AccessDenied for /a',
  });
  expect(inner.copies).toHaveLength(1);
  await copyOf(copier);
  expect(reloads).toBe(2);
});

test('nothing is read for any other result, nor when the worker stops', async () => {
  const reload = async () => expect.fail('read');
  for (const result of ['copied', 'retry', 'throttled', 'exception', 'stopped'] as const) {
    const copier = renewCredentials(new ScriptedCopier(() => result), reload);
    expect((await copyOf(copier)).result).toBe(result);
  }
  const stopped = renewCredentials(new ScriptedCopier(() => 'credential'), reload);
  expect((await copyOf(stopped, 'a', AbortSignal.abort())).result).toBe('credential');
});
