/**
 * The key as a string of its own. A key cut out of a page's text keeps the whole text in memory, hundreds of
 * kilobytes, for as long as it lives: one that outlives its page must be copied.
 */
export function ownCopy(key: string): string {
  return key.isWellFormed() ? Buffer.from(key).toString() : key;
}
