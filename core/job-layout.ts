/** Where a migration keeps its files in the job store. `folder` is the pass's own: see `passFolder`. */
export const jobLayout = {
  /** Which migration has the stack; beside the migrations, since it is of all of them. */
  stackHolder: 'stack/holder.json',
  /** The first pass of a migration; every later pass over a finished one has a folder inside it. */
  passFolder: (migration: string, pass: number) =>
    pass === 1 ? `migrations/${migration}` : `migrations/${migration}/pass-${pass}`,
  plan: (folder: string) => `${folder}/plan.json`,
  checkpoint: (folder: string) => `${folder}/checkpoint.json`,
  /** Written last by the lister: there is a listing when this file is there. */
  listing: (folder: string) => `${folder}/listing.json`,
  /** Why the lister gave up, in the name and words of an error; there only when it did. */
  listingError: (folder: string) => `${folder}/listing-error.json`,
  /** How many workers there are, for those of them that share a ceiling. */
  fleetCount: (folder: string) => `${folder}/fleet.json`,
  shardSummaries: (folder: string) => `${folder}/inventory/shards/`,
  shardSummary: (folder: string, shard: string) => `${folder}/inventory/shards/${shard}.json`,
  shardPiece: (folder: string, shard: string, piece: number) =>
    `${folder}/inventory/${shard}/${digits(piece)}.jsonl.zst`,
  outcomes: (folder: string) => `${folder}/outcomes/`,
  outcomeFile: (folder: string, worker: string, file: number) =>
    `${folder}/outcomes/${worker}/${digits(file)}.jsonl.gz`,
  shardExceptions: (folder: string, shard: string) => `${folder}/exceptions/${shard}/`,
  shardExceptionFile: (folder: string, shard: string, worker: string, file: number) =>
    `${folder}/exceptions/${shard}/${worker}-${digits(file)}.jsonl.gz`,
  /** Objects that many workers copy in parts: a folder each, by a name made from the destination key. */
  uploads: (folder: string) => `${folder}/uploads/`,
  uploadRecord: (folder: string, object: string) => `${folder}/uploads/${object}/upload.json`,
  uploadRuns: (folder: string, object: string, upload: string) =>
    `${folder}/uploads/${object}/runs/${upload}/`,
  uploadRun: (folder: string, object: string, upload: string, run: number) =>
    `${folder}/uploads/${object}/runs/${upload}/${digits(run)}.json`,
  heldCopies: (folder: string) => `${folder}/held/`,
  /** A copy that outlasts its message, by a name that its worker made. */
  heldCopy: (folder: string, name: string) => `${folder}/held/${name}.json`,
  verification: (folder: string, shard: string) => `${folder}/verification/${shard}.json`,
  findings: (folder: string, shard: string) => `${folder}/findings/${shard}.jsonl.gz`,
  verdict: (folder: string) => `${folder}/verdict.json`,
  report: (folder: string) => `${folder}/report.json`,
  reportPage: (folder: string) => `${folder}/report.html`,
  exceptions: (folder: string) => `${folder}/exceptions.jsonl.gz`,
} as const;

/**
 * A shard's name: four base-36 digits, so that the 32,000 shards of 8 billion objects fit a state's payload
 * (262,144 bytes) as a list. [src: Step Functions quotas]
 */
export function shardName(index: number): string {
  return index.toString(36).padStart(4, '0');
}

function digits(index: number): string {
  return String(index).padStart(6, '0');
}
