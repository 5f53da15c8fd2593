import type { InventoryRow, ObjectSummary } from '../inventory/inventory-row.ts';
import type { ObjectDetails, ObjectStore } from '../ports.ts';
import { StoreError } from '../store-error.ts';
import type { ExceptionKind } from '../transfer/outcome.ts';
import { compareObjects, type EtagTrust, proofOfCopy } from './compare-objects.ts';

/** Exceptions that another attempt within the same migration cannot heal. */
const lasting: ReadonlySet<ExceptionKind> = new Set<ExceptionKind>([
  'source-archived',
  'source-denied',
  'destination-denied',
  'too-large',
  'unrepresentable',
]);

/** What is to be done about an object that is not at the destination as it was listed. */
export type Ruling =
  | { ruling: 'verified'; proof: 'checksum' | 'size' }
  | { ruling: 'repair'; object: ObjectSummary; reason: string }
  /** `arrived`: the destination holds the source's newest version all the same. */
  | { ruling: 'exception'; kind: ExceptionKind; reason: string; arrived?: true };

/** All that is known of the object. */
export type Case = {
  row: InventoryRow;
  /** What the destination lists under its key. */
  there: ObjectSummary | null;
  /** Whether the bytes of both sides were read and differ, whatever the listing says. */
  otherBytes: boolean;
  /** What a worker recorded last when it gave the key up. */
  recorded: { kind: ExceptionKind; reason: string } | null;
  /** Whether a repair round is left. */
  mayRepair: boolean;
};

/**
 * Asks the source once more about an object that is missing or different, before it is called lost.
 *
 * | at the source now        | at the destination   | worker recorded | ruling                            |
 * |--------------------------|----------------------|-----------------|-----------------------------------|
 * | gone                     | any                  | any             | exception `source-missing`        |
 * | changed since listing    | proven the new one   | any             | exception `source-changed`        |
 * | changed since listing    | anything else        | any             | repair; at the end as recorded when lasting, else `source-changed` |
 * | as listed, ETag no MD5   | same size, not older | any             | verified by size                  |
 * | as listed                | other bytes, read    | any             | as different                      |
 * | as listed                | older, same by size alone | any        | as different                      |
 * | as listed                | missing or different | lasting         | exception as recorded             |
 * | as listed                | missing or different | none, healable  | repair; at the end as recorded, else `corrupt` (different) or `exhausted` (missing, older) |
 * | refuses to say           | missing or different | any             | exception `source-denied` or `source-archived` |
 */
export async function askSource(
  open: Case,
  source: Pick<ObjectStore, 'head'> | null,
  trust: EtagTrust,
): Promise<Ruling> {
  const { row, there, otherBytes, recorded, mayRepair } = open;
  if (source === null) return withoutAsking(open, trust);
  let now: ObjectDetails | null;
  try {
    now = await source.head(row.key);
  } catch (error) {
    if (!(error instanceof StoreError) || (error.kind !== 'denied' && error.kind !== 'archived')) throw error;
    const kind = error.kind === 'denied' ? 'source-denied' : 'source-archived';
    // The answer to a HEAD has no words; what the worker was told when it read the object has.
    const reason =
      recorded?.kind === kind ? recorded.reason : `the source refuses to show the object: ${error.message}`;
    return { ruling: 'exception', kind, reason };
  }
  if (now === null)
    return {
      ruling: 'exception',
      kind: 'source-missing',
      reason: 'deleted at the source after it was listed',
    };

  const believed = { ...trust, sourceEtagIsMd5: trust.sourceEtagIsMd5 && !isOpaque(now) };
  const known = { ...now, etag: now.etag ?? (now.sizeBytes === row.sizeBytes ? row.etag : null) };
  const proof = there === null || otherBytes ? null : proofOfCopy(known, there, believed);
  const lastingly = recorded !== null && lasting.has(recorded.kind) ? recorded : null;
  if (now.sizeBytes !== row.sizeBytes || (now.etag !== null && row.etag !== null && now.etag !== row.etag)) {
    if (proof !== null)
      return {
        ruling: 'exception',
        kind: 'source-changed',
        reason: `overwritten at the source after it was listed; the new version (${now.sizeBytes} bytes) arrived and matches`,
        arrived: true,
      };
    if (mayRepair)
      return {
        ruling: 'repair',
        object: summary(now),
        reason: 'overwritten at the source after it was listed',
      };
    if (lastingly !== null) return { ruling: 'exception', ...lastingly };
    return {
      ruling: 'exception',
      kind: 'source-changed',
      reason: 'overwritten at the source again and again; the destination does not hold its newest version',
    };
  }
  if (proof !== null) return { ruling: 'verified', proof };
  if (lastingly !== null) return { ruling: 'exception', ...lastingly };
  const { kind, wrong } = whatIsWrong(known, there, otherBytes, believed);
  if (mayRepair) return { ruling: 'repair', object: summary(now), reason: wrong };
  if (recorded !== null) return { ruling: 'exception', ...recorded };
  return { ruling: 'exception', kind, reason: `still ${wrong} after every repair round` };
}

