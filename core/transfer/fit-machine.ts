const MiB = 1024 * 1024;
const GiB = 1024 * MiB;

/** The machine, or a worker's part of it, and how many files in flight were asked for, if anybody asked. */
export type Machine = { cores: number; memoryBytes: number; filesInFlight?: number | undefined };

/** What a worker may use where nothing else is said. */
export type MachineBounds = {
  filesInFlight: number;
  /** For the parts of large objects, whoever moves them. */
  partsMemoryBytes: number;
  /** For all of rclone. */
  rcloneMemoryBytes: number;
};

/** Small objects mostly wait for their stores. Two cores had 32 before bounds were fitted to the machine. */
const filesPerCore = 16;
/** What the parts of one large object take: four of 64 MiB, and more only above 625 GiB. */
const partsBytes = 256 * MiB;
/** What a file in flight may take beside parts: a buffer of 1 MiB, connections and their buffers on both sides. */
const fileBytes = 4 * MiB;
/** What rclone takes when it does nothing (some 100 MiB), and room for the garbage between two collections. */
const rcloneItselfBytes = 256 * MiB;

/**
 * Bounds for a machine of so many cores and so much memory, of which half goes to the parts of large objects (enough
 * for one at least, and for all files in flight or 16 GiB at most) and a quarter to files in flight (16 for each
 * core, 8 at least and 512 at most). The rest is for Node, rclone and the system.
 */
export function fitMachine({ cores, memoryBytes, filesInFlight: asked }: Machine): MachineBounds {
  const byMemory = Math.floor(memoryBytes / 4 / fileBytes);
  const filesInFlight = asked ?? Math.max(8, Math.min(512, filesPerCore * cores, byMemory));
  const mostBytes = Math.min(16 * GiB, filesInFlight * partsBytes);
  const partsMemoryBytes = Math.max(partsBytes, Math.min(mostBytes, Math.floor(memoryBytes / 2)));
  const rcloneMemoryBytes = partsMemoryBytes + filesInFlight * fileBytes + rcloneItselfBytes;
  return { filesInFlight, partsMemoryBytes, rcloneMemoryBytes };
}
