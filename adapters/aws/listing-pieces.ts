import { isAscii } from 'node:buffer';
import { UnusualListing } from './listing-values.ts';

const pieceBytes = 48 * 1024;
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * The answer in pieces that begin with an object. V8 keeps strings above 128 KiB apart and frees them late: whole pages
 * as text, read and written, cost a tenth of a listing's CPU. Throws `UnusualListing` for what is not UTF-8.
 */
export function* listingPieces(body: Buffer): Generator<string, undefined> {
  for (let from = 0; from < body.length; ) {
    const upTo = body.length - from <= pieceBytes ? -1 : body.indexOf('<Contents>', from + pieceBytes);
    const piece = upTo === -1 ? body.subarray(from) : body.subarray(from, upTo);
    from += piece.length;
    // Latin-1 is the quickest way to read ASCII. Tokens may be keys that are not encoded, as SeaweedFS gives them.
    yield isAscii(piece) ? piece.toString('latin1') : decodeStrictly(piece);
  }
}

/** The text of an answer. Throws `UnusualListing` for what is not UTF-8. */
export function decodeStrictly(body: Uint8Array): string {
  try {
    return strictUtf8.decode(body);
  } catch {
    throw new UnusualListing('it is not UTF-8');
  }
}
