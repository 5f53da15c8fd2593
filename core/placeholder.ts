/** Whether a secret was never filled: empty, or what a stack or a person writes in place of a value. */
export function isPlaceholder(value: string): boolean {
  const text = value.trim();
  return (
    text === '' ||
    /^(<.*>|\{.*\}|\$\{.*\}|x{3,}|\*{3,}|\.{3,})$/i.test(text) ||
    /^(change[-_ ]?me|replace[-_ ]?me|placeholder|to[-_ ]?do|tbd|your[-_ ].*|fill[-_ ]?me([-_ ]?in)?)$/i.test(
      text,
    )
  );
}
