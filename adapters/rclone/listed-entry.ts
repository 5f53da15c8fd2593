import { z } from 'zod';
import type { ObjectSummary } from '../../core/inventory/inventory-row.ts';
import { keyOfName } from './remote-names.ts';

/** What `operations/list` tells of a file or folder. [src: rclone, fs/operations ListJSONItem] */
export const Entry = z.object({
  Path: z.string(),
  Size: z.int(),
  ModTime: z.string(),
  IsDir: z.boolean(),
  Hashes: z.record(z.string(), z.string()).nullish(),
});
export type Entry = z.infer<typeof Entry>;

/** A file as the inventory knows it. Its ETag is its MD5, where the backend told one. */
export function summaryOf({ Path, Size, ModTime, Hashes }: Entry): ObjectSummary {
  const { key, problem: nameProblem } = keyOfName(Path);
  const problem =
    nameProblem ??
    (Size < 0
      ? 'the source does not know its size, so that nothing could prove its copy (documents that are made when they are read, such as those of Google Docs). Export it at the source.'
      : undefined);
  const md5 = Object.entries(Hashes ?? {}).find(([name]) => /^md5$/i.test(name))?.[1];
  const modifiedAtMs = Date.parse(ModTime);
  return {
    key,
    sizeBytes: Math.max(0, Size),
    etag: md5 === undefined || md5 === '' ? null : md5.toLowerCase(),
    modifiedAtMs: Number.isNaN(modifiedAtMs) ? 0 : modifiedAtMs,
    storageClass: null,
    ...(problem === undefined ? {} : { problem }),
  };
}

/** A folder that cannot be listed because rclone cannot write its name, as an object to name it by; null = it can be. */
export function folderProblem({ Path, ModTime }: Entry): ObjectSummary | null {
  if (!Path.includes('\ufffd')) return null;
  const { modifiedAtMs } = summaryOf({ Path, ModTime, Size: 0, IsDir: true });
  const problem =
    'a folder whose name holds bytes that are no UTF-8: nothing in it can be listed. Rename it at the source.';
  return { key: `${Path}/`, sizeBytes: 0, etag: null, modifiedAtMs, storageClass: null, problem };
}

/** Two files of one name, as Google Drive allows: rclone cannot tell them apart, so that neither can be proven. */
export function sameName(first: ObjectSummary): ObjectSummary {
  return {
    ...first,
    problem:
      'the source holds several files of this name in one folder, which rclone cannot tell apart. Rename or merge them there ("rclone dedupe").',
  };
}
