import { decodeStrictly } from './listing-pieces.ts';
import { UnusualListing, withoutEscapes } from './listing-values.ts';

const tagging =
  /^(?:<\?xml [^?]*\?>)?\s*<Tagging(?: xmlns="[^"]*")?>\s*<TagSet(?:\/>|>((?:(?!<\/?TagSet)[\s\S])*)<\/TagSet>)\s*<\/Tagging>\s*$/;
const tag = /\s*<Tag>\s*<Key>([^<]*)<\/Key>\s*<Value(?:\/>|>([^<]*)<\/Value>)\s*<\/Tag>\s*/y;

/**
 * The tags in an answer to GetObjectTagging as Amazon writes it: plain elements, a key before its value. Null for what is written
 * in any other way, which is left to a whole XML parser.
 */
export function parseTagging(body: Uint8Array): Record<string, string> | null {
  try {
    const found = tagging.exec(decodeStrictly(body));
    return found === null ? null : tagsIn(found[1] ?? '');
  } catch (error) {
    if (error instanceof UnusualListing) return null;
    throw error;
  }
}

function tagsIn(text: string): Record<string, string> | null {
  const tags: [string, string][] = [];
  tag.lastIndex = 0;
  for (let end = 0; end < text.trimEnd().length; end = tag.lastIndex) {
    const found = tag.exec(text);
    if (found === null) return null;
    tags.push([withoutEscapes(found[1] ?? ''), withoutEscapes(found[2] ?? '')]);
  }
  return Object.fromEntries(tags);
}
