/** One step of a pattern, as the doc comment of `compileGlob` describes it. */
type Token =
  | { is: 'character'; character: string }
  | { is: 'one'; in: readonly [string, string][]; negated: boolean }
  | { is: 'many' | 'any' | 'folders' };

/** Draws patterns as tokens and as text, so that nothing has to parse them a second time. */
export type Drawn = { text: string; alternatives: Token[][] };

/** Matches by trying everything: slow, and plain enough to be believed. */
export function matchesByTrying(alternatives: readonly Token[][], key: string): boolean {
  const characters = Array.from(key);
  return alternatives.some((tokens) => matchesFrom(tokens, 0, characters, 0));
}

function matchesFrom(tokens: readonly Token[], token: number, key: readonly string[], at: number): boolean {
  const now = tokens[token];
  if (now === undefined) return at === key.length;
  const rest = (from: number) => matchesFrom(tokens, token + 1, key, from);
  const character = key[at];
  switch (now.is) {
    case 'character':
      return character === now.character && rest(at + 1);
    case 'one': {
      if (character === undefined || character === '/') return false;
      const point = character.codePointAt(0) ?? 0;
      const member = now.in.some(
        ([first, last]) => point >= (first.codePointAt(0) ?? 0) && point <= (last.codePointAt(0) ?? 0),
      );
      return member !== now.negated && rest(at + 1);
    }
    case 'many':
      for (let end = at; ; end++) {
        if (rest(end)) return true;
        if (end >= key.length || key[end] === '/') return false;
      }
    case 'any':
      for (let end = at; end <= key.length; end++) if (rest(end)) return true;
      return false;
    case 'folders':
      if ((at === 0 || key[at - 1] === '/') && rest(at)) return true;
      for (let end = at + 1; end <= key.length; end++) if (key[end - 1] === '/' && rest(end)) return true;
      return false;
  }
}

/** Joins drawn pieces to a pattern; an inner list is a group of alternatives. */
export function joinPieces(
  pieces: readonly ({ text: string; token: Token } | { text: string; token: Token }[][])[],
): Drawn {
  let text = '';
  let alternatives: Token[][] = [[]];
  for (const piece of pieces) {
    if (!Array.isArray(piece)) {
      text += piece.text;
      alternatives = alternatives.map((tokens) => [...tokens, piece.token]);
    } else {
      text += `{${piece.map((branch) => branch.map((part) => part.text).join('')).join(',')}}`;
      alternatives = alternatives.flatMap((tokens) =>
        piece.map((branch) => [...tokens, ...branch.map((part) => part.token)]),
      );
    }
  }
  return { text, alternatives };
}
