/** Where the store keeps what is not the caller's: half-written files and the lock. */
export const ownFolder = '.drover';

/**
 * Refuses a path that could leave the store's folder or meet the store's own files. Throws an Error that
 * names the path. Paths come from this program, so that a refusal is a fault of it.
 */
export function requireStorePath(path: string): string {
  const segments = path.split('/');
  const bad = segments.some((segment) => segment === '' || segment === '.' || segment === '..');
  if (bad || /[\0\\]/.test(path) || segments[0] === ownFolder) {
    throw new Error(
      `${JSON.stringify(path)} is no path of a job store: it must be relative, without empty, "." or ".." segments, and outside of "${ownFolder}"`,
    );
  }
  return path;
}
