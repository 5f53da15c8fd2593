/**
 * Many writers, one record: `commit` resolves when a write that began after the call has ended well. Writes follow
 * one another, and each serves all who asked while the one before was under way. Rejects with what the write threw.
 */
export function openCommitGroup(write: () => Promise<void>): { commit(): Promise<void> } {
  let running: Promise<void> | null = null;
  let next: Promise<void> | null = null;

  function begin(): Promise<void> {
    next = null;
    running = write().finally(() => {
      running = null;
    });
    return running;
  }

  return {
    commit() {
      if (running === null) return next ?? begin();
      next ??= running.then(begin, begin);
      return next;
    },
  };
}
