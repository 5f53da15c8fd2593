import { z } from 'zod';
import { DecisionTallies } from '../core/inventory/checkpoint.ts';
import { addTally, noObjects, Tally } from '../core/transfer/outcome.ts';
import type { LogLine } from './child.ts';
import type { StateEvent } from './interpret.ts';
import type { ProgressSnapshot, StateSeen } from './progress/snapshot.ts';

const Listed = z.looseObject({ event: z.literal('listed'), tallies: DecisionTallies });
const Settled = z.looseObject({
  event: z.literal('settled'),
  copied: Tally,
  exceptions: z.int(),
  retried: z.int(),
});

/** Events of a worker that a person wants to be told about, and in which words. */
const remarkable: Readonly<Record<string, (line: LogLine) => string>> = {
  'credentials-refused': (line) =>
    `the ${String(line['side'])} refuses the credentials: workers wait until the secrets are mended`,
  'store-blocked': (line) =>
    `the ${String(line['side'])} does not serve: workers wait until it does (${String(line['reason'])})`,
  'worker-unfit': (line) => `a worker's machine fails it: ${String(line['reason'])}`,
  'lease-lost': () => 'a lease was lost: its batch may be copied twice, which is harmless',
  'message-unreadable': () => 'the queue holds a message that is no batch; it will be set aside',
  'batch-unsettled': (line) => `a batch could not be put on record and comes back: ${String(line['reason'])}`,
  'listing-failed': (line) => String(line['message']),
};

/** Gathers what the parts of a migration say into one picture of it. */
export class MigrationWatch {
  readonly #migration: string;
  readonly #startedAtMs: number;
  readonly #states: StateSeen[] = [];
  readonly #workers = new Map<string, { copied: Tally; exceptions: number; retried: number }>();
  #tallies: DecisionTallies = emptyTallies();
  #listingFinished = false;
  #verified = 0;
  #toVerify = 0;
  #backlog = { visible: 0, inFlight: 0, delayed: 0 };
  #fleet = { running: 0, desired: 0 };
  #notice: string | null = null;

  constructor(migration: string, startedAtMs: number) {
    this.#migration = migration;
    this.#startedAtMs = startedAtMs;
  }

  state({ moment, name, type, atMs }: StateEvent): void {
    if (type !== 'Task' && type !== 'Map') return;
    if (moment === 'entered') {
      this.#states.push({ name, startedAtMs: atMs, endedAtMs: null, failed: false });
      if (name === 'Verify') this.#verified = 0;
      return;
    }
    const open = this.#states.findLast((state) => state.name === name && state.endedAtMs === null);
    if (open === undefined) return;
    open.failed = moment !== 'left';
    if (moment !== 'failed') open.endedAtMs = atMs;
    if (moment === 'left' && name === 'List source') this.#listingFinished = true;
  }

  lister(line: LogLine): void {
    const listed = Listed.safeParse(line);
    if (listed.success) this.#tallies = listed.data.tallies;
    this.#remark(line);
  }

  worker(name: string, line: LogLine): void {
    const settled = Settled.safeParse(line);
    if (settled.success) this.#workers.set(name, settled.data);
    this.#remark(line);
  }

  listed(tallies: DecisionTallies): void {
    this.#tallies = tallies;
    this.#listingFinished = true;
  }

  toVerify(objects: number): void {
    this.#toVerify = objects;
  }

  verified(objects: number): void {
    this.#verified += objects;
  }

  backlog(counts: ProgressSnapshot['backlog'], fleet: ProgressSnapshot['workers']): void {
    this.#backlog = counts;
    this.#fleet = fleet;
  }

  notice(text: string): void {
    this.#notice = text;
  }

  /** The path taken so far, for the report. */
  states(): StateSeen[] {
    return this.#states.map((state) => ({ ...state }));
  }

  snapshot(nowMs: number): ProgressSnapshot {
    const workers = [...this.#workers.values()];
    const { transfer, unchanged, kept, excluded, exception } = this.#tallies;
    return {
      migration: this.#migration,
      nowMs,
      startedAtMs: this.#startedAtMs,
      states: this.states(),
      listed: Object.values(this.#tallies).reduce(addTally, noObjects()),
      listingFinished: this.#listingFinished,
      toCopy: transfer,
      unchanged: addTally(unchanged, kept),
      excluded,
      copied: workers.map(({ copied }) => copied).reduce(addTally, noObjects()),
      exceptions: exception.objects + workers.reduce((sum, { exceptions }) => sum + exceptions, 0),
      retried: workers.reduce((sum, { retried }) => sum + retried, 0),
      verified: this.#verified,
      toVerify: this.#toVerify,
      backlog: this.#backlog,
      workers: this.#fleet,
      notice: this.#notice,
    };
  }

  #remark(line: LogLine): void {
    const say = Object.hasOwn(remarkable, line.event) ? remarkable[line.event] : undefined;
    if (say !== undefined) this.#notice = say(line);
  }
}

function emptyTallies(): DecisionTallies {
  return {
    transfer: noObjects(),
    unchanged: noObjects(),
    kept: noObjects(),
    excluded: noObjects(),
    exception: noObjects(),
  };
}
