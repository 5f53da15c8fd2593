import { jobLayout } from '../../job-layout.ts';
import { decodeJson } from '../../json-lines.ts';
import type { JobStore } from '../../ports.ts';
import { UploadRecord } from './upload-record.ts';

/** Every upload that the migration's records name: destination keys by upload id. */
export async function recordedUploads(jobStore: JobStore, folder: string): Promise<Map<string, string>> {
  const keys = new Map<string, string>();
  for await (const path of jobStore.list(jobLayout.uploads(folder))) {
    if (!path.endsWith('/upload.json')) continue;
    const file = await jobStore.read(path);
    if (file === null) continue;
    const { uploadId, to } = decodeJson(file.bytes, UploadRecord);
    keys.set(uploadId, to);
  }
  return keys;
}
