/**
 * Moves a UTF-16 code unit to where its character stands in UTF-8 order: surrogates (astral characters,
 * four bytes in UTF-8) come after U+E000..U+FFFF (three bytes), although their code units are smaller.
 */
function rank(unit: number): number {
  if (unit >= 0xe000) return unit - 0x800;
  if (unit >= 0xd800) return unit + 0x2000;
  return unit;
}

/**
 * Compares two keys in UTF-8 byte order, the order in which S3 lists, without allocating.
 * Negative: `a` comes first; positive: `b` does; 0: the same key. JavaScript's `<` is UTF-16 order and
 * puts U+10000 before U+FFFD, which makes a merge report missing objects that exist.
 */
export function compareKeys(a: string, b: string): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) {
    const left = a.charCodeAt(i);
    const right = b.charCodeAt(i);
    if (left !== right) return rank(left) - rank(right);
  }
  return a.length - b.length;
}
