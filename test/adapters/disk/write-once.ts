// A process of its own that tries to replace a file often and prints how often it won.
import { DiskJobStore } from '../../../adapters/disk/job-store.ts';
import { VersionConflict } from '../../../core/ports.ts';

const [folder = '', path = '', tries = '0'] = process.argv.slice(2);
const store = new DiskJobStore(folder);
let won = 0;
for (let attempt = 0; attempt < Number(tries); attempt++) {
  const current = await store.read(path);
  const count = Number(Buffer.from(current?.bytes ?? []).toString());
  try {
    await store.write(path, Buffer.from(`${count + 1}`), { replaces: current?.version ?? null });
    won += 1;
  } catch (error) {
    if (!(error instanceof VersionConflict)) throw error;
  }
}
process.stdout.write(`${won}`);
