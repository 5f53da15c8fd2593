/** Admits work while files and bytes in flight stay within bounds; first come, first served. */
export type Budget = {
  /** Resolves when there is room; `release` what was acquired. Rejects never; an object larger than the whole bound goes alone. */
  acquire(bytes: number): Promise<void>;
  release(bytes: number): void;
  /** Changes how many files may be in flight from now on. */
  setFiles(files: number): void;
  inFlight(): { files: number; bytes: number };
  /** What was asked for and is not admitted yet. */
  waiting(): { files: number; bytes: number };
};

/** Opens a budget of `files` and `bytes` in flight. `onAdmit` is called after each admission. */
export function openBudget(
  limits: { files: number; bytes: number },
  onAdmit: () => void = () => undefined,
): Budget {
  let { files: maxFiles } = limits;
  let files = 0;
  let bytes = 0;
  let waitingBytes = 0;
  const waiting: { bytes: number; admit: () => void }[] = [];

  function admitWaiting(): void {
    for (let next = waiting[0]; next !== undefined; next = waiting[0]) {
      const fits = files === 0 || (files < maxFiles && bytes + next.bytes <= limits.bytes);
      if (!fits) return;
      waiting.shift();
      files += 1;
      bytes += next.bytes;
      waitingBytes -= next.bytes;
      next.admit();
      onAdmit();
    }
  }

  return {
    acquire(wanted) {
      return new Promise((resolve) => {
        waitingBytes += wanted;
        waiting.push({ bytes: wanted, admit: resolve });
        admitWaiting();
      });
    },
    release(done) {
      files -= 1;
      bytes -= done;
      admitWaiting();
    },
    setFiles(most) {
      maxFiles = Math.max(1, most);
      admitWaiting();
    },
    inFlight: () => ({ files, bytes }),
    waiting: () => ({ files: waiting.length, bytes: waitingBytes }),
  };
}
