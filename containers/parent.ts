/**
 * Calls `gone` when the process that started this one has ended, told by the end of standard input. Only where
 * WATCH_PARENT is set: a container has no parent to watch.
 */
export function watchParent(gone: () => void): void {
  if (process.env['WATCH_PARENT'] === undefined) return;
  process.stdin.on('end', gone).on('error', gone).resume();
  process.stdin.unref?.();
}
