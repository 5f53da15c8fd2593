import type { BucketLocation } from '../../core/batching/batch.ts';
import type { Secrets } from '../../core/ports.ts';
import { resolveConnection, type S3Connection } from '../aws/resolve-connection.ts';

/** The connections of a worker, with their secrets, in memory only. */
export class Connections {
  readonly #secrets: Secrets;
  #resolved = new Map<string, Promise<S3Connection>>();
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

  /** Forgets everything, so that the next copies read their secrets anew and past any cache. */
  reload(): void {
    this.#resolved = new Map();
    this.#fresh = true;
  }

  /** A text without the secret values that this process ever read, on one line. */
  withoutSecrets(text: string): string {
    let clean = text.replace(/\s+/g, ' ').trim();
    for (const value of this.#values) if (value !== '') clean = clean.replaceAll(value, '***');
    return clean;
  }
}
