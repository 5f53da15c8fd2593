const MiB = 1024 * 1024;
const GiB = 1024 * MiB;

/** What a worker may use where nothing else is said. */
export type MachineBounds = { filesInFlight: number; partsMemoryBytes: number };

/** Small objects mostly wait for their stores. Two cores had 32 before bounds were fitted to the machine. */
const filesPerCore = 16;
/** What a file in flight may take beside parts: a buffer of 1 MiB, connections and their buffers on both sides. */
const fileBytes = 4 * MiB;

/**
 * Bounds for a machine of so many cores and so much memory, of which half goes to the parts of large objects (four of
 * 64 MiB at least, the least that one object needs, and 16 GiB at most) and a quarter to files in flight (16 for each
 * core, 8 at least and 512 at most). The rest is for Node, rclone and the system.
 */
export function fitMachine({ cores, memoryBytes }: { cores: number; memoryBytes: number }): MachineBounds {
  const byMemory = Math.floor(memoryBytes / 4 / fileBytes);
  return {
    filesInFlight: Math.max(8, Math.min(512, filesPerCore * cores, byMemory)),
    partsMemoryBytes: Math.max(256 * MiB, Math.min(16 * GiB, Math.floor(memoryBytes / 2))),
  };
}
