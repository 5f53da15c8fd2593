import { appendFile } from 'node:fs/promises';
import { z } from 'zod';
import type { TaskHandler } from './interpret.ts';

const PutEvents = z.object({
  Entries: z.array(z.object({ Source: z.string(), DetailType: z.string(), Detail: z.json() })).min(1),
});

/** What events:putEvents does on this machine: a line per event in a file. */
export function eventFile(path: string, onEvent: (detailType: string) => void): TaskHandler {
  return async (input) => {
    const { Entries } = PutEvents.parse(input);
    for (const entry of Entries) {
      await appendFile(path, `${JSON.stringify({ Time: new Date().toISOString(), ...entry })}\n`);
      onEvent(entry.DetailType);
    }
    return { FailedEntryCount: 0, Entries: Entries.map((_, index) => ({ EventId: String(index) })) };
  };
}
