import { listing } from './listing.ts';
import { memory } from './memory.ts';
import { printRows, type Row } from './rows.ts';

/** A benchmark: gives its rows, and says on standard error what it is doing. */
type Bench = (say: (line: string) => void, flags: readonly string[]) => Promise<Row[]>;

const benches: Readonly<Record<string, Bench>> = { listing, memory };

const [name, ...flags] = process.argv.slice(2);
const bench = name === undefined ? undefined : benches[name];
if (bench === undefined) {
  process.stderr.write(
    `usage: npm run bench -- <${Object.keys(benches).join(' | ')}> [--json] [--quick] [--case TEXT]\n`,
  );
  process.exit(2);
}
const rows = await bench((line) => void process.stderr.write(`${line}\n`), flags);
printRows(rows, flags.includes('--json'));
process.exit(0);
