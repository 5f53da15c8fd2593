import { z } from 'zod';
import type { Clock } from '../../core/ports.ts';

/** What EC2 is about to do with a Spot instance, and when. [src: EC2 user guide, Spot interruption notices] */
export type SpotNotice = { action: string; atMs: number };

const InstanceAction = z.object({ action: z.string(), time: z.iso.datetime({ offset: true }) });

/** The longest that a token may live, in seconds. [src: EC2 user guide, IMDSv2] */
const tokenSeconds = 21_600;
/** It answers within milliseconds, or not at all. */
const patienceMs = 2_000;

/**
 * The metadata service of the instance that we run on, version 2: each request carries a token. Methods throw an
 * `Error` that says what was asked and what came.
 */
export class InstanceMetadata {
  readonly #endpoint: string;
  readonly #clock: Pick<Clock, 'nowMs'>;
  #token: { value: string; untilMs: number } | null = null;

  /** `endpoint`: `http://169.254.169.254` on an instance. */
  constructor(endpoint: string, clock: Pick<Clock, 'nowMs'>) {
    this.#endpoint = endpoint.replace(/\/$/, '');
    this.#clock = clock;
  }

  /** The id of this instance. */
  async instanceId(): Promise<string> {
    const id = await this.#read('instance-id');
    if (id === null) throw new Error('the instance metadata service knows no instance-id');
    return id;
  }

  /** The notice that this Spot instance will be interrupted, about two minutes ahead; null as long as there is none. */
  async spotNotice(): Promise<SpotNotice | null> {
    const text = await this.#read('spot/instance-action');
    if (text === null) return null;
    const { action, time } = InstanceAction.parse(JSON.parse(text));
    return { action, atMs: Date.parse(time) };
  }

  /**
   * Whether the Auto Scaling group is ending this instance: its target lifecycle state is `Terminated`. False outside a
   * group. [src: EC2 Auto Scaling guide, target lifecycle state through instance metadata]
   */
  async isBeingTerminated(): Promise<boolean> {
    return (await this.#read('autoscaling/target-lifecycle-state')) === 'Terminated';
  }

  async #read(path: string): Promise<string | null> {
    const first = await this.#get(path);
    if (first.status !== 401) return first.text;
    // The token was not taken any more: it ran out, or the instance was hibernated.
    this.#token = null;
    const second = await this.#get(path);
    if (second.status === 401) throw new Error(`the instance metadata service refuses a new token: ${path}`);
    return second.text;
  }

  /** A 404 means that there is nothing to tell: null. */
  async #get(path: string): Promise<{ status: number; text: string | null }> {
    const headers = { 'X-aws-ec2-metadata-token': await this.#freshToken() };
    const answer = await this.#ask(`latest/meta-data/${path}`, { headers });
    const text = await answer.text();
    if (answer.ok) return { status: answer.status, text: text.trim() };
    if (answer.status === 404 || answer.status === 401) return { status: answer.status, text: null };
    throw new Error(`the instance metadata service answers ${answer.status} to ${path}`);
  }

  async #freshToken(): Promise<string> {
    const nowMs = this.#clock.nowMs();
    if (this.#token !== null && nowMs < this.#token.untilMs) return this.#token.value;
    const headers = { 'X-aws-ec2-metadata-token-ttl-seconds': String(tokenSeconds) };
    const answer = await this.#ask('latest/api/token', { method: 'PUT', headers });
    const value = await answer.text();
    if (!answer.ok)
      throw new Error(`the instance metadata service answers ${answer.status} to a token request`);
    this.#token = { value, untilMs: nowMs + (tokenSeconds - 60) * 1000 };
    return value;
  }

  async #ask(path: string, init: RequestInit): Promise<Response> {
    try {
      return await fetch(`${this.#endpoint}/${path}`, { ...init, signal: AbortSignal.timeout(patienceMs) });
    } catch (error) {
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
      throw new Error(`the instance metadata service does not answer ${path}: ${String(cause)}`);
    }
  }
}
