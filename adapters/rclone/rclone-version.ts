/** A version of rclone, such as 1.60.1. */
export type RcloneVersion = { major: number; minor: number; patch: number };

/** The oldest rclone that can serve: `job/stopgroup`, `_config` and string remotes in JSON are all there. */
export const oldestRclone: RcloneVersion = { major: 1, minor: 60, patch: 0 };

/** Reads `v1.75.2`, `1.60.1-DEV` or the first line of `rclone version`; null for anything else. */
export function parseRcloneVersion(text: string): RcloneVersion | null {
  const match = /^(?:rclone )?v?(\d+)\.(\d+)(?:\.(\d+))?/.exec(text.trim());
  if (match === null) return null;
  return { major: Number(match[1]), minor: Number(match[2]), patch: Number(match[3] ?? 0) };
}

/** Whether `version` is `major.minor` or newer. */
export function isAtLeast(version: RcloneVersion, major: number, minor: number): boolean {
  return version.major > major || (version.major === major && version.minor >= minor);
}

/** The version as people write it. */
export function versionText({ major, minor, patch }: RcloneVersion): string {
  return `${major}.${minor}.${patch}`;
}
