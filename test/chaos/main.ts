import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runRound } from './run-round.ts';
import { writeScript } from './script.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '200' },
    seed: { type: 'string', default: '1' },
    from: { type: 'string', default: '0' },
    out: { type: 'string' },
  },
});
const [rounds, seed, from] = [values.rounds, values.seed, values.from].map(Number);
if (
  rounds === undefined ||
  seed === undefined ||
  from === undefined ||
  ![rounds, seed, from].every(Number.isInteger)
) {
  process.stderr.write('usage: npm run chaos [-- --rounds 200 --seed 1 --from 0 --out DIR]\n');
  process.exit(2);
}
const out = values.out ?? (await mkdtemp(join(tmpdir(), 'drover-chaos-')));
await mkdir(out, { recursive: true });
let failed = 0;
for (let round = from; round < from + rounds; round++) {
  const folder = join(out, `seed-${seed}-round-${round}`);
  const { script, seconds, happened, wrong } = await runRound(writeScript(seed, round), folder);
  const blows = script.events.map(({ blow }) => ('what' in blow ? `${blow.blow} ${blow.what}` : blow.blow));
  const line = `round ${round}, ${script.objects.length} objects${script.partitions === null ? '' : ` in ${script.partitions} partitions`}, ${seconds.toFixed(1)} s: ${blows.join(', ')}`;
  process.stdout.write(`${wrong.length === 0 ? 'right' : 'WRONG'} ${line}\n`);
  if (wrong.length === 0) continue;
  failed += 1;
  const again = `npm run chaos -- --seed ${seed} --from ${round} --rounds 1`;
  process.stdout.write(
    [...wrong, ...happened, `kept: ${folder}`, `again: ${again}`].map((text) => `    ${text}\n`).join(''),
  );
}
process.stdout.write(`seed ${seed}: ${rounds - failed} of ${rounds} rounds right\n`);
if (failed === 0) await rm(out, { recursive: true, force: true });
process.exit(failed === 0 ? 0 : 1);
