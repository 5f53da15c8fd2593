/**
 * Patterns over whole keys:
 *   `*`      any characters but `/`      `**`     any characters
 *   `?`      one character but `/`       `**\/`    anything that ends in `/`; where a segment begins, nothing
 *   `[a-z]`  one of these, `[!a-z]` none of these (never `/`; `]` itself stands first, `-` first or last)
 *   `{a,b}`  one of these patterns (not nested)          `\x`  the character x itself
 * Everything else stands for itself, dots and leading slashes too; matching is by Unicode character and
 * case counts. A pattern matches the whole key as it is at the source, prefix included.
 */
export function compileGlob(pattern: string): (key: string) => boolean {
  if (pattern === '**') return () => true;
  const literalPrefix = /^([^*?[\]{}\\]*)\*\*$/.exec(pattern)?.[1];
  if (literalPrefix !== undefined) return (key) => key.startsWith(literalPrefix);
  const expression = new RegExp(`^(?:${translate(pattern)})$`, 'su');
  return (key) => expression.test(key);
}

/** What is wrong with a pattern, in words for its author; null when it is fine. */
export function globProblem(pattern: string): string | null {
  if (pattern === '') return 'must not be an empty pattern; use "**" for every key';
  try {
    compileGlob(pattern);
    return null;
  } catch (error) {
    return `must be a pattern: ${error instanceof SyntaxError ? error.message : String(error)}`;
  }
}

function translate(pattern: string): string {
  const characters = Array.from(pattern);
  let inGroup = false;
  let out = '';
  for (let i = 0; i < characters.length; i++) {
    const character = characters[i] ?? '';
    if (character === '*') {
      if (characters[i + 1] !== '*') out += '[^/]*';
      else {
        i += 1;
        if (characters[i + 1] === '/') {
          i += 1;
          out += '(?:(?<![^/])|.*/)';
        } else out += '.*';
      }
    } else if (character === '?') out += '[^/]';
    else if (character === '[') {
      const negated = characters[i + 1] === '!' || characters[i + 1] === '^';
      const first = negated ? i + 2 : i + 1;
      const end = characters.indexOf(']', first + 1);
      if (end === -1)
        throw new SyntaxError(`"[" at character ${i + 1} has no "]"; write "\\[" for the character itself`);
      const members = characters
        .slice(first, end)
        .map((member) => (/[\\\]^[]/.test(member) ? `\\${member}` : member))
        .join('');
      out += negated ? `(?!/)[^${members}]` : `(?!/)[${members}]`;
      i = end;
    } else if (character === '{') {
      if (inGroup) throw new SyntaxError('"{" inside "{ }" is not supported; write the alternatives out');
      inGroup = true;
      out += '(?:';
    } else if (character === '}' && inGroup) {
      inGroup = false;
      out += ')';
    } else if (character === ',' && inGroup) out += '|';
    else if (character === '\\') {
      i += 1;
      const escaped = characters[i];
      if (escaped === undefined)
        throw new SyntaxError('a "\\" at the end escapes nothing; write "\\\\" for the character itself');
      out += literal(escaped);
    } else out += literal(character);
  }
  if (inGroup) throw new SyntaxError('"{" has no "}"; write "\\{" for the character itself');
  return out;
}

function literal(character: string): string {
  return /[\\^$.*+?()[\]{}|/]/.test(character) ? `\\${character}` : character;
}
