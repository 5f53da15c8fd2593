const KiB = 1024;
const MiB = 1024 * KiB;

/** What is moved: sizes of objects, and how long each of the servers' answers takes. */
export type TransferCase = {
  name: string;
  sizes: readonly number[];
  latencyMs: number;
  filesInFlight: number;
  /** Both stores: ours unless told. SeaweedFS counts no requests and knows no latency. */
  server?: 'SeaweedFS';
  /** What each object is tagged with, and our workers then copy; rclone copies no tags. */
  tags?: Readonly<Record<string, string>>;
  /** Not part of a run that names no case. */
  onlyByName?: boolean;
};

const many = (count: number, sizeBytes: number): number[] => Array.from({ length: count }, () => sizeBytes);

/** Every case; `quick` moves a twentieth of the objects, at least two. */
export function transferCases(quick: boolean): TransferCase[] {
  const some = (count: number): number => (quick ? Math.max(2, count / 20) : count);
  const small = many(some(20_000), 4 * KiB);
  const middle = many(some(2_000), MiB);
  const mixed = [...many(some(4_000), 4 * KiB), ...many(some(400), MiB), ...many(2, 300 * MiB)];
  return [
    { name: '4KiB', sizes: small, latencyMs: 0, filesInFlight: 32 },
    {
      name: '4KiB-tags',
      sizes: small,
      latencyMs: 0,
      filesInFlight: 32,
      tags: { project: 'apollo', owner: 'ops' },
    },
    { name: '4KiB-30ms', sizes: small, latencyMs: 30, filesInFlight: 32 },
    // One in flight each, so that 8 workers are still bound by latency and not by the cores that they share.
    { name: '4KiB-30ms-fleet', sizes: many(quick ? 640 : 2_560, 4 * KiB), latencyMs: 30, filesInFlight: 1 },
    { name: '1MiB', sizes: middle, latencyMs: 0, filesInFlight: 16 },
    { name: '64KiB', sizes: many(some(8_000), 64 * KiB), latencyMs: 0, filesInFlight: 16, onlyByName: true },
    {
      name: '256KiB',
      sizes: many(some(4_000), 256 * KiB),
      latencyMs: 0,
      filesInFlight: 16,
      onlyByName: true,
    },
    { name: '4MiB', sizes: many(some(500), 4 * MiB), latencyMs: 0, filesInFlight: 16, onlyByName: true },
    { name: '512MiB', sizes: many(some(8), 512 * MiB), latencyMs: 0, filesInFlight: 4 },
    { name: '512MiB-30ms', sizes: many(some(8), 512 * MiB), latencyMs: 30, filesInFlight: 4 },
    { name: 'mixed', sizes: mixed, latencyMs: 0, filesInFlight: 16 },
    { name: '4KiB-SeaweedFS', sizes: small, latencyMs: 0, filesInFlight: 32, server: 'SeaweedFS' },
    { name: '1MiB-SeaweedFS', sizes: middle, latencyMs: 0, filesInFlight: 16, server: 'SeaweedFS' },
    {
      name: '512MiB-SeaweedFS',
      sizes: many(some(8), 512 * MiB),
      latencyMs: 0,
      filesInFlight: 4,
      server: 'SeaweedFS',
    },
  ];
}
