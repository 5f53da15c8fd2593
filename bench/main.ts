import { parseArgs } from 'node:util';
import { listing } from './listing.ts';
import { memory } from './memory.ts';
import { printRows } from './rows.ts';
import { transfer } from './transfer.ts';

const usage = `usage: npm run bench -- <listing | memory | transfer> [--json]
  listing: [--case <part of a name>]... [--subject <name>]... [--quick]
  transfer: [--case <name>]... [--subject <name>]... [--quick] [--rounds <number>]
`;

function refuse(): never {
  process.stderr.write(usage);
  process.exit(2);
}

function read() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        json: { type: 'boolean', default: false },
        case: { type: 'string', multiple: true, default: [] },
        subject: { type: 'string', multiple: true, default: [] },
        quick: { type: 'boolean', default: false },
        rounds: { type: 'string', default: '3' },
      },
    });
  } catch {
    return refuse();
  }
}

const { positionals, values } = read();
const [name, ...more] = positionals;
const rounds = Number(values.rounds);
if (more.length > 0 || !Number.isInteger(rounds) || rounds < 1) refuse();
const say = (line: string): void => void process.stderr.write(`${line}\n`);
const options = { cases: values.case, subjects: values.subject, quick: values.quick, rounds };
const benches = {
  listing: () => listing(say, options),
  memory: () => memory(say),
  transfer: () => transfer(say, options),
};
const rows = await (benches[name as keyof typeof benches] ?? refuse)();
printRows(rows, values.json);
process.exit(0);
