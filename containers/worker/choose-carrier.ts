import { isRcloneLocation } from '../../core/batching/batch.ts';
import type { Copier } from '../../core/ports.ts';
import { addRequests } from '../../core/requests-made.ts';
import { carrierFor } from '../../core/transfer/carrier.ts';

/**
 * A copier that gives each object to rclone, or to the SDK where rclone cannot address the key. An object whose
 * digest rclone finds wrong goes to the SDK as well: some stores' ETags look like an MD5 and are none, rclone
 * would refuse every one of their objects, and the SDK believes bytes that come out the same in two readings.
 * A source that is no bucket has rclone only.
 */
export function chooseCarrier(rclone: Copier, sdk: Copier): Copier {
  return {
    async copy(file, batch, signal) {
      if (isRcloneLocation(batch.source)) return rclone.copy(file, batch, signal);
      if (carrierFor(file) === 'sdk') return sdk.copy(file, batch, signal);
      const first = await rclone.copy(file, batch, signal);
      if (first.result !== 'retry' || !/BadDigest|InvalidDigest/.test(first.reason)) return first;
      const second = await sdk.copy(file, batch, signal);
      addRequests(second.requests.source, first.requests.source);
      addRequests(second.requests.destination, first.requests.destination);
      return second;
    },
  };
}
