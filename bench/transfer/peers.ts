import { access, constants } from 'node:fs/promises';

/** Tools that Drover is measured against, and a store that it is measured on. */
export type Peer = 's5cmd' | 'juicefs' | 'weed';

/** Where `npm run bench:setup` (.ci/peers) puts the binaries. */
const peersFolder = new URL('../../.cache/peers-2/bin/', import.meta.url).pathname;

/** The path of a peer's binary, or null when it was not set up. */
export async function findPeer(peer: Peer): Promise<string | null> {
  const path = `${peersFolder}${peer}`;
  return access(path, constants.X_OK).then(
    () => path,
    () => null,
  );
}
