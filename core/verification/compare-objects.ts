/** Whether two objects are the same, and what says so. */
export type Comparison =
  | { same: true; proof: 'checksum' | 'size' }
  | { same: false; differs: 'size' | 'checksum' };

/** What may be believed about ETags, as Preflight measured it. */
export type EtagTrust = {
  compare: 'checksum' | 'size';
  sourceEtagIsMd5: boolean;
  destinationEtagIsMd5: boolean;
};

type Side = { sizeBytes: number; etag: string | null };

/** Whether an ETag has the form of a plain MD5: 32 hex digits, no part count. */
export function isPlainMd5(etag: string | null): boolean {
  return etag !== null && /^[0-9a-f]{32}$/i.test(etag);
}

/**
 * Compares an object with its copy.
 *
 * | size   | compare  | ETags                                   | result                |
 * |--------|----------|-----------------------------------------|-----------------------|
 * | differ | any      | any                                     | different by size     |
 * | equal  | size     | any                                     | same, proven by size  |
 * | equal  | checksum | both plain MD5, both believed, equal    | same, by checksum     |
 * | equal  | checksum | both plain MD5, both believed, unequal  | different by checksum |
 * | both 0 | checksum | unequal, whatever they are              | same, proven by size  |
 * | equal  | checksum | both `md5-parts`, both believed, equal  | same, by checksum     |
 * | equal  | checksum | anything else                           | same, proven by size  |
 *
 * Unequal `md5-parts` ETags say nothing: other part sizes give other ETags for the same bytes. An ETag under
 * aws:kms is no MD5 although it looks like one. [src: S3 API reference, Object.ETag]
 */
export function compareObjects(source: Side, destination: Side, trust: EtagTrust): Comparison {
  if (source.sizeBytes !== destination.sizeBytes) return { same: false, differs: 'size' };
  if (trust.compare === 'size' || !trust.sourceEtagIsMd5 || !trust.destinationEtagIsMd5)
    return { same: true, proof: 'size' };
  const equal = source.etag !== null && source.etag.toLowerCase() === destination.etag?.toLowerCase();
  if (isPlainMd5(source.etag) && isPlainMd5(destination.etag)) {
    // Nothing has one content only; some stores make up an ETag for markers of folders.
    if (!equal && source.sizeBytes === 0) return { same: true, proof: 'size' };
    return equal ? { same: true, proof: 'checksum' } : { same: false, differs: 'checksum' };
  }
  const inParts = source.etag !== null && /^[0-9a-f]{32}-\d+$/i.test(source.etag);
  return { same: true, proof: inParts && equal ? 'checksum' : 'size' };
}

type Timed = Side & { modifiedAtMs: number };

/**
 * What proves that the copy is one of this object; null = nothing does. Equal size alone proves nothing when the
 * copy is older than the object: it may be what was there before. Whole seconds count, which is all that many
 * stores tell. The lister and the verification both ask here,
 * so that what is verified is not copied again by the next run.
 */
export function proofOfCopy(source: Timed, copy: Timed, trust: EtagTrust): 'checksum' | 'size' | null {
  const comparison = compareObjects(source, copy, trust);
  if (!comparison.same || (comparison.proof === 'size' && secondOf(copy) < secondOf(source))) return null;
  return comparison.proof;
}

function secondOf({ modifiedAtMs }: Timed): number {
  return Math.floor(modifiedAtMs / 1000);
}
