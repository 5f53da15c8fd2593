/** Admits work while files and bytes in flight stay within bounds, and lets small and large objects by each other. */
export type Budget = {
  /** Resolves when there is room; `release` what was acquired. Rejects never. */
  acquire(bytes: number): Promise<void>;
  release(bytes: number): void;
  /** Changes how many files may be in flight from now on. */
  setFiles(files: number): void;
  inFlight(): { files: number; bytes: number };
  /** What was asked for and is not admitted yet. */
  waiting(): { files: number; bytes: number };
};

type Place = { bytes: number; ticket: number; admit: () => void };
type Lane = { files: number; charged: number; waiting: Place[] };

/** The share of the bytes that large objects may take at most, and of the files when small ones wait. */
const largeShare = 3 / 4;
/** An object is large when it takes more than this of the bytes in flight. */
const largeFrom = 1 / 16;

/**
 * Opens a budget of `files` and `bytes` in flight. `onAdmit` is called after each admission.
 *
 * Objects above a sixteenth of the bytes are large. Large ones take three quarters of the bytes at most, and while one
 * waits, small ones take the other quarter of the bytes at most: giants that take hours never hold up the small ones,
 * and no stream of small ones holds up a giant. Large ones may take every file while no small one waits; small ones that
 * come then have a quarter of the files (rounded down) beyond `files`, which cost little. Within a lane, and between
 * the lanes where both fit, who came first goes first. An object larger than the share of the large counts as all of it.
 */
export function openBudget(
  limits: { files: number; bytes: number },
  onAdmit: () => void = () => undefined,
): Budget {
  const mostLarge = limits.bytes * largeShare;
  const small: Lane = { files: 0, charged: 0, waiting: [] };
  const large: Lane = { files: 0, charged: 0, waiting: [] };
  const laneOf = (bytes: number): Lane => (bytes > limits.bytes * largeFrom ? large : small);
  const chargeOf = (bytes: number): number => Math.min(bytes, mostLarge);
  let { files: maxFiles } = limits;
  let tickets = 0;
  let bytesInFlight = 0;

  function fits({ bytes }: Place, lane: Lane): boolean {
    const charge = chargeOf(bytes);
    if (small.charged + large.charged + charge > limits.bytes) return false;
    const isFull = small.files + large.files >= maxFiles;
    const manyLarge = Math.ceil(maxFiles * largeShare);
    if (lane === large)
      return (
        !isFull &&
        (small.waiting.length === 0 || large.files < manyLarge) &&
        large.charged + charge <= mostLarge
      );
    if (isFull && (large.files <= manyLarge || small.files >= maxFiles - manyLarge)) return false;
    return large.waiting.length === 0 || small.charged + charge <= limits.bytes - mostLarge;
  }

  const firstOf = ({ waiting }: Lane): number => waiting[0]?.ticket ?? Number.POSITIVE_INFINITY;

  /** The lane whose first in line goes next: who came first, of those that fit. */
  function nextLane(): Lane | undefined {
    const [first, other] = firstOf(small) < firstOf(large) ? [small, large] : [large, small];
    return [first, other].find((lane) => lane.waiting[0] !== undefined && fits(lane.waiting[0], lane));
  }

  function admitWaiting(): void {
    for (let lane = nextLane(); lane !== undefined; lane = nextLane()) {
      const place = lane.waiting.shift();
      if (place === undefined) return;
      lane.files += 1;
      lane.charged += chargeOf(place.bytes);
      bytesInFlight += place.bytes;
      place.admit();
      onAdmit();
    }
  }

  return {
    acquire(bytes) {
      return new Promise((resolve) => {
        laneOf(bytes).waiting.push({ bytes, ticket: tickets++, admit: resolve });
        admitWaiting();
      });
    },
    release(bytes) {
      const lane = laneOf(bytes);
      lane.files -= 1;
      lane.charged -= chargeOf(bytes);
      bytesInFlight -= bytes;
      admitWaiting();
    },
    setFiles(most) {
      maxFiles = Math.max(1, most);
      admitWaiting();
    },
    inFlight: () => ({ files: small.files + large.files, bytes: bytesInFlight }),
    waiting() {
      const all = [...small.waiting, ...large.waiting];
      return { files: all.length, bytes: all.reduce((sum, { bytes }) => sum + bytes, 0) };
    },
  };
}
