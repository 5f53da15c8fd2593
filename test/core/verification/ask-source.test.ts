import { describe, expect, test } from 'vitest';
import type { ObjectDetails } from '../../../core/ports.ts';
import { StoreError, type StoreErrorKind } from '../../../core/store-error.ts';
import type { ExceptionKind } from '../../../core/transfer/outcome.ts';
import { askSource, type Case } from '../../../core/verification/ask-source.ts';
import { anObject } from '../../support/builders.ts';

const listedMd5 = '00000000000000000000000000000001';
const newMd5 = '00000000000000000000000000000002';
const otherMd5 = '0000000000000000000000000000000f';
const trust = { compare: 'checksum', sourceEtagIsMd5: true, destinationEtagIsMd5: true } as const;

const listed = anObject('a', { etag: listedMd5, sizeBytes: 10, modifiedAtMs: 1000 });
const copyOf = (etag: string, sizeBytes = 10, modifiedAtMs = 9000) =>
  anObject('p/a', { etag, sizeBytes, modifiedAtMs });

/** The object as a HEAD shows it now. */
function shown(changes: Partial<ObjectDetails> = {}): ObjectDetails {
  return {
    ...listed,
    contentType: null,
    contentEncoding: null,
    contentLanguage: null,
    contentDisposition: null,
    cacheControl: null,
    expires: null,
    metadata: {},
    encryption: null,
    tagCount: null,
    ...changes,
  };
}

const changed = shown({ etag: newMd5, sizeBytes: 12, modifiedAtMs: 5000 });
const recordedAs = (kind: ExceptionKind) => ({ kind, reason: 'the worker said so' });

function asked(now: ObjectDetails | null | StoreErrorKind, open: Partial<Case>) {
  return askSource(
    {
      row: { ...listed, decision: 'transfer' },
      there: null,
      otherBytes: false,
      recorded: null,
      mayRepair: true,
      ...open,
    },
    {
      async head(key) {
        expect(key).toBe('a');
        if (typeof now === 'string') throw new StoreError(now, 'No: not this one', { code: 'No' });
        return now;
      },
    },
    trust,
  );
}

const { key, sizeBytes, modifiedAtMs, storageClass } = listed;
const asListed = { key, sizeBytes, etag: listedMd5, modifiedAtMs, storageClass };
const asChanged = { key, sizeBytes: 12, etag: newMd5, modifiedAtMs: 5000, storageClass };
const sourceMissing = {
  ruling: 'exception',
  kind: 'source-missing',
  reason: 'deleted at the source after it was listed',
};

describe('the source does not have the object any more', () => {
  test.each<[string, Partial<Case>]>([
    ['nothing is there', {}],
    ['something is there', { there: copyOf(listedMd5) }],
    ['other bytes are there', { there: copyOf(listedMd5), otherBytes: true }],
    ['a worker gave it up', { recorded: recordedAs('source-denied') }],
    ['no round is left', { mayRepair: false }],
  ])('and %s: source-missing', async (_, open) => {
    expect(await asked(null, open)).toEqual(sourceMissing);
  });
});

describe('the source has another object now', () => {
  test.each<[string, ObjectDetails]>([
    ['of another size', changed],
    ['of another ETag', shown({ etag: newMd5 })],
    ['of another size, without an ETag', shown({ etag: null, sizeBytes: 12 })],
  ])('%s, and nothing is there: repair with the new one', async (_, now) => {
    expect(await asked(now, {})).toMatchObject({
      ruling: 'repair',
      object: { sizeBytes: now.sizeBytes, etag: now.etag },
      reason: 'overwritten at the source after it was listed',
    });
  });

  test.each<[string, Partial<Case>, object]>([
    [
      'that has arrived: source-changed, and not different',
      { there: copyOf(newMd5, 12) },
      {
        ruling: 'exception',
        kind: 'source-changed',
        reason:
          'overwritten at the source after it was listed; the new version (12 bytes) arrived and matches',
        arrived: true,
      },
    ],
    [
      'that has arrived, whatever a worker recorded',
      { there: copyOf(newMd5, 12), recorded: recordedAs('source-denied'), mayRepair: false },
      { kind: 'source-changed', arrived: true },
    ],
    [
      'of equal size that cannot be proven by checksum, and the copy is older: repair',
      { there: copyOf(`${newMd5}-2`, 12, 4000) },
      { ruling: 'repair', object: asChanged },
    ],
    [
      'of equal size that cannot be proven by checksum, and the copy is newer: arrived',
      { there: copyOf(`${newMd5}-2`, 12, 6000) },
      { kind: 'source-changed', arrived: true },
    ],
    [
      'and the old one is there: repair',
      { there: copyOf(listedMd5) },
      { ruling: 'repair', object: asChanged, reason: 'overwritten at the source after it was listed' },
    ],
    [
      'whose bytes were read and differ: repair',
      { there: copyOf(newMd5, 12), otherBytes: true },
      { ruling: 'repair', object: asChanged },
    ],
    [
      'and a worker gave the old one up: repair all the same',
      { recorded: recordedAs('too-large') },
      { ruling: 'repair', object: asChanged },
    ],
    [
      'and no round is left: source-changed',
      { there: copyOf(listedMd5), mayRepair: false },
      {
        ruling: 'exception',
        kind: 'source-changed',
        reason: 'overwritten at the source again and again; the destination does not hold its newest version',
      },
    ],
    [
      'and no round is left after a failure that may heal: source-changed',
      { recorded: recordedAs('exhausted'), mayRepair: false },
      { ruling: 'exception', kind: 'source-changed' },
    ],
    [
      'and no round is left after a failure that does not heal: as recorded',
      { recorded: recordedAs('destination-denied'), mayRepair: false },
      { ruling: 'exception', ...recordedAs('destination-denied') },
    ],
  ])('%s', async (_, open, ruling) => {
    expect(await asked(changed, open)).toMatchObject(ruling);
  });
});

