import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ObjectSummary } from '../../core/inventory/inventory-row.ts';
import { mergeRuns, sortRun, type WhenTwice } from './merge-runs.ts';
import { readRun, writeRun } from './run-file.ts';
import { recordBytes } from './spool-record.ts';

/** How a spool is built. */
export type SpoolOptions = {
  /** The spool's own folder; what an unfinished spool left in it is removed. */
  folder: string;
  /** What becomes of two objects of one key. */
  whenTwice: WhenTwice;
  /** Memory for one run, about; 48 MiB unless told. */
  runBytes?: number;
  /** Runs that are merged at once, which is also how many files are open; 64 unless told. */
  fanIn?: number;
};

/**
 * Sorts objects that come in any order into one file on disk, whatever their number: runs that fit into memory are
 * sorted, written and merged. Memory: one run, or one buffer for each run of a merge. Disk: twice the objects.
 *
 * The file has its name only when it is whole, and is found again by `finishedSpool`. A spool that was cut
 * short is built anew from the start: what a later lister then finds is what is there at that time, which is as if
 * the source had changed during the listing.
 */
export class SpoolBuilder {
  readonly #options: Required<SpoolOptions>;
  #run: ObjectSummary[] = [];
  #runBytes = 0;
  #runs: string[] = [];
  #written = 0;

  private constructor(options: SpoolOptions) {
    this.#options = { runBytes: 48 * 1024 * 1024, fanIn: 64, ...options };
  }

  /** Begins an empty spool in the folder. */
  static async open(options: SpoolOptions): Promise<SpoolBuilder> {
    await rm(options.folder, { recursive: true, force: true });
    await mkdir(options.folder, { recursive: true, mode: 0o700 });
    return new SpoolBuilder(options);
  }

  /** Runs that were written so far, merged ones included. */
  get runsWritten(): number {
    return this.#written;
  }

  /** Takes objects in any order; resolves when there is room for more. One call at a time. */
  async add(objects: readonly ObjectSummary[]): Promise<void> {
    for (const object of objects) {
      this.#run.push(object);
      this.#runBytes += recordBytes(object);
      if (this.#runBytes >= this.#options.runBytes) await this.#writeRun();
    }
  }

  /** Sorts what was added and gives the path of the finished file. */
  async finish(): Promise<string> {
    const { fanIn, whenTwice, folder } = this.#options;
    if (this.#run.length > 0 || this.#runs.length === 0) await this.#writeRun();
    while (this.#runs.length > 1) {
      // Neighbours are merged and stay where they are, so that of equal keys the earlier one stays the first.
      const fewer: string[] = [];
      for (let at = 0; at < this.#runs.length; at += fanIn) {
        const merged = this.#runs.slice(at, at + fanIn);
        const path = this.#nextPath();
        await writeRun(path, mergeRuns(merged.map(readRun), whenTwice));
        for (const run of merged) await rm(run);
        fewer.push(path);
      }
      this.#runs = fewer;
    }
    const [last] = this.#runs;
    const path = pathIn(folder);
    if (last !== undefined) await rename(last, path);
    return path;
  }

  async #writeRun(): Promise<void> {
    const path = this.#nextPath();
    const run = this.#run;
    this.#run = [];
    this.#runBytes = 0;
    await writeRun(path, sortRun(run, this.#options.whenTwice));
    this.#runs.push(path);
  }

  #nextPath(): string {
    this.#written += 1;
    return join(this.#options.folder, `run-${this.#written}`);
  }
}

/** The path of the spool that was finished in the folder; null = there is none. */
export async function finishedSpool(folder: string): Promise<string | null> {
  const path = pathIn(folder);
  return stat(path).then(
    () => path,
    () => null,
  );
}

const pathIn = (folder: string): string => join(folder, 'sorted');
