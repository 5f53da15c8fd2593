type Counts = Record<string, number>;

/** Without a prototype: `constructor` is a legal bucket name. */
function nothingYet<Value>(): Record<string, Value> {
  return Object.create(null);
}

export type CountedRequests = {
  /** By operation name, whatever became of the request. */
  readonly byOperation: Readonly<Counts>;
  readonly byBucket: Readonly<Record<string, Readonly<Counts>>>;
  /** Refusals, by S3 error code. */
  readonly byError: Readonly<Counts>;
};

/** Counts requests as they arrive, so that a test can say how many a piece of work needed. */
export class RequestCounters {
  #byOperation: Counts = nothingYet();
  #byBucket: Record<string, Counts> = nothingYet();
  #byError: Counts = nothingYet();

  arrived(operation: string, bucket: string): void {
    add(this.#byOperation, operation);
    if (bucket === '') return;
    this.#byBucket[bucket] ??= nothingYet();
    add(this.#byBucket[bucket], operation);
  }

  refused(code: string): void {
    add(this.#byError, code);
  }

  /** Requests of an operation, in all buckets or in one. */
  count(operation: string, bucket?: string): number {
    const counts = bucket === undefined ? this.#byOperation : this.#byBucket[bucket];
    return counts?.[operation] ?? 0;
  }

  snapshot(): CountedRequests {
    return structuredClone({
      byOperation: this.#byOperation,
      byBucket: this.#byBucket,
      byError: this.#byError,
    });
  }

  reset(): void {
    this.#byOperation = nothingYet();
    this.#byBucket = nothingYet();
    this.#byError = nothingYet();
  }
}

function add(counts: Counts, name: string): void {
  counts[name] = (counts[name] ?? 0) + 1;
}
