import { isRcloneLocation } from '../../core/batching/batch.ts';
import type { Copier } from '../../core/ports.ts';
import { addRequests } from '../../core/requests-made.ts';
import { carrierFor } from '../../core/transfer/carrier.ts';

/**
 * A copier that moves objects of up to `directUpToBytes`, and those whose keys rclone cannot address, by the worker's own
 * requests (`direct`), and gives the others to rclone. An object whose digest rclone finds wrong goes to `direct` as well:
 * some stores' ETags look like an MD5 and are none, rclone would refuse every one of their objects, and `direct` believes
 * bytes that come out the same in two readings. A source that is no bucket has rclone only.
 */
export function chooseCarrier(rclone: Copier, direct: Copier, directUpToBytes: number): Copier {
  return {
    async copy(file, batch, signal) {
      if (isRcloneLocation(batch.source)) return rclone.copy(file, batch, signal);
      if (file.sizeBytes <= directUpToBytes || carrierFor(file) === 'direct')
        return direct.copy(file, batch, signal);
      const first = await rclone.copy(file, batch, signal);
      if (first.result !== 'retry' || !/BadDigest|InvalidDigest/.test(first.reason)) return first;
      const second = await direct.copy(file, batch, signal);
      addRequests(second.requests.source, first.requests.source);
      addRequests(second.requests.destination, first.requests.destination);
      return second;
    },
  };
}
