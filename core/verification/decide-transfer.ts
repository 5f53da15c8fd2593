import type { ObjectSummary } from '../inventory/inventory-row.ts';
import type { Request } from '../request.ts';
import { type EtagTrust, proofOfCopy } from './compare-objects.ts';

/**
 * Decides at listing whether an object has to be copied.
 *
 * | existing              | at the destination                                 | decision    |
 * |-----------------------|----------------------------------------------------|-------------|
 * | any                   | nothing                                            | `transfer`  |
 * | `keep`                | anything                                           | `kept`      |
 * | `replace`             | anything                                           | `transfer`  |
 * | `replace-if-different`| different, by size or checksum                     | `transfer`  |
 * | `replace-if-different`| same by checksum                                   | `unchanged` |
 * | `replace-if-different`| same by size only, the source is newer             | `transfer`  |
 * | `replace-if-different`| same by size only, the source is not newer         | `unchanged` |
 */
export function decideTransfer(
  object: ObjectSummary,
  there: ObjectSummary | null,
  existing: Request['existing'],
  trust: EtagTrust,
): 'transfer' | 'unchanged' | 'kept' {
  if (there === null || existing === 'replace') return 'transfer';
  if (existing === 'keep') return 'kept';
  return proofOfCopy(object, there, trust) === null ? 'transfer' : 'unchanged';
}
