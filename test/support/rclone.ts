import { findRclone } from '../../local/find-rclone.ts';

let found: Promise<string> | undefined;

/** The rclone that tests run; fetched once where there is none. @throws when none can be had */
export function rcloneForTests(): Promise<string> {
  found ??= findRclone({ say: () => undefined });
  return found;
}
