import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { S3ObjectStore } from '../../adapters/aws/s3-object-store.ts';
import { jobLayout } from '../../core/job-layout.ts';
import { encodeJson } from '../../core/json-lines.ts';
import { StoreError } from '../../core/store-error.ts';
import { cleanUp } from '../../functions/clean-up.ts';
import { probeKey } from '../../functions/probe-destination.ts';
import { perform } from '../../functions/step.ts';
import { type S3Server, startS3Server } from '../../local/s3-server/s3-server.ts';
import { allOf } from '../support/all-of.ts';
import { memoryStack } from '../support/memory-stack.ts';
import { address, rowOf, samplePlan, storeInventory } from '../support/sample-migration.ts';

const { folder, migration } = address;
let stack: ReturnType<typeof memoryStack>;

async function planned(request: object = {}) {
  const plan = samplePlan({ createdAtMs: 2_000_000, request });
  await stack.jobStore.write(jobLayout.plan(folder), encodeJson(plan));
  return plan;
}
const inProgress = async (prefix = '') =>
  (await allOf(stack.destination.unfinishedUploads(prefix))).map(({ key }) => key);

beforeEach(() => {
  stack = memoryStack(2_000_000);
});

describe('what costs money', () => {
  it('is stopped: the listers of this migration, then the fleet, and it waits until the fleet is gone', async () => {
    stack.listers.running = 1;
    stack.fleet.running = 4;
    expect(await perform(cleanUp, address, stack)).toEqual({
      fleetStopped: true,
      listersStopped: 1,
      uploadsAborted: 0,
      problems: [],
    });
    expect(stack.stopped).toEqual([migration]);
    expect(stack.fleet.bounds).toEqual([{ minimum: 0, maximum: 0, desired: 0 }]);
    expect(stack.fleet.running).toBe(0);
  });

  it('that will not go is waited for no longer than it should', async () => {
    stack.fleet.running = 2;
    stack.fleet.stubborn = 1;
    expect(await perform(cleanUp, address, stack)).toMatchObject({
      fleetStopped: false,
      problems: ['stopping the fleet: 1 still run after 10 seconds; they cost until they end'],
    });
    expect(stack.clock.nowMs() - 2_000_000).toBe(10_000);
  });

  it.each([
    ['before there is a plan', []],
    ['before there is an inventory', ['plan']],
    ['before the listing is complete', ['plan', 'inventory']],
    ['at the end', ['plan', 'inventory', 'listing']],
  ] as const)('is stopped %s, and stopping it again is harmless', async (_, reached) => {
    if ((reached as readonly string[]).includes('plan')) await planned();
    if ((reached as readonly string[]).includes('inventory'))
      await storeInventory(stack.jobStore, [[rowOf('a', 'x')]]);
    if (!(reached as readonly string[]).includes('listing'))
      await stack.jobStore.delete(jobLayout.listing(folder));
    stack.listers.running = 1;
    stack.fleet.running = 1;
    const before = await allOf(stack.jobStore.list(''));
    const first = await perform(cleanUp, address, stack);
    expect(first).toMatchObject({ fleetStopped: true, listersStopped: 1, problems: [] });
    const again = await perform(cleanUp, address, stack);
    expect(again).toEqual({ fleetStopped: true, listersStopped: 0, uploadsAborted: 0, problems: [] });
    expect(await allOf(stack.jobStore.list(''))).toEqual(before);
  });

  it('is stopped when EventBridge tells that the execution was, the probe deleted with it', async () => {
    const plan = await planned();
    const probe = probeKey(plan.request, plan.migration);
    await stack.destination.put(probe, new Uint8Array(1), 1, {});
    stack.listers.running = 1;
    stack.fleet.running = 2;
    const detail = { name: `${migration}@2`, status: 'ABORTED', startDate: 4, stopDate: 5, input: '{}' };
    const event = { version: '0', source: 'aws.states', region: 'us-east-1', detail };
    expect(await perform(cleanUp, event, stack)).toMatchObject({
      fleetStopped: true,
      listersStopped: 1,
      problems: [],
    });
    expect(stack.stopped).toEqual([migration]);
    expect(await stack.destination.head(probe)).toBeNull();
  });

  it('takes what every failed state hands it, error and all', async () => {
    const state = { ...address, startedAt: 'x', request: {}, error: { Error: 'E', Cause: 'c' }, drain: {} };
    await expect(perform(cleanUp, state, stack)).resolves.toMatchObject({ fleetStopped: true });
  });
});

