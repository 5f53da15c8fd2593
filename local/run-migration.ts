import { join } from 'node:path';
import { systemClock as clock } from '../adapters/system-clock.ts';
import { bindSteps } from './bindings.ts';
import { eventFile } from './event-file.ts';
import { findResult } from './find-result.ts';
import { ExecutionFailed, interpret } from './interpret.ts';
import { loadDefinition } from './load-definition.ts';
import type { LocalResult, LocalRun } from './local-run.ts';
import { openPlace } from './open-place.ts';
import { nestedExecution, watchVerification } from './tasks.ts';

/** Pause between two pictures of the progress. */
const pictureMs = 200;

/** Milliseconds before a lister that failed is started again here. */
const listerRestartMs = 1000;

/**
 * Runs a migration through the real state machines on this machine: the same steps, lister, workers and rclone
 * as on AWS, a queue on loopback, and processes in place of instances. Stopped or killed, it resumes when it is run again.
 * Throws `ExecutionStopped` when it was told to stop, `StackBusy` while another process runs it.
 */
export async function runMigration(run: LocalRun): Promise<LocalResult> {
  const { migration, pace } = run;
  const place = await openPlace(run);
  const { ports, fleet, listers, watch } = place;
  run.onRunning?.({
    killWorker: () => fleet.killOne(),
    killLister: () => listers.killOne(),
    queue: ports.queue,
  });

  const [migrate, drain] = await Promise.all([loadDefinition('migrate'), loadDefinition('drain')]);
  const machine = {
    execution: { id: `local:${migration}`, name: migration },
    signal: run.stop,
    waitsMs: { 'Wait a minute': pace.pollMs },
    retriesMs: { 'List source': listerRestartMs },
  };
  const steps = bindSteps(ports);
  const announce = eventFile(join(place.logs, 'events.jsonl'), (detailType) => {
    if (detailType === 'Migration Stalled') watch.notice('nothing moves: look at the worker logs');
  });
  const tasks = {
    ...steps,
    ...watchVerification(steps, ports.jobStore, watch),
    'List source': listers.runTask,
    Drain: nestedExecution({
      ...machine,
      definition: drain,
      tasks: { ...steps, 'Announce stall': announce },
    }),
    Announce: announce,
    'Announce refusal': announce,
  };

  const paint = (): void => run.onProgress(watch.snapshot(clock.nowMs()));
  const painter = setInterval(paint, pictureMs);
  run.halt.addEventListener('abort', place.halt, { once: true });
  const startedAtMs = clock.nowMs();
  try {
    const failure = await interpret({
      ...machine,
      definition: migrate,
      input: run.request,
      tasks,
      onState: (event) => watch.state(event),
    }).then(
      () => null,
      (error: unknown) => {
        if (error instanceof ExecutionFailed) return error;
        throw error;
      },
    );
    return await findResult(ports.jobStore, migration, startedAtMs, failure);
  } finally {
    clearInterval(painter);
    await place.close(run.halt.aborted ? 'at-once' : 'gently');
    run.halt.removeEventListener('abort', place.halt);
    paint();
  }
}
