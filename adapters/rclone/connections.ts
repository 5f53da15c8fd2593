import type { BucketLocation, RcloneLocation } from '../../core/batching/batch.ts';
import type { Secrets } from '../../core/ports.ts';
import { parseRemoteOptions } from '../../core/remote-options.ts';
import { resolveConnection, type S3Connection } from '../aws/resolve-connection.ts';
import type { InlineRemote } from './rclone-remote.ts';

/** The connections of a worker, with their secrets, in memory only. */
export class Connections {
  readonly #secrets: Secrets;
  #resolved = new Map<string, Promise<S3Connection>>();
  #texts = new Map<string, Promise<string>>();
  #values = new Set<string>();
  #fresh = false;

  constructor(secrets: Secrets) {
    this.#secrets = secrets;
  }

  /** The connection to a location, resolved once. Throws what `resolveConnection` throws. */
  async to(location: BucketLocation): Promise<S3Connection> {
    const { provider, bucket, region, endpoint, secrets } = location;
    const name = JSON.stringify([provider, bucket, region, endpoint, secrets]);
    let resolved = this.#resolved.get(name);
    if (resolved === undefined) {
      resolved = resolveConnection(location, this.#secrets, { fresh: this.#fresh });
      this.#resolved.set(name, resolved);
      resolved.catch(() => this.#resolved.delete(name));
    }
    const connection = await resolved;
    for (const value of Object.values(connection.credentials ?? {})) this.#values.add(value);
    return connection;
  }

  /** The remote of a location that is no bucket, resolved once. Throws `SecretMissing` and `InvalidRequest`. */
  async remoteOf({ backend, path, secret }: RcloneLocation): Promise<InlineRemote> {
    if (secret === null) return { type: backend, _root: path };
    const name = JSON.stringify([backend, secret]);
    let text = this.#texts.get(name);
    if (text === undefined) {
      text = this.#secrets.read(secret, { fresh: this.#fresh });
      this.#texts.set(name, text);
      text.catch(() => this.#texts.delete(name));
    }
    const options = parseRemoteOptions(await text, { secret, backend });
    for (const value of Object.values(options)) if (isTelling(value)) this.#values.add(value);
    return { ...options, type: backend, _root: path };
  }

  /** Forgets everything, so that the next copies read their secrets anew and past any cache. */
  reload(): void {
    this.#resolved = new Map();
    this.#texts = new Map();
    this.#fresh = true;
  }

  /** A text without the secret values that this process ever read, on one line. */
  withoutSecrets(text: string): string {
    let clean = text.replace(/\s+/g, ' ').trim();
    for (const value of this.#values) if (value !== '') clean = clean.replaceAll(value, '***');
    return clean;
  }
}

/** Switches, numbers and short words of a configuration are no secrets, and messages would be unreadable without them. */
function isTelling(value: string): boolean {
  return value.length >= 6 && !/^(true|false|[\d.]+[a-zA-Z]?)$/.test(value);
}
