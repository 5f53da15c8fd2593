import type { BatchFile } from '../../core/batching/batch.ts';

/** A header of rclone's `_config.UploadHeaders` and `DownloadHeaders`. */
export type RcloneHeader = { Key: string; Value: string };

/**
 * With `Metadata` on, rclone adds the source's modification time as `btime` to every object. A value that no
 * header can have makes it drop the name again; measured on 1.60.1 and 1.75.2.
 */
const noBtime: RcloneHeader = { Key: 'x-amz-meta-btime', Value: '\n' };

const headerName = /^[\w!#$%&'*+.^`|~-]+$/;
const noHeaderValue = /[\u0000-\u0008\u000a-\u001f\u007f]/;

/**
 * The headers of the upload: the metadata that rules give, which wins over the source's, and the tags.
 * Returns a sentence instead where a name or value can be no header: rclone would drop it and say nothing.
 */
export function uploadHeaders(
  file: Pick<BatchFile, 'metadata'>,
  tags: Readonly<Record<string, string>>,
): RcloneHeader[] | string {
  const headers = [];
  const given = Object.entries(file.metadata ?? {});
  if (!given.some(([name]) => name.toLowerCase() === 'btime')) headers.push(noBtime);
  for (const [name, value] of given) {
    if (!headerName.test(name) || noHeaderValue.test(value)) {
      return `The metadata ${JSON.stringify(name)} that a rule gives cannot be sent: names may hold letters, digits and hyphens, values no control characters`;
    }
    headers.push({ Key: `x-amz-meta-${name.toLowerCase()}`, Value: value });
  }
  const tagging = Object.entries(tags)
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
    .join('&');
  if (tagging !== '') headers.push({ Key: 'x-amz-tagging', Value: tagging });
  return headers;
}

/** Reads that version only which the inventory knows; another one is refused with 412. */
export function downloadHeaders(etag: string | null): RcloneHeader[] {
  return etag === null ? [] : [{ Key: 'If-Match', Value: `"${etag}"` }];
}