describe('the source has the object as it was listed', () => {
  test.each<[string, ObjectDetails, Partial<Case>, object]>([
    [
      'under a key of KMS, where the ETag is no MD5: verified by size',
      shown({ encryption: 'aws:kms' }),
      { there: copyOf(otherMd5) },
      { ruling: 'verified', proof: 'size' },
    ],
    [
      'under a key of the customer: verified by size',
      shown({ encryption: 'SSE-C' }),
      { there: copyOf(otherMd5) },
      { ruling: 'verified', proof: 'size' },
    ],
    [
      "under the store's own key, where the ETag is an MD5: repair",
      shown({ encryption: 'AES256' }),
      { there: copyOf(otherMd5) },
      { ruling: 'repair' },
    ],
    [
      'under a key of KMS, and the copy is older than the object: repair',
      shown({ encryption: 'aws:kms' }),
      { there: copyOf(otherMd5, 10, 999) },
      { ruling: 'repair' },
    ],
    [
      'under a key of KMS, and the bytes differ: repair',
      shown({ encryption: 'aws:kms' }),
      { there: copyOf(otherMd5), otherBytes: true },
      { ruling: 'repair', reason: 'at the destination with other bytes' },
    ],
    [
      'and the copy has arrived by now: verified',
      shown(),
      { there: copyOf(listedMd5) },
      { ruling: 'verified', proof: 'checksum' },
    ],
    [
      'though its ETag is not told: compared with what was listed',
      shown({ etag: null }),
      { there: copyOf(otherMd5) },
      { ruling: 'repair', object: { ...asListed, etag: null } },
    ],
    [
      'and nothing is there: repair',
      shown(),
      {},
      { ruling: 'repair', object: asListed, reason: 'missing at the destination' },
    ],
    [
      'and something of another size is there: repair',
      shown(),
      { there: copyOf(otherMd5, 11) },
      {
        ruling: 'repair',
        object: asListed,
        reason: 'different at the destination (11 bytes there, 10 at the source)',
      },
    ],
    [
      'and something of another checksum is there: repair',
      shown(),
      { there: copyOf(otherMd5) },
      { ruling: 'repair', reason: 'different at the destination (by checksum)' },
    ],
    [
      'and something older of equal size is there: repair',
      shown({ etag: `${listedMd5}-2` }),
      { row: { ...listed, etag: `${listedMd5}-2`, decision: 'transfer' }, there: copyOf(otherMd5, 10, 999) },
      {
        ruling: 'repair',
        reason: 'older at the destination than at the source, with nothing but the size to compare',
      },
    ],
    [
      'and a failure that may heal was recorded: repair',
      shown(),
      { recorded: recordedAs('exhausted') },
      { ruling: 'repair', object: asListed },
    ],
    [
      'and no round is left after such a failure: as recorded',
      shown(),
      { recorded: recordedAs('exhausted'), mayRepair: false },
      { ruling: 'exception', ...recordedAs('exhausted') },
    ],
    [
      'and no round is left, and it is missing: exhausted',
      shown(),
      { mayRepair: false },
      {
        ruling: 'exception',
        kind: 'exhausted',
        reason: 'still missing at the destination after every repair round',
      },
    ],
    [
      'and no round is left, and the copy is still older: exhausted',
      shown({ etag: null }),
      {
        row: { ...listed, etag: null, decision: 'transfer' },
        there: copyOf(otherMd5, 10, 999),
        mayRepair: false,
      },
      {
        ruling: 'exception',
        kind: 'exhausted',
        reason:
          'still older at the destination than at the source, with nothing but the size to compare after every repair round',
      },
    ],
    [
      'and no round is left, and it is different: corrupt',
      shown(),
      { there: copyOf(otherMd5), otherBytes: true, mayRepair: false },
      {
        ruling: 'exception',
        kind: 'corrupt',
        reason: 'still at the destination with other bytes after every repair round',
      },
    ],
  ])('%s', async (_, now, open, ruling) => {
    expect(await asked(now, open)).toMatchObject(ruling);
  });

  test.each<[ExceptionKind, boolean]>([
    ['source-archived', true],
    ['source-denied', true],
    ['destination-denied', true],
    ['too-large', true],
    ['unrepresentable', true],
    ['source-missing', false],
    ['source-changed', false],
    ['corrupt', false],
    ['exhausted', false],
  ])('and a worker recorded %s: it stands at once: %s', async (kind, lasting) => {
    const recorded = recordedAs(kind);
    for (const there of [null, copyOf(otherMd5)]) {
      const ruling = await asked(shown(), { there, recorded });
      if (lasting) expect(ruling).toEqual({ ruling: 'exception', ...recorded });
      else expect(ruling.ruling).toBe('repair');
    }
    expect(await asked(shown(), { recorded, there: copyOf(listedMd5) })).toEqual({
      ruling: 'verified',
      proof: 'checksum',
    });
  });
});

