import { memory } from './memory.ts';
import { printRows, type Row } from './rows.ts';

/** A benchmark: gives its rows, and says on standard error what it is doing. */
type Bench = (say: (line: string) => void) => Promise<Row[]>;

const benches: Readonly<Record<string, Bench>> = { memory };

const [name, ...flags] = process.argv.slice(2);
const bench = name === undefined ? undefined : benches[name];
if (bench === undefined || flags.some((flag) => flag !== '--json')) {
  process.stderr.write(`usage: npm run bench -- <${Object.keys(benches).join(' | ')}> [--json]\n`);
  process.exit(2);
}
const rows = await bench((line) => void process.stderr.write(`${line}\n`));
printRows(rows, flags.includes('--json'));
process.exit(0);
