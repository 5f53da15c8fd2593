/**
 * How many workers a backlog deserves: one for every `batchesPerWorker` messages that wait or are being
 * worked on, within the bounds. Messages in flight count, so that no busy worker is scaled in; nothing to do
 * means the minimum. Delayed messages wait for their time and need nobody yet.
 */
export function desiredWorkers(
  backlog: { visible: number; inFlight: number },
  bounds: { minimum: number; maximum: number },
  batchesPerWorker: number,
): number {
  const wanted = Math.ceil((backlog.visible + backlog.inFlight) / batchesPerWorker);
  return Math.max(bounds.minimum, Math.min(bounds.maximum, wanted));
}
