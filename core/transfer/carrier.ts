import type { BatchFile } from '../batching/batch.ts';

/**
 * Characters that rclone rewrites although they are ordinary text: the pictures of control characters, its
 * quote U+201B, and full-width forms; control characters and code points that are no characters keep them company.
 */
const rewritten =
  /[\u0000-\u001f\u007f-\u009f\u201b\u2400-\u243f\ufdd0-\ufdef\uff00-\uff5f\uffe0-\uffef\ufffe\uffff]/;

/** The last two code points of each plane are no characters. */
const endOfPlane =
  /[\ud83f\ud87f\ud8bf\ud8ff\ud93f\ud97f\ud9bf\ud9ff\uda3f\uda7f\udabf\udaff\udb3f\udb7f\udbbf\udbff][\udffe\udfff]/;

/** Empty segments, `.` and `..` are resolved as in a path: another key would be read and written. */
const pathLike = /(^|\/)\.{0,2}(\/|$)/;

/**
 * What can move the object byte for byte: rclone, or the worker's own requests where rclone would touch either key.
 *
 * Measured by an `operations/copyfile` of every code point of the basic plane but U+0000, inside a name; of
 * those below U+0300 and of the suspects also as a whole key, as a segment, and at either end of one; with
 * rclone's default encoding. "another" means that rclone reads or writes another key and calls it success.
 *
 * | in the key                                     | 1.60.1             | 1.75.2  |
 * |------------------------------------------------|--------------------|---------|
 * | `//`, `/` at the start or end                  | another, or refused | exact   |
 * | segments `.` and `..`                          | another, or refused | another |
 * | U+201B, U+2401 to U+241F, U+2421               | another            | another |
 * | everything else: control characters, spaces, dots and backslashes anywhere, 1,024 bytes | exact | exact |
 *
 * The encoding `Raw` of 1.68 mends the segments and U+201B, and spoils U+2400 and the full-width slash.
 * Rare characters that are near to what rclone encodes go `direct` although they arrived: it costs
 * nothing there, and another encoding changes which of them do.
 */
export function carrierFor(file: Pick<BatchFile, 'key' | 'to'>): 'rclone' | 'direct' {
  return ridesRclone(file.key) && ridesRclone(file.to) ? 'rclone' : 'direct';
}

/**
 * Whether rclone writes the destination key byte for byte, by the table above. Keys that only come near to what it
 * rewrites arrive too; they go `direct` where there is a choice, and here there is none.
 */
export function arrivesByRclone(key: string): boolean {
  return key.isWellFormed() && !/[\u201b\u2400-\u241f\u2421]/.test(key) && !pathLike.test(key);
}

function ridesRclone(key: string): boolean {
  return key.isWellFormed() && !rewritten.test(key) && !endOfPlane.test(key) && !pathLike.test(key);
}
