import { z } from 'zod';
import { JobStoreDamaged } from './errors.ts';
import { decodeLines } from './json-lines.ts';
import type { JobStore } from './ports.ts';

/**
 * The rows of a file of lines in the job store; null when there is none. Throws `JobStoreDamaged`, with the file's address and
 * what is wrong with it, when it is not whole or holds a row of another kind.
 */
export async function readLines<Row extends z.ZodType>(
  jobStore: Pick<JobStore, 'read' | 'address'>,
  path: string,
  row: Row,
): Promise<z.output<Row>[] | null> {
  const file = await jobStore.read(path);
  if (file === null) return null;
  try {
    return decodeLines(file.bytes, row);
  } catch (error) {
    throw new JobStoreDamaged(
      `${jobStore.address(path)} is damaged: ${reasonOf(error)}. Restore that file and start the migration again, or start it under a new id.`,
    );
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof z.ZodError)) return error instanceof Error ? error.message : String(error);
  return error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join(', ');
}
