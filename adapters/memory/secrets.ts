import { SecretMissing } from '../../core/errors.ts';
import type { Secrets } from '../../core/ports.ts';

/** Secrets in memory. `set` and `remove` rotate them; only a `fresh` read sees that, as behind any cache. */
export class MemorySecrets implements Secrets {
  readonly #current: Map<string, string>;
  readonly #cached = new Map<string, string>();

  constructor(values: Readonly<Record<string, string>> = {}) {
    this.#current = new Map(Object.entries(values));
  }

  async read(name: string, options: { fresh?: boolean } = {}): Promise<string> {
    const value = (options.fresh === true ? undefined : this.#cached.get(name)) ?? this.#current.get(name);
    if (value === undefined) {
      throw new SecretMissing(`There is no secret ${JSON.stringify(name)}. Create it, or correct its name.`);
    }
    this.#cached.set(name, value);
    return value;
  }

  set(name: string, value: string): void {
    this.#current.set(name, value);
  }

  remove(name: string): void {
    this.#current.delete(name);
  }
}
