import { hardKeys } from '../conformance/hard-keys.ts';
import { type Dice, openDice } from './dice.ts';

export type Side = 'source' | 'destination';

/** What is done to a migration. `forMs` is how long it lasts; null = nobody ends it. */
export type Blow =
  | { blow: 'kill' | 'stop'; what: 'worker' | 'rclone' | 'lister' }
  | { blow: 'freeze'; what: 'worker' | 'rclone' | 'lister'; forMs: number | null }
  | { blow: 'errors'; side: Side; status: 500 | 503; probability: number; forMs: number }
  | { blow: 'drop' | 'truncate'; probability: number; forMs: number }
  | { blow: 'hang'; side: Side; probability: number; forMs: number }
  | { blow: 'disconnect'; side: Side }
  | { blow: 'deliver-twice'; messages: number }
  | { blow: 'rotate'; side: Side }
  | { blow: 'revoke'; side: Side; forMs: number }
  | { blow: 'overwrite' | 'delete'; key: string }
  | { blow: 'interrupt'; how: 'stop' | 'halt' };

/**
 * When: so many milliseconds after a lister was first seen, after a share of the keys was copied, or after the last
 * was. A share that is not reached because nothing moves is not waited for longer than a few seconds.
 */
export type Moment = { after: 'lister' | 'copied' | 'all'; share: number; ms: number };

export type ScriptedObject = { key: string; sizeBytes: number; inParts: boolean };

/** A round: what there is to migrate, how, and what happens to it. */
export type Script = {
  seed: number;
  round: number;
  objects: ScriptedObject[];
  batchObjects: number;
  workers: number;
  latencyMs: number;
  /** Of the hash strategy; null = the queue strategy. */
  partitions: number | null;
  events: { when: Moment; blow: Blow }[];
};

const MiB = 1024 * 1024;

/** Writes the script of a round; the same seed and round give the same script. */
export function writeScript(seed: number, round: number): Script {
  const dice = openDice(seed, round);
  const objects = scriptObjects(dice);
  // Each key is changed once at most, so that what must be at the destination is never a matter of opinion.
  const untouched = objects.map(({ key }) => key);
  const takeKey = (): string => untouched.splice(dice.between(0, untouched.length - 1), 1)[0] ?? hardKeys[0];
  const events = Array.from({ length: dice.between(2, 5) }, () => {
    const blow = scriptBlow(dice, takeKey);
    return { when: scriptMoment(dice, blow), blow };
  });
  return {
    seed,
    round,
    objects,
    batchObjects: dice.between(2, 8),
    workers: dice.between(1, 3),
    latencyMs: dice.between(10, 60),
    partitions: dice.chance(0.3) ? dice.between(1, 12) : null,
    events,
  };
}

function scriptObjects(dice: Dice): ScriptedObject[] {
  const objects = new Map<string, ScriptedObject>();
  for (let n = dice.between(60, 220); n > 0; n--) {
    const key = `dir-${dice.between(0, 6)}/object-${String(n).padStart(4, '0')}`;
    objects.set(key, { key, sizeBytes: dice.between(0, 20_000), inParts: false });
  }
  for (let n = dice.between(3, 12); n > 0; n--) {
    const key = dice.pick(hardKeys);
    objects.set(key, { key, sizeBytes: dice.between(1, 2_000), inParts: false });
  }
  for (let n = dice.between(1, 3); n > 0; n--) {
    const key = `large/${n}.bin`;
    objects.set(key, { key, sizeBytes: dice.between(5 * MiB + 1, 8 * MiB), inParts: dice.chance(0.5) });
  }
  return [...objects.values()];
}

function scriptBlow(dice: Dice, takeKey: () => string): Blow {
  const side = dice.pick<Side>(['source', 'destination']);
  const probability = dice.pick([0.05, 0.2, 0.4]);
  const forMs = dice.between(300, 2500);
  const what = dice.pick(['worker', 'rclone'] as const);
  const roll = dice.between(0, 99);
  if (roll < 16) return { blow: 'kill', what };
  if (roll < 21) return { blow: 'kill', what: 'lister' };
  if (roll < 28) return { blow: 'stop', what: 'worker' };
  if (roll < 31) return { blow: 'stop', what: 'lister' };
  if (roll < 41) return { blow: 'freeze', what, forMs: dice.between(500, 6000) };
  if (roll < 43) return { blow: 'freeze', what: 'lister', forMs: dice.between(200, 2000) };
  if (roll < 46) return { blow: 'freeze', what: 'rclone', forMs: null };
  if (roll < 54) return { blow: 'errors', side, status: dice.pick([500, 503]), probability, forMs };
  if (roll < 58) return { blow: 'drop', probability, forMs };
  if (roll < 62) return { blow: 'truncate', probability, forMs };
  if (roll < 66) return { blow: 'hang', side, probability, forMs };
  if (roll < 69) return { blow: 'disconnect', side };
  if (roll < 76) return { blow: 'deliver-twice', messages: dice.between(1, 10) };
  if (roll < 81) return { blow: 'rotate', side };
  if (roll < 86) return { blow: 'revoke', side, forMs };
  if (roll < 92) return { blow: 'overwrite', key: takeKey() };
  if (roll < 96) return { blow: 'delete', key: takeKey() };
  return { blow: 'interrupt', how: dice.pick(['stop', 'halt']) };
}

function scriptMoment(dice: Dice, blow: Blow): Moment {
  const ofLister = 'what' in blow && blow.what === 'lister';
  if (ofLister || dice.chance(0.15)) return { after: 'lister', share: 0, ms: dice.between(0, 900) };
  if (dice.chance(0.1)) return { after: 'all', share: 1, ms: dice.between(0, 800) };
  return { after: 'copied', share: dice.share() * 0.9, ms: dice.between(0, 100) };
}