describe('the source refuses to say', () => {
  test.each<[StoreErrorKind, ExceptionKind]>([
    ['denied', 'source-denied'],
    ['archived', 'source-archived'],
  ])('because it is %s: %s', async (refusal, kind) => {
    expect(await asked(refusal, { there: copyOf(otherMd5), recorded: recordedAs('exhausted') })).toEqual({
      ruling: 'exception',
      kind,
      reason: 'the source refuses to show the object: No: not this one',
    });
  });

  test('and a worker was told why: in the words that the worker heard', async () => {
    expect(await asked('denied', { recorded: recordedAs('source-denied') })).toEqual({
      ruling: 'exception',
      ...recordedAs('source-denied'),
    });
  });

  test.each<StoreErrorKind>(['throttled', 'unreachable', 'failed', 'credential', 'missing-bucket'])(
    'because it is %s: nothing is said about the object',
    async (refusal) => {
      await expect(asked(refusal, {})).rejects.toThrow(StoreError);
    },
  );
});

describe('the source cannot be asked', () => {
  const unasked = (open: Partial<Case>) =>
    askSource(
      {
        row: { ...listed, decision: 'transfer' },
        there: null,
        otherBytes: false,
        recorded: null,
        mayRepair: true,
        ...open,
      },
      null,
      trust,
    );

  test.each<[string, Partial<Case>, object]>([
    [
      'what a worker found gone is gone',
      { recorded: recordedAs('source-missing') },
      { ruling: 'exception', kind: 'source-missing', reason: 'the worker said so' },
    ],
    [
      'what a worker found overwritten is so, whatever arrived',
      { recorded: recordedAs('source-changed'), there: copyOf(newMd5, 12) },
      { ruling: 'exception', kind: 'source-changed', reason: 'the worker said so' },
    ],
    [
      'what can never be copied stays so',
      { recorded: recordedAs('unrepresentable') },
      { ruling: 'exception', kind: 'unrepresentable', reason: 'the worker said so' },
    ],
    [
      'what is missing is repaired as it was listed',
      {},
      { ruling: 'repair', object: asListed, reason: 'missing at the destination' },
    ],
    [
      'what a worker gave up is repaired while a round is left',
      { recorded: recordedAs('exhausted') },
      { ruling: 'repair', object: asListed, reason: 'missing at the destination' },
    ],
    [
      'and is an exception as recorded when none is',
      { recorded: recordedAs('exhausted'), mayRepair: false },
      { ruling: 'exception', kind: 'exhausted', reason: 'the worker said so' },
    ],
    [
      'what stays different is corrupt',
      { there: copyOf(otherMd5), mayRepair: false },
      {
        ruling: 'exception',
        kind: 'corrupt',
        reason: 'still different at the destination (by checksum) after every repair round',
      },
    ],
  ])('%s', async (_, open, ruling) => {
    expect(await unasked(open)).toEqual(ruling);
  });
});
