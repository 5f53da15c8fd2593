/** Keys that a server cannot hold, or does not list as S3 does, and why they are left out of what it is asked to agree on. */
export type ServerLimit = {
  reason: string;
  /** Whether the key is such a one, beside these others. */
  hits(key: string, others: ReadonlySet<string>): boolean;
  /** Keys that show it. */
  example: readonly string[];
  /** What the server makes of them: refuses one of them, lists other keys than these, or lists them in another order. */
  shows: 'refused' | 'other keys' | 'out of order';
};

/** moto 5.2.5. */
export const limitsOfMoto: readonly ServerLimit[] = [
  {
    reason: 'a line break in a key is a 404: its router takes one for the end of the path',
    hits: (key) => key.includes('\n'),
    example: ['line\nbreak'],
    shows: 'refused',
  },
];

/** The folders of a key, as a store sees them that keeps objects as files. */
function foldersOf(key: string): string[] {
  const parts = key.split('/');
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join('/'));
}

/** SeaweedFS 4.48: objects are files in folders, and names are sorted within a folder. */
export const limitsOfSeaweed: readonly ServerLimit[] = [
  {
    reason: 'U+0000 is refused',
    hits: (key) => key.includes('\u0000'),
    example: ['a\u0000b'],
    shows: 'refused',
  },
  {
    reason: 'segments "." and ".." are refused',
    hits: (key) => key.split('/').some((segment) => segment === '.' || segment === '..'),
    example: ['d/../x'],
    shows: 'refused',
  },
  {
    reason: 'a segment of more than 255 bytes is refused',
    hits: (key) => key.split('/').some((segment) => Buffer.byteLength(segment) > 255),
    example: ['x'.repeat(256)],
    shows: 'refused',
  },
  {
    reason: 'a backslash becomes a slash',
    hits: (key) => key.includes('\\'),
    example: ['a\\b'],
    shows: 'other keys',
  },
  {
    reason: 'empty segments are dropped',
    hits: (key) => key.startsWith('/') || key.includes('//'),
    example: ['a//b'],
    shows: 'other keys',
  },
  {
    reason: 'a key and a folder of the same name: one of them is missing on pages',
    hits: (key, others) => {
      const name = key.replace(/\/$/, '');
      const isFolder = [...others].some((other) => other !== key && other.startsWith(`${name}/`));
      return isFolder || foldersOf(key).some((folder) => others.has(folder));
    },
    example: ['d', 'd/x'],
    shows: 'other keys',
  },
  {
    reason: 'a folder comes before names that go on with a character below the slash',
    hits: (key, others) =>
      foldersOf(key).some((folder) =>
        [...others].some((other) => other.startsWith(folder) && (other[folder.length] ?? '/') < '/'),
      ),
    example: ['d-x', 'd/x'],
    shows: 'out of order',
  },
];

/** Those of the keys that the server can be asked to agree on; of two that cannot be there together one may stay. */
export function heldBy(limits: readonly ServerLimit[], keys: Iterable<string>): string[] {
  const held = new Set<string>();
  for (const key of keys) {
    held.add(key);
    const hit = [...held].some((each) => limits.some(({ hits }) => hits(each, held)));
    if (hit) held.delete(key);
  }
  return [...held];
}
