/** How the keys of a generated bucket are spread. */
export const distributions = ['flat', 'deep', 'hot', 'timestamps', 'uuid', 'astral', 'unicode'] as const;
export type Distribution = (typeof distributions)[number];

/** The key of each number from 0 to `objects` - 1, ascending in UTF-8 byte order. */
export type KeyOf = (index: number) => string;

/**
 * Keys by arithmetic, so that a bucket of a billion objects takes no room:
 * `flat` counters under one prefix; `deep` directories of four levels, some full and some all but empty; `hot` 99 % of the
 * keys under one prefix of several; `timestamps` log lines, 31 s apart; `uuid` evenly spread hexadecimal ids;
 * `astral` six characters beyond the basic plane; `unicode` four scripts, then CJK names.
 */
export function generatedKeys(distribution: Distribution, objects: number): KeyOf {
  switch (distribution) {
    case 'flat':
      return (index) => `data/object-${pad(index, 9)}`;
    case 'deep':
      return deepKeys(objects);
    case 'hot':
      return hotKeys(objects);
    case 'timestamps':
      return (index) =>
        `logs/${new Date(firstMs + index * 31_000).toISOString()}-${hex(scatter(index), 8).slice(0, 4)}.json`;
    case 'uuid':
      return uuidKeys(objects);
    case 'astral':
      return spreadKeys(objects, astral, 6);
    case 'unicode': {
      const roots = ['photos/', 'εικόνες/', 'фото/', '写真/'];
      const each = Math.ceil(objects / roots.length);
      const inRoot = spreadKeys(each, cjk, 4);
      return (index) => `${roots[Math.floor(index / each)]}${inRoot(index % each)}`;
    }
  }
}

const firstMs = Date.UTC(2024, 0, 2, 3, 4, 5, 678);
const astral = (rank: number) => String.fromCodePoint(0x1f300 + rank);
const cjk = (rank: number) => String.fromCodePoint(0x4e00 + rank);
/** Characters of the alphabets of `spreadKeys`. */
const alphabet = 600;

/** A directory holds 20 to 380 of its parent's objects in 200, by turns, so that some are many times others. */
function deepKeys(objects: number): KeyOf {
  const inProject = Math.max(1, Math.ceil(objects / 100));
  return (index) => {
    const pair = Math.floor(index / (2 * inProject));
    const within = index % (2 * inProject);
    const small = Math.max(1, Math.floor(inProject / 10));
    const [project, rest] = within < small ? [2 * pair, within] : [2 * pair + 1, within - small];
    const volume = Math.floor(project / 10);
    return `vol-${volume}/project-${'abcdefghij'[project % 10]}/run-${pad(Math.floor(rest / 137), 6)}/part-${pad(rest % 137, 5)}.parquet`;
  };
}

function hotKeys(objects: number): KeyOf {
  const cold = ['alpha/', 'beta/', 'gamma/', 'hot-customer/2024/file-', 'iota/', 'kappa/', 'omega/'];
  const each = Math.floor(objects / 600);
  return (index) => {
    if (index < 3 * each) return `${cold[Math.floor(index / each)]}${pad(index % each, 9)}`;
    const behind = index - (objects - 3 * each);
    if (behind >= 0) return `${cold[4 + Math.floor(behind / each)]}${pad(behind % each, 9)}`;
    return `${cold[3]}${pad(index - 3 * each, 9)}`;
  };
}

function uuidKeys(objects: number): KeyOf {
  const step = 2 ** 48 / objects;
  return (index) => {
    const high = Math.floor((index + (scatter(index) / 2 ** 32) * 0.9) * step);
    const id =
      hex(high, 12) +
      hex(scatter(index + 7), 8) +
      hex(scatter(index + 13), 8) +
      hex(scatter(index + 21), 4).slice(0, 4);
    return `${id.slice(0, 8)}-${id.slice(8, 12)}-${id.slice(12, 16)}-${id.slice(16, 20)}-${id.slice(20)}`;
  };
}

function spreadKeys(objects: number, character: (rank: number) => string, length: number): KeyOf {
  const step = alphabet ** 4 / objects;
  return (index) => {
    let rest = Math.floor((index + (scatter(index) / 2 ** 32) * 0.9) * step);
    const ranks: number[] = [];
    for (let place = 0; place < 4; place++) {
      ranks.unshift(rest % alphabet);
      rest = Math.floor(rest / alphabet);
    }
    for (let place = 4; place < length; place++) ranks.push(scatter(index + place) % alphabet);
    return ranks.map(character).join('');
  };
}

/** A number of 32 bits that looks like chance. */
function scatter(index: number): number {
  let mixed = Math.imul(index ^ 0x9e3779b9, 0x85ebca6b) >>> 0;
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35) >>> 0;
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

function pad(number: number, digits: number): string {
  return String(number).padStart(digits, '0');
}

function hex(number: number, digits: number): string {
  return number.toString(16).padStart(digits, '0');
}
