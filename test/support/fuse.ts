/** What a port throws once its process is dead. */
export class ProcessDied extends Error {
  override readonly name = 'ProcessDied';
}

/** When a process dies: at its `step`-th effect, before that takes place or after. */
export type Death = { step: number; when: 'before' | 'after' };

/**
 * Kills whoever uses the ports it wraps at a given effect. From then on every effect throws and does nothing,
 * as nothing reaches the world from a dead process; what is in the ports stays for the next one.
 */
export class Fuse {
  readonly #death: Death | null;
  #steps = 0;
  dead = false;

  constructor(death: Death | null) {
    this.#death = death;
  }

  /** The port, with its effects counted. */
  wrap<Port extends object>(port: Port, effects: readonly (keyof Port & string)[]): Port {
    const counted = new Set<string | symbol>(effects);
    return new Proxy(port, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== 'function') return value;
        if (!counted.has(name)) return value.bind(target);
        return async (...given: unknown[]) => {
          const dies = this.#dies();
          if (this.dead || dies === 'before') throw this.#die();
          const result: unknown = await Reflect.apply(value, target, given);
          if (this.dead || dies === 'after') throw this.#die();
          return result;
        };
      },
    });
  }

  #dies(): Death['when'] | null {
    this.#steps += 1;
    return this.#steps === this.#death?.step ? this.#death.when : null;
  }

  #die(): ProcessDied {
    this.dead = true;
    return new ProcessDied('killed by the test');
  }
}
