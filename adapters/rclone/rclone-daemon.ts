import type { Agent } from 'node:http';
import { z } from 'zod';
import type { BatchMessage } from '../../core/batching/batch.ts';
import type { Clock, Log } from '../../core/ports.ts';
import { type RcAnswer, rcAgent, rcCall, rcList } from './rc-call.ts';
import { type RcloneProcess, type RcloneStart, startRcloneProcess } from './rclone-process.ts';
import { oldestRclone, parseRcloneVersion, type RcloneVersion, versionText } from './rclone-version.ts';

const CoreVersion = z.object({ version: z.string() });

type Limits = BatchMessage['limits'];

/** What the daemon needs; `limits` can be changed later. */
export type RcloneDaemonOptions = Omit<RcloneStart, 'onMessage' | 'limits'> & {
  limits?: Limits;
  clock: Clock;
  log: Log;
  /** Between two looks at rclone's health; 10 unless told. */
  healthSeconds?: number;
};

const firstPauseMs = 250;
const longestPauseMs = 30_000;
/** A run that lasted this long is no part of a series of crashes. */
const steadyMs = 60_000;
const mostSilences = 3;
const stopMs = 5_000;
const noLimits: Limits = { requestsPerSecond: null, bandwidthBytesPerSecond: null };

/**
 * One `rclone rcd`, supervised: when it dies or stops answering it is started again after a growing pause.
 * Calls that were under way end as `lost`; calls in between wait for the next start.
 */
export class RcloneDaemon {
  readonly version: RcloneVersion;
  readonly #options: RcloneDaemonOptions;
  readonly #stopping = new AbortController();
  readonly #agent: Agent;
  #running: Promise<RcloneProcess>;
  #limits: Limits;
  #limiting: Promise<void> = Promise.resolve();
  #supervision: Promise<void>;
  #failures = 0;

  /**
   * Starts rclone and looks at its version. Throws when it cannot be started or is older than 1.60.
   */
  static async start(options: RcloneDaemonOptions): Promise<RcloneDaemon> {
    const agent = rcAgent();
    const limits = options.limits ?? noLimits;
    const first = await startRcloneProcess(processStart(options, limits));
    const version = await versionOf(agent, first);
    if (typeof version !== 'string') return new RcloneDaemon(options, limits, agent, first, version);
    first.kill('SIGKILL');
    agent.destroy();
    throw new Error(version);
  }

  private constructor(
    options: RcloneDaemonOptions,
    limits: Limits,
    agent: Agent,
    first: RcloneProcess,
    version: RcloneVersion,
  ) {
    this.version = version;
    this.#options = options;
    this.#limits = limits;
    this.#agent = agent;
    this.#running = Promise.resolve(first);
    this.#supervision = this.#supervise(first);
  }