describe('the destination', () => {
  it('is left without the probe object', async () => {
    const plan = await planned({ destination: { bucket: 'archive', prefix: 'in/' } });
    await stack.destination.put(probeKey(plan.request, migration), new Uint8Array(1), 1, {});
    await stack.destination.put('in/.drover-probe-other', new Uint8Array(1), 1, {});
    await perform(cleanUp, address, stack);
    const page = await stack.destination.listPage({ prefix: '', startAfter: null });
    expect(page.objects.map(({ key }) => key)).toEqual(['in/.drover-probe-other']);
  });

  it('is left without this migration’s unfinished uploads, and with everybody else’s', async () => {
    await planned({
      destination: { bucket: 'archive', prefix: 'in/' },
      rules: [{ match: 'raw/**', rename: { prefix: 'raw/', to: 'video/' } }],
    });
    await storeInventory(stack.jobStore, [
      [rowOf('a', 'x'), rowOf('b', 'x', 'unchanged')],
      [rowOf('c', 'x', 'excluded'), rowOf('raw/d', 'x')],
    ]);
    for (const key of ['in/a', 'in/b', 'in/c', 'in/raw/d', 'in/video/d', 'in/foreign', 'a', 'elsewhere/a'])
      stack.destination.beginUpload(key);
    const given = await perform(cleanUp, address, stack);
    expect(given).toMatchObject({ uploadsAborted: 2, problems: [] });
    expect(await inProgress()).toEqual(['in/b', 'in/c', 'in/raw/d', 'in/foreign', 'a', 'elsewhere/a']);
  });

  it('keeps uploads that were begun before this migration', async () => {
    stack = memoryStack(1_000_000);
    stack.destination.beginUpload('a');
    await stack.clock.sleep(1_000_000);
    await planned();
    await storeInventory(stack.jobStore, [[rowOf('a', 'x')]]);
    stack.destination.beginUpload('a');
    expect((await perform(cleanUp, address, stack)).uploadsAborted).toBe(1);
    expect(await inProgress()).toEqual(['a']);
  });

  it('is closed again', async () => {
    await planned();
    await perform(cleanUp, address, stack);
    expect(stack.destination.closed).toBe(1);
  });
});

