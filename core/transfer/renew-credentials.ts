import type { Copier } from '../ports.ts';

/**
 * A copier that, when credentials are refused, has the secrets read again and tries the object once more: a
 * rotation in mid-run costs no attempt and no restart. Many refusals at once cause one reading.
 */
export function renewCredentials(copier: Copier, reload: () => Promise<void>): Copier {
  let reloading: Promise<void> | null = null;
  return {
    async copy(file, batch, signal) {
      const first = await copier.copy(file, batch, signal);
      if (first.result !== 'credential' || signal.aborted) return first;
      reloading ??= reload().finally(() => {
        reloading = null;
      });
      try {
        await reloading;
      } catch (error) {
        return {
          ...first,
          reason: `${first.reason}; reading the secrets again failed: ${error instanceof Error ? error.message : String(error)}`,
        };
      }
      return copier.copy(file, batch, signal);
    },
  };
}
