import { type BatchMessage, decodeBatch } from '../batching/batch.ts';
import type { Clock, Copier, JobStore, Log, ReceivedMessage, WorkQueue } from '../ports.ts';
import { openBudget } from './budget.ts';
import { adaptConcurrency, type Concurrency } from './concurrency.ts';
import { copyBatch } from './copy-batch.ts';
import { openIntake, type Refusal } from './intake.ts';
import { keepLease, type Lease } from './lease.ts';
import { addDuration, type Durations, leaseSecondsFor } from './lease-length.ts';
import { openLongCopies } from './long-copies.ts';
import { adaptReserve, openReserve } from './reserve.ts';
import { openSettler } from './settle.ts';

/** How a worker works; all bounds are per worker. */
export type WorkerSettings = {
  worker: string;
  /** Files and bytes being copied at once. */
  filesInFlight: number;
  bytesInFlight: number;
  /** Messages held at once, those included that only wait to be settled. */
  messagesHeld: number;
  /** The lease of a message until it is known how long batches take: see lease-length.ts. */
  leaseSeconds: number;
  /** Longest wait of one receive. */
  pollSeconds: number;
  /** A key ends as an exception after this many attempts that failed. */
  maxAttempts: number;
  retryBaseSeconds: number;
  /** Objects above this size are copied in parts by many workers; left out = by one worker each. */
  fleetPartsFromBytes?: number;
};

/** What a worker works with, and the two ways to stop it. */
export type WorkerParts = {
  queue: WorkQueue;
  copier: Copier;
  jobStore: JobStore;
  clock: Clock;
  log: Log;
  settings: WorkerSettings;
  /** When it aborts, nothing more is received and what is held is finished. */
  drain: AbortSignal;
  /** When it aborts, copies are cut short and given back. */
  halt: AbortSignal;
};

/** The worker itself cannot go on: its machine has run out of something. Everything that it held is given back. */
export class WorkerUnfit extends Error {
  override readonly name = 'WorkerUnfit';
}

/**
 * Receives batches, copies their keys, and deletes a message only when every key of it has an outcome on record or
 * travels on in another message. Returns when it was told to drain and nothing is held any more.
 * Throws `WorkerUnfit` where its own machine fails it, when everything is given back.
 * Killed at any instant it loses nothing: the leases run out and the messages come back.
 */
