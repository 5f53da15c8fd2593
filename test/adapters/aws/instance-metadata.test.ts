import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { InstanceMetadata } from '../../../adapters/aws/instance-metadata.ts';
import { ManualClock } from '../../../adapters/memory/clock.ts';
import { type MetadataService, startMetadataService } from '../../support/metadata-service.ts';

let service: MetadataService;
let clock: ManualClock;
let metadata: InstanceMetadata;
beforeEach(async () => {
  service = await startMetadataService();
  clock = new ManualClock(1_000_000);
  metadata = new InstanceMetadata(service.endpoint, clock);
});
afterEach(async () => {
  await service.stop();
});

describe('the instance metadata service', () => {
  it('is asked with one token for many questions', async () => {
    expect(await metadata.instanceId()).toBe('i-0abc');
    expect(await metadata.isBeingTerminated()).toBe(false);
    expect(await metadata.spotNotice()).toBeNull();
    expect(service.tokensGiven()).toBe(1);
  });

  it('is asked for a new token before the old one runs out', async () => {
    await metadata.instanceId();
    await clock.advance(6 * 3_600_000 - 60_000);
    await metadata.instanceId();
    expect(service.tokensGiven()).toBe(2);
  });

  it('is asked for a new token when it takes the old one no more', async () => {
    await metadata.instanceId();
    service.forgetTokens();
    expect(await metadata.instanceId()).toBe('i-0abc');
    expect(service.tokensGiven()).toBe(2);
  });

  it('tells a Spot notice with its time', async () => {
    service.items['spot/instance-action'] = '{"action": "terminate", "time": "2026-11-23T08:22:00Z"}';
    expect(await metadata.spotNotice()).toEqual({
      action: 'terminate',
      atMs: Date.UTC(2026, 10, 23, 8, 22),
    });
  });

  it('tells that the group ends the instance', async () => {
    service.items['autoscaling/target-lifecycle-state'] = 'Terminated';
    expect(await metadata.isBeingTerminated()).toBe(true);
  });

  it('tells of an instance outside a group that nobody ends it', async () => {
    delete service.items['autoscaling/target-lifecycle-state'];
    expect(await metadata.isBeingTerminated()).toBe(false);
  });

  it('is named in the error when it fails or is not there', async () => {
    service.broken = true;
    await expect(metadata.instanceId()).rejects.toThrow(/metadata service answers 500 to a token request/);
    await service.stop();
    await expect(metadata.instanceId()).rejects.toThrow(
      /metadata service does not answer latest\/api\/token/,
    );
  });
});
