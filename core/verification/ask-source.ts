import type { InventoryRow, ObjectSummary } from '../inventory/inventory-row.ts';
import type { ObjectDetails, ObjectStore } from '../ports.ts';
import { StoreError } from '../store-error.ts';
import type { ExceptionKind } from '../transfer/outcome.ts';
import { compareObjects, type EtagTrust } from './compare-objects.ts';

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
 * | changed since listing    | equals the new one   | any             | exception `source-changed`        |
 * | changed since listing    | anything else        | not lasting     | repair, or `source-changed` at the end |
 * | as listed, ETag no MD5   | same size            | any             | verified by size                  |
 * | as listed                | other bytes, read    | any             | as different                      |
 * | as listed                | missing or different | lasting         | exception as recorded             |
 * | as listed                | missing or different | none, healable  | repair; at the end as recorded, else `corrupt` (different) or `exhausted` (missing) |
 * | refuses to say           | missing or different | any             | exception `source-denied`         |
 */
export async function askSource(
  open: Case,
  source: Pick<ObjectStore, 'head'>,
  trust: EtagTrust,
): Promise<Ruling> {
  const { row, there, otherBytes, recorded, mayRepair } = open;
  let now: ObjectDetails | null;
  try {
    now = await source.head(row.key);
  } catch (error) {
    if (!(error instanceof StoreError) || (error.kind !== 'denied' && error.kind !== 'archived')) throw error;
    const kind = error.kind === 'denied' ? 'source-denied' : 'source-archived';
    return { ruling: 'exception', kind, reason: `the source refuses to show the object: ${error.message}` };
  }
  if (now === null)
    return {
      ruling: 'exception',
      kind: 'source-missing',
      reason: 'deleted at the source after it was listed',
    };

  const believed = { ...trust, sourceEtagIsMd5: trust.sourceEtagIsMd5 && !isOpaque(now) };
  const same = there === null || otherBytes ? null : compareObjects(now, there, believed);
  if (now.sizeBytes !== row.sizeBytes || (now.etag !== null && row.etag !== null && now.etag !== row.etag)) {
    if (same?.same === true)
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
    return {
      ruling: 'exception',
      kind: 'source-changed',
      reason: 'overwritten at the source again and again; the destination does not hold its newest version',
    };
  }
  if (same?.same === true) return { ruling: 'verified', proof: same.proof };
  if (recorded !== null && lasting.has(recorded.kind)) return { ruling: 'exception', ...recorded };
  const wrong =
    there === null
      ? 'missing at the destination'
      : otherBytes
        ? 'at the destination with other bytes'
        : `different at the destination (${there.sizeBytes} bytes there, ${row.sizeBytes} at the source)`;
  if (mayRepair) return { ruling: 'repair', object: summary(now), reason: wrong };
  if (recorded !== null) return { ruling: 'exception', ...recorded };
  return {
    ruling: 'exception',
    kind: there === null ? 'exhausted' : 'corrupt',
    reason: `still ${wrong} after every repair round`,
  };
}

/** Under SSE-KMS and SSE-C an ETag is no MD5. [src: S3 API reference, Object.ETag] */
function isOpaque(details: ObjectDetails): boolean {
  return details.encryption !== null && details.encryption !== 'AES256';
}

function summary({ key, sizeBytes, etag, modifiedAtMs, storageClass }: ObjectDetails): ObjectSummary {
  return { key, sizeBytes, etag, modifiedAtMs, storageClass };
}