export async function workLoop(parts: WorkerParts): Promise<void> {
  const { queue, clock, log, settings, drain, halt } = parts;
  let hunger = Promise.withResolvers<void>();
  const budget = openBudget({ files: settings.filesInFlight, bytes: settings.bytesInFlight }, () => {
    if (isHungry()) hunger.resolve();
  });
  let concurrency: Concurrency = { files: settings.filesInFlight, endedSince: 0 };
  /** Messages whose keys are not all done with; the others that are held only wait to be settled. */
  let copying = 0;
  /** How many files the last messages had, more or less; at first as many as the lister packs unless told. */
  let filesPerMessage = 20;
  let reserve = openReserve(settings.filesInFlight);
  let askedAtMs = Number.NEGATIVE_INFINITY;
  const settler = openSettler(parts, () => copying > 0 && !draining.aborted);
  const longCopies = openLongCopies(parts, settler);
  const held = new Set<Promise<void>>();
  let durations: Durations = [];
  const intake = openIntake(parts);
  /** Messages held that were received while the intake is probing. */
  let probes = 0;
  let copiedSinceAsked = false;
  /** Aborts when this worker cannot go on: what it holds is given back. */
  const unfit = new AbortController();
  const halted = whenAny(halt, unfit.signal);
  const draining = AbortSignal.any([drain, unfit.signal]);

  /** Messages that fill the reserve twice over, two at least: each request to the queue costs, and hoarding keeps others idle. */
  function wantedMessages(): number {
    const missing = 2 * reserve.files - budget.waiting().files;
    return Math.min(10, Math.max(2, Math.ceil(missing / filesPerMessage)));
  }

  /**
   * Whether more is to be fetched: fewer files wait than the reserve, and few enough bytes that other workers
   * get their share of giants. Batches that only wait to be settled keep nothing from coming.
   */
  function isHungry(): boolean {
    const { files, bytes } = budget.waiting();
    return files < reserve.files && bytes < settings.bytesInFlight / 4;
  }

  function learn(seen: 'copied' | 'throttled'): void {
    if (seen === 'copied') copiedSinceAsked = true;
    concurrency = adaptConcurrency(concurrency, seen, settings.filesInFlight);
    budget.setFiles(concurrency.files);
  }

  function refused(refusal: Refusal): void {
    intake.refuse(refusal);
    if (refusal.by === 'unfit') unfit.abort(refusal.reason);
  }

  function wentThrough(): boolean {
    const copied = copiedSinceAsked;
    copiedSinceAsked = false;
    return copied;
  }

  /** Leaves a message whose time has not come with the queue until then; its group waits with it. */
  async function postpone({ notBeforeMs = 0 }: BatchMessage, receipt: string): Promise<boolean> {
    const waitSeconds = Math.ceil((notBeforeMs - clock.nowMs()) / 1000);
    if (waitSeconds <= 0) return false;
    await queue.extend(receipt, waitSeconds).catch(() => undefined);
    return true;
  }

  /** Counts what is being copied, until it has ended. */
  async function watched<Result>(work: Promise<Result>): Promise<Result> {
    copying += 1;
    try {
      return await work;
    } finally {
      copying -= 1;
      if (copying === 0) settler.hurry();
    }
  }

  function copy(batch: BatchMessage, lease: Lease): ReturnType<typeof copyBatch> {
    filesPerMessage = (3 * filesPerMessage + batch.files.length) / 4;
    const all = { ...parts, halt: halted, budget, learn, wentThrough, refused };
    if (batch.partition === undefined) return copyBatch(batch, { ...all, handOn: lease.nearsEnd });
    // Whoever is given the message next has the partition: nothing may go on then.
    const cutShort = AbortSignal.any([halted, lease.lost, lease.nearsEnd]);
    return copyBatch(batch, { ...all, halt: cutShort, tooSlow: lease.nearsEnd });
  }

  async function handle(message: ReceivedMessage, leaseSeconds: number): Promise<void> {
    const batch = parse(message, log);
    if (batch === null) return;
    if (await postpone(batch, message.receipt)) return;
    const startedAtMs = clock.nowMs();
    const lease = keepLease(message.receipt, leaseSeconds, parts);
    let outlasting: Promise<unknown> = Promise.resolve();
    try {
      if (batch.held !== undefined && (await longCopies.leaveToHolder(batch, message.receipt))) return;
      const ended = await watched(copy(batch, lease));
      outlasting = Promise.all(ended.still.map((each) => each.ended));
      // Whoever holds the partition now has the message too.
      if (batch.partition !== undefined && lease.lost.aborted) return;
      outlasting = (await longCopies.settle(batch, ended, message.receipt)).ended;
      if (ended.result.refusal === null) intake.open();
      durations = addDuration(durations, (clock.nowMs() - startedAtMs) / 1000);
    } catch (error) {
      log('batch-unsettled', { batch: batch.batch, reason: String(error) });
      intake.hold();
      await queue.release([message.receipt]).catch(() => undefined);
    } finally {
      lease.end();
    }
    await outlasting;
  }

  /** Waits until the intake opens again, or until a message is done with: that may have opened it. */
  async function pause(pauseMs: number): Promise<void> {
    const over = new AbortController();
    await Promise.race([...held, clock.sleep(pauseMs, AbortSignal.any([draining, over.signal]))]);
    over.abort();
  }

  async function take(most: number, isProbe: boolean): Promise<void> {
    const leaseSeconds = leaseSecondsFor(durations, settings.leaseSeconds);
    const isFull = () => budget.inFlight().files >= concurrency.files;
    const wasFull = isFull();
    const sinceLastMs = clock.nowMs() - askedAtMs;
    askedAtMs = clock.nowMs();
    const messages = await receive({ ...parts, drain: draining }, most, leaseSeconds);
    if (messages.length === most)
      reserve = adaptReserve(reserve, { ranDry: wasFull && !isFull(), sinceLastMs });
    for (const message of messages) {
      if (isProbe) probes += 1;
      const done = handle(message, leaseSeconds).finally(() => {
        held.delete(done);
        if (isProbe) probes -= 1;
      });
      held.add(done);
    }
  }

  while (!draining.aborted) {
    hunger = Promise.withResolvers<void>();
    const pauseMs = intake.pauseMs();
    const isProbe = intake.isProbing();
    const room = Math.min(settings.messagesHeld - held.size, isProbe ? 1 - probes : wantedMessages());
    if (isProbe && pauseMs > 0) await pause(pauseMs);
    else if (room <= 0) await Promise.race(held);
    else if (!isHungry()) await Promise.race([...held, hunger.promise]);
    else await take(room, isProbe);
  }
  log('draining', { held: held.size, halted: halted.aborted });
  await Promise.all(held);
  await settler.close();
  if (unfit.signal.aborted) throw new WorkerUnfit(String(unfit.signal.reason));
}

/** Aborts with the first of them. Unlike that of `AbortSignal.any`, its state is asked for millions of times at no cost. */
function whenAny(...signals: readonly AbortSignal[]): AbortSignal {
  const any = new AbortController();
  for (const signal of signals) {
    if (signal.aborted) any.abort(signal.reason);
    else signal.addEventListener('abort', () => any.abort(signal.reason), { once: true });
  }
  return any.signal;
}

async function receive(
  { queue, clock, log, settings, drain }: WorkerParts,
  max: number,
  leaseSeconds: number,
): Promise<ReceivedMessage[]> {
  try {
    return await queue.receive({
      max,
      waitSeconds: settings.pollSeconds,
      leaseSeconds,
      signal: drain,
    });
  } catch (error) {
    if (drain.aborted) return [];
    log('receive-failed', { reason: String(error) });
    await clock.sleep(1000, drain);
    return [];
  }
}

/** A message that is no batch of ours is left alone: the queue moves it aside after its last delivery. */
function parse(message: ReceivedMessage, log: Log): BatchMessage | null {
  try {
    return decodeBatch(message.body);
  } catch {
    log('message-unreadable', { receiveCount: message.receiveCount, characters: message.body.length });
    return null;
  }
}
