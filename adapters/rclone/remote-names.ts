/** U+2401 to U+241F and U+2421, with which rclone writes control characters in a name. [src: rclone, lib/encoder, Standard] */
const pictures = /[\u2401-\u241f\u2421]/g;
const controls = /[\u0001-\u001f\u007f]/g;

/**
 * The key of a name that rclone lists, or why there is none. rclone shows every backend's names in its own standard
 * writing: control characters as pictures, and a picture that is really in a name, like what is no UTF-8, behind a
 * quote U+201B. Keys hold the control characters themselves; quoted names are named as exceptions.
 */
export function keyOfName(name: string): { key: string; problem?: string } {
  if (/[\u201b\u2400]/.test(name))
    return {
      key: name,
      problem:
        'rclone cannot write this name as it is: it holds bytes that are no UTF-8, U+0000, U+201B, or a picture of a control character (U+2400 to U+2421). Rename it at the source.',
    };
  if (name.includes('\ufffd'))
    return {
      key: name,
      problem:
        'the name holds bytes that are no UTF-8 (or U+FFFD, which rclone writes for them). Rename it at the source.',
    };
  return {
    key: name.replace(pictures, (picture) =>
      picture === '\u2421' ? '\u007f' : String.fromCharCode(picture.charCodeAt(0) - 0x2400),
    ),
  };
}

/** The name by which rclone finds a key of `keyOfName` at its backend. */
export function nameOfKey(key: string): string {
  return key.replace(controls, (control) =>
    control === '\u007f' ? '\u2421' : String.fromCharCode(control.charCodeAt(0) + 0x2400),
  );
}