/**
 * The ruling where the source cannot be asked: what the worker saw there is the answer.
 *
 * | at the destination   | worker recorded                           | ruling                                   |
 * |----------------------|-------------------------------------------|------------------------------------------|
 * | missing or different | lasting, `source-missing`, `source-changed` | exception as recorded                  |
 * | missing or different | none, healable                            | repair; at the end as recorded, else `corrupt` (different) or `exhausted` (missing, older) |
 */
function withoutAsking({ row, there, otherBytes, recorded, mayRepair }: Case, trust: EtagTrust): Ruling {
  if (recorded !== null && (lasting.has(recorded.kind) || seenAtTheSource.has(recorded.kind)))
    return { ruling: 'exception', ...recorded };
  const { key, sizeBytes, etag, modifiedAtMs, storageClass } = row;
  const object = { key, sizeBytes, etag, modifiedAtMs, storageClass };
  const { kind, wrong } = whatIsWrong(object, there, otherBytes, trust);
  if (mayRepair) return { ruling: 'repair', object, reason: wrong };
  if (recorded !== null) return { ruling: 'exception', ...recorded };
  return { ruling: 'exception', kind, reason: `still ${wrong} after every repair round` };
}

const seenAtTheSource: ReadonlySet<ExceptionKind> = new Set<ExceptionKind>([
  'source-missing',
  'source-changed',
]);

/** What is wrong with the copy, and the kind of exception it is when it stays so. */
function whatIsWrong(
  now: ObjectSummary,
  there: ObjectSummary | null,
  otherBytes: boolean,
  trust: EtagTrust,
): { kind: ExceptionKind; wrong: string } {
  if (there === null) return { kind: 'exhausted', wrong: 'missing at the destination' };
  if (otherBytes) return { kind: 'corrupt', wrong: 'at the destination with other bytes' };
  const comparison = compareObjects(now, there, trust);
  if (comparison.same)
    return {
      kind: 'exhausted',
      wrong: 'older at the destination than at the source, with nothing but the size to compare',
    };
  const how =
    comparison.differs === 'checksum'
      ? 'by checksum'
      : `${there.sizeBytes} bytes there, ${now.sizeBytes} at the source`;
  return { kind: 'corrupt', wrong: `different at the destination (${how})` };
}

/** Under SSE-KMS and SSE-C an ETag is no MD5. [src: S3 API reference, Object.ETag] */
function isOpaque(details: ObjectDetails): boolean {
  return details.encryption !== null && details.encryption !== 'AES256';
}

function summary({ key, sizeBytes, etag, modifiedAtMs, storageClass }: ObjectDetails): ObjectSummary {
  return { key, sizeBytes, etag, modifiedAtMs, storageClass };
}
