import { parseArgs } from 'node:util';
import { memory } from './memory.ts';
import { printRows } from './rows.ts';
import { transfer } from './transfer.ts';

const usage = `usage: npm run bench -- <memory | transfer> [--json]
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
const rows =
  name === 'memory' ? await memory(say) : name === 'transfer' ? await transfer(say, options) : refuse();
printRows(rows, values.json);
process.exit(0);
