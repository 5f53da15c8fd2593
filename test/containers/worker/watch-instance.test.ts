import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { InstanceMetadata } from '../../../adapters/aws/instance-metadata.ts';
import { ManualClock } from '../../../adapters/memory/clock.ts';
import { type InstanceWatch, watchInstance } from '../../../containers/worker/watch-instance.ts';
import { type MetadataService, startMetadataService } from '../../support/metadata-service.ts';
import { until } from '../../support/processes.ts';

const startMs = Date.UTC(2026, 10, 23, 8, 0);
let service: MetadataService;
let clock: ManualClock;
/** What the worker and the group were told, with the second in which it happened. */
let told: string[];
let logged: [string, Record<string, unknown> | undefined][];
let filesInFlight: number;
let refusal: Error | null;
let watch: InstanceWatch;

const tell = (what: string) => {
  told.push(`${(clock.nowMs() - startMs) / 1000} s: ${what}`);
};
const askGroup = async (what: string) => {
  if (refusal !== null) throw refusal;
  tell(what);
};
/** The watch asks over HTTP: it is back at rest when it sleeps. */
const atRest = () => until('the watch sleeps', () => clock.sleeping() === 1);

async function pass(seconds: number): Promise<void> {
  for (let left = seconds; left > 0; left -= 5) {
    await clock.advance(Math.min(5, left) * 1000);
    await atRest();
  }
}

beforeEach(async () => {
  service = await startMetadataService();
  clock = new ManualClock(startMs);
  told = [];
  logged = [];
  filesInFlight = 0;
  refusal = null;
  watch = watchInstance({
    metadata: new InstanceMetadata(service.endpoint, clock),
    membership: {
      protect: (on) => askGroup(on ? 'protect' : 'no longer protect'),
      heartbeat: () => askGroup('heartbeat'),
      complete: async () => {
        await askGroup('complete');
        return true;
      },
    },
    clock,
    log: (event, fields) => void logged.push([event, fields]),
    filesInFlight: () => filesInFlight,
    drain: () => tell('drain'),
    halt: () => tell('halt'),
    drainSeconds: 420,
  });
  await atRest();
});
afterEach(async () => {
  service.items['autoscaling/target-lifecycle-state'] = 'InService';
  await watch.leave();
  await service.stop();
});

describe('a worker on an instance', () => {
  it('is told nothing while nothing happens', async () => {
    await pass(60);
    expect([told, logged]).toEqual([[], []]);
  });

  it('drains when the group ends the instance, and lets it go when it is empty', async () => {
    await pass(10);
    service.items['autoscaling/target-lifecycle-state'] = 'Terminated';
    await pass(15);
    await watch.leave();
    expect(told).toEqual(['15 s: drain', '25 s: complete']);
    expect(logged).toEqual([
      ['instance-leaving', { reason: 'terminated-by-group', seconds: 420, filesInFlight: 0 }],
      ['instance-empty', { completed: true }],
    ]);
  });

  it('keeps the hook waiting while it drains, and gives back after seven minutes what is not done', async () => {
    filesInFlight = 3;
    service.items['autoscaling/target-lifecycle-state'] = 'Terminated';
    await pass(5);
    filesInFlight = 1;
    await pass(425);
    await watch.leave();
    const beats = told.filter((line) => line.endsWith('heartbeat'));
    expect(beats).toEqual([65, 125, 185, 245, 305, 365, 425].map((second) => `${second} s: heartbeat`));
    expect(told.filter((line) => !line.endsWith('heartbeat'))).toEqual([
      '5 s: drain',
      '425 s: halt',
      '430 s: halt',
      '430 s: complete',
    ]);
  });

  it('gives back 20 seconds before Spot takes the instance', async () => {
    service.items['spot/instance-action'] = JSON.stringify({
      action: 'terminate',
      time: new Date(startMs + 125_000).toISOString(),
    });
    await pass(105);
    await watch.leave();
    expect(told).toEqual(['5 s: drain', '105 s: halt']);
    expect(logged).toEqual([
      ['instance-leaving', { reason: 'spot-terminate', seconds: 100, filesInFlight: 0 }],
    ]);
  });

  it('takes the earlier end when both notices come', async () => {
    service.items['autoscaling/target-lifecycle-state'] = 'Terminated';
    await pass(10);
    service.items['spot/instance-action'] = JSON.stringify({
      action: 'terminate',
      time: new Date(startMs + 140_000).toISOString(),
    });
    await pass(110);
    await watch.leave();
    expect(told).toEqual(['5 s: drain', '15 s: drain', '65 s: heartbeat', '120 s: halt', '120 s: complete']);
  });

  it('is spared from scale-in from its first copy until it has copied nothing for half a minute', async () => {
    await pass(10);
    filesInFlight = 2;
    await pass(20);
    filesInFlight = 0;
    await pass(25);
    filesInFlight = 1;
    await pass(5);
    filesInFlight = 0;
    await pass(60);
    expect(told).toEqual(['15 s: protect', '90 s: no longer protect']);
  });

  it('is not protected any more once it leaves', async () => {
    service.items['autoscaling/target-lifecycle-state'] = 'Terminated';
    await pass(5);
    filesInFlight = 1;
    await pass(20);
    expect(told).toEqual(['5 s: drain']);
  });

  it('goes on when AWS does not answer, says so once, and asks again', async () => {
    filesInFlight = 1;
    refusal = new Error('AccessDenied');
    await pass(30);
    refusal = null;
    await pass(5);
    service.broken = true;
    await pass(30);
    expect(told).toEqual(['35 s: protect']);
    expect(logged.map(([event, fields]) => `${event} ${fields?.['what']}`)).toEqual([
      'instance-watch-failed protection',
      'instance-watch-failed spot',
      'instance-watch-failed lifecycle',
    ]);
    service.broken = false;
  });
});
