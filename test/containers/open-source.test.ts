import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { storeOpener } from '../../adapters/aws/open-store.ts';
import { MemoryJobStore } from '../../adapters/memory/job-store.ts';
import { MemorySecrets } from '../../adapters/memory/secrets.ts';
import { systemClock } from '../../adapters/system-clock.ts';
import { openSource } from '../../containers/lister/open-source.ts';
import { rcloneForTests } from '../support/rclone.ts';
import { samplePlan } from '../support/sample-migration.ts';

let data: string;
let spoolFolder: string;
beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), 'drover-data-'));
  spoolFolder = await mkdtemp(join(tmpdir(), 'drover-spools-'));
  await writeFile(join(data, 'old'), 'x');
});
afterEach(async () => {
  for (const folder of [data, spoolFolder]) await rm(folder, { recursive: true, force: true });
});

async function opened(stop = new AbortController().signal, folder?: string) {
  const secrets = new MemorySecrets({});
  const plan = samplePlan({
    request: { source: { type: 'rclone', backend: 'local', path: data, secret: null } },
  });
  const source = await openSource(folder === undefined ? plan : { ...plan, folder }, {
    place: {
      secrets,
      jobStore: new MemoryJobStore(),
      openStore: storeOpener(secrets),
      clock: systemClock,
      log: () => undefined,
    },
    spoolFolder,
    rclone: await rcloneForTests(),
    setpriv: null,
    requestsAtOnce: 4,
    openRanges: [],
    stop,
  });
  const { objects } = await source.store.listPage({ prefix: '', startAfter: null });
  return { source, keys: objects.map(({ key }) => key) };
}

it('lists an rclone source again as it was spooled when the lister was killed afterwards, and anew in the next pass', async () => {
  const killed = await opened();
  expect(killed.keys).toEqual(['old']);
  expect(killed.source.store.requestsMade()).toEqual({ ListFolder: 1 });
  await killed.source.close(false);
  await writeFile(join(data, 'new'), 'x');

  const resumed = await opened();
  expect(resumed.keys).toEqual(['old']);
  await resumed.source.close(true);

  const next = await opened(undefined, 'migrations/exit-ibm/pass-2');
  expect(next.keys).toEqual(['new', 'old']);
  await next.source.close(true);
});

it('leaves nothing that looks finished when it is stopped in the middle, and begins anew', async () => {
  const stop = new AbortController();
  stop.abort();
  await expect(opened(stop.signal)).rejects.toMatchObject({ name: 'WalkStopped' });
  await writeFile(join(data, 'new'), 'x');
  const { source, keys } = await opened();
  expect(keys).toEqual(['new', 'old']);
  await source.close(true);
});