  /** Process id of the rclone that runs now. */
  async pid(): Promise<number> {
    return (await this.#running).pid;
  }

  /**
   * One call of the remote control. Aborting cancels what it started. Never rejects: where rclone is down
   * the call waits for its next start, and is `lost` when that fails or rclone dies under it.
   */
  async call(path: string, parameters: Record<string, unknown>, signal?: AbortSignal): Promise<RcAnswer> {
    if (this.#stopping.signal.aborted) return { outcome: 'lost', reason: 'rclone was stopped' };
    const process = await this.#running.catch((error: Error) => error.message);
    if (typeof process === 'string') return { outcome: 'lost', reason: process };
    return rcCall(this.#agent, process.address, path, parameters, signal);
  }

  /** A call whose answer is a list, handed over as it arrives; see `rcList`. */
  async list(
    path: string,
    parameters: Record<string, unknown>,
    take: (entries: unknown[]) => Promise<void>,
    signal?: AbortSignal,
  ): Promise<RcAnswer> {
    if (this.#stopping.signal.aborted) return { outcome: 'lost', reason: 'rclone was stopped' };
    const process = await this.#running.catch((error: Error) => error.message);
    if (typeof process === 'string') return { outcome: 'lost', reason: process };
    return rcList(this.#agent, process.address, path, parameters, take, signal);
  }

  /**
   * Makes rclone move no more bytes a second than this, from now on and in copies that are under way; null = no ceiling.
   * One that is started again keeps to it from its start.
   */
  async limitBandwidth(bytesPerSecond: number | null): Promise<void> {
    if (bytesPerSecond === this.#limits.bandwidthBytesPerSecond) return this.#limiting;
    this.#limits = { ...this.#limits, bandwidthBytesPerSecond: bytesPerSecond };
    this.#limiting = this.#limiting.then(async () => {
      const rate = bytesPerSecond === null ? 'off' : `${bytesPerSecond}B`;
      const answer = await this.call('core/bwlimit', { rate });
      if (answer.outcome !== 'done') this.#options.log('rclone-limit-refused', { rate, ...answer });
    });
    return this.#limiting;
  }

  /** Ends rclone: SIGTERM, and SIGKILL after five seconds. Calls under way end as `lost`. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    const process = await this.#running.catch(() => null);
    if (process !== null) {
      process.kill('SIGTERM');
      const timer = setTimeout(() => process.kill('SIGKILL'), stopMs);
      await process.ended;
      clearTimeout(timer);
    }
    await this.#supervision;
    this.#agent.destroy();
  }

  async #supervise(first: RcloneProcess): Promise<void> {
    const { clock, log } = this.#options;
    const stop = this.#stopping.signal;
    let process: RcloneProcess | null = first;
    while (process !== null) {
      const startedAtMs = clock.nowMs();
      const watching = new AbortController();
      void this.#watch(process, AbortSignal.any([stop, watching.signal]));
      const next = Promise.withResolvers<RcloneProcess>();
      next.promise.catch(() => undefined);
      void process.ended.then(() => {
        this.#running = next.promise;
      });
      const sentence = await process.ended;
      watching.abort();
      if (clock.nowMs() - startedAtMs > steadyMs) this.#failures = 0;
      process = null;
      while (!stop.aborted && process === null) {
        log('rclone-ended', { reason: sentence, failures: this.#failures });
        await clock.sleep(Math.min(firstPauseMs * 2 ** this.#failures++, longestPauseMs), stop);
        process = stop.aborted ? null : await this.#restart();
      }
      if (process === null) next.reject(new Error('rclone was stopped'));
      else next.resolve(process);
    }
  }

  async #restart(): Promise<RcloneProcess | null> {
    try {
      return await startRcloneProcess(processStart(this.#options, this.#limits));
    } catch (error) {
      this.#options.log('rclone-start-failed', { reason: String(error) });
      return null;
    }
  }

  /** Kills an rclone that stays silent: its end is then handled like any other. */
  async #watch(process: RcloneProcess, signal: AbortSignal): Promise<void> {
    const { clock, log, healthSeconds = 10 } = this.#options;
    for (let silences = 0; !signal.aborted; ) {
      await clock.sleep(healthSeconds * 1000, signal);
      if (signal.aborted) return;
      const limit = AbortSignal.any([signal, AbortSignal.timeout(healthSeconds * 1000)]);
      const answer = await rcCall(this.#agent, process.address, 'rc/noop', {}, limit);
      silences = answer.outcome === 'done' ? 0 : silences + 1;
      if (silences < mostSilences || signal.aborted) continue;
      log('rclone-silent', { pid: process.pid, seconds: healthSeconds * mostSilences });
      process.kill('SIGKILL');
      return;
    }
  }
}

function processStart(options: RcloneDaemonOptions, limits: Limits): RcloneStart {
  return {
    ...options,
    limits,
    onMessage: (level, text) => options.log('rclone', { level, text }),
  };
}

/** The version of a running rclone, or a sentence on why it cannot serve. */
async function versionOf(agent: Agent, process: RcloneProcess): Promise<RcloneVersion | string> {
  const answer = await rcCall(agent, process.address, 'core/version', {});
  if (answer.outcome !== 'done') return `rclone did not tell its version: ${JSON.stringify(answer)}`;
  const text = CoreVersion.safeParse(answer.body).data?.version ?? '';
  const version = parseRcloneVersion(text);
  if (version === null) return `rclone's version "${text}" cannot be read; use an official release`;
  const { major, minor } = oldestRclone;
  if (version.major > major || (version.major === major && version.minor >= minor)) return version;
  return `rclone ${versionText(version)} is too old; use ${versionText(oldestRclone)} or newer`;
}
