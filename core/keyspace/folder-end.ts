/**
 * The first position behind a folder, whose name ends in a slash: the name with a `0`, the next character, in its place. All
 * keys of the folder come before it in byte order, whatever they hold, and no other key does that comes behind the folder. It may be a key
 * itself, of an object beside the folder.
 */
export function folderEnd(folder: string): string {
  if (!folder.endsWith('/'))
    throw new RangeError(`${JSON.stringify(folder)} is no folder: it ends in no slash`);
  return `${folder.slice(0, -1)}0`;
}