describe('what cannot be done is said, and does not keep the rest from being done', () => {
  const refusal = new StoreError('denied', 'AccessDenied: no', { code: 'AccessDenied' });

  it('when listers cannot be stopped', async () => {
    stack.fleet.running = 1;
    stack.listers.stopAll = async () => {
      throw new Error('ThrottlingException');
    };
    expect(await perform(cleanUp, address, stack)).toEqual({
      fleetStopped: true,
      listersStopped: 0,
      uploadsAborted: 0,
      problems: ['stopping listers: ThrottlingException'],
    });
    expect(stack.logged).toEqual([
      ['clean-up-problem', { problem: 'stopping listers: ThrottlingException' }],
    ]);
  });

  it('when the fleet cannot be lowered', async () => {
    await planned();
    await storeInventory(stack.jobStore, [[rowOf('a', 'x')]]);
    stack.destination.beginUpload('a');
    stack.fleet.broken = new Error('no such group');
    expect(await perform(cleanUp, address, stack)).toMatchObject({
      fleetStopped: false,
      uploadsAborted: 1,
      problems: ['stopping the fleet: no such group'],
    });
  });

  it('when the plan cannot be read', async () => {
    stack.fleet.running = 1;
    await stack.jobStore.write(jobLayout.plan(folder), new TextEncoder().encode('{'));
    const given = await perform(cleanUp, address, stack);
    expect(given).toMatchObject({ fleetStopped: true, uploadsAborted: 0 });
    expect(given.problems).toEqual([expect.stringMatching(/^reading the plan: /)]);
  });

  it('when the probe cannot be deleted', async () => {
    await planned();
    await storeInventory(stack.jobStore, [[rowOf('a', 'x')]]);
    stack.destination.beginUpload('a');
    stack.destination.failNext('DeleteObject', refusal);
    expect(await perform(cleanUp, address, stack)).toMatchObject({
      uploadsAborted: 1,
      problems: ['deleting the probe object: AccessDenied: no'],
    });
    expect(await inProgress()).toEqual([]);
  });

  it('when the inventory is damaged', async () => {
    const plan = await planned();
    await storeInventory(stack.jobStore, [[rowOf('a', 'x')]]);
    await stack.jobStore.delete(jobLayout.shardPiece(folder, '0000', 0));
    await stack.destination.put(probeKey(plan.request, migration), new Uint8Array(1), 1, {});
    stack.destination.beginUpload('a');
    const given = await perform(cleanUp, address, stack);
    expect(given.problems).toEqual([expect.stringMatching(/^looking for unfinished uploads: .*is missing/)]);
    expect(await stack.destination.head(probeKey(plan.request, migration))).toBeNull();
  });

  it('when the secrets of the destination are gone', async () => {
    await planned();
    stack.fleet.running = 1;
    const openStore = async () => {
      throw new Error('There is no secret "/to/key"');
    };
    expect(await perform(cleanUp, address, { ...stack, openStore })).toEqual({
      fleetStopped: true,
      listersStopped: 0,
      uploadsAborted: 0,
      problems: ['opening the destination: There is no secret "/to/key"'],
    });
  });
});

describe('at a real store', () => {
  let server: S3Server;
  let store: S3ObjectStore;
  beforeEach(async () => {
    server = await startS3Server({ buckets: ['archive'] });
    const credentials = { accessKeyId: 'K', secretAccessKey: 'S' };
    const connection = { provider: 'Other', bucket: 'archive', region: 'us-east-1', credentials };
    store = new S3ObjectStore({ ...connection, endpoint: server.endpoint }, { maxAttempts: 1 });
  });
  afterEach(async () => {
    store.close();
    await server.stop();
  });
  const begin = async (key: string) =>
    void (await fetch(`${server.endpoint}/archive/${key}?uploads`, { method: 'POST' }));

  it('one upload that cannot be aborted does not keep the others', async () => {
    const nowMs = Date.now();
    stack = memoryStack(nowMs);
    const plan = { ...samplePlan(), createdAtMs: nowMs };
    await stack.jobStore.write(jobLayout.plan(folder), encodeJson(plan));
    await storeInventory(stack.jobStore, [[rowOf('a', 'x'), rowOf('b', 'x'), rowOf('c', 'x')]]);
    for (const key of ['a', 'b', 'c', 'foreign']) await begin(key);
    server.faults.deny = [{ bucket: 'archive', operation: 'AbortMultipartUpload', keyPrefix: 'a' }];
    // Clean up closes what it opened; this test looks at the store afterwards.
    const openStore = async () =>
      Object.assign(Object.create(store), bound(store), { close: () => undefined });
    const given = await perform(cleanUp, address, { ...stack, openStore });
    expect(given.uploadsAborted).toBe(2);
    expect(given.problems).toEqual([
      expect.stringMatching(/^aborting unfinished uploads \(1 of 3 stay\): AccessDenied/),
    ]);
    const left = await allOf(store.unfinishedUploads(''));
    expect(left.map(({ key }) => key)).toEqual(['a', 'foreign']);
  });
});

/** The store's methods, bound to it. */
function bound(store: S3ObjectStore) {
  return {
    delete: (key: string) => store.delete(key),
    unfinishedUploads: (prefix: string) => store.unfinishedUploads(prefix),
    abortUpload: (upload: Parameters<S3ObjectStore['abortUpload']>[0]) => store.abortUpload(upload),
  };
}
