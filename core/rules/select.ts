import type { ObjectSummary } from '../inventory/inventory-row.ts';
import type { Request } from '../request.ts';
import { compileGlob } from './glob.ts';

/** Says why an object is not selected, in the words of the request; null = it is selected. */
export type Selection = (object: ObjectSummary) => string | null;

/** Whether it selects every object. */
export function selectsAll({
  include,
  exclude,
  minBytes,
  maxBytes,
  modifiedAfter,
  modifiedBefore,
}: Request['select']): boolean {
  const bounds = [maxBytes, modifiedAfter, modifiedBefore];
  return (
    include.includes('**') && exclude.length === 0 && minBytes === 0 && bounds.every((each) => each === null)
  );
}

/** Compiles `select` once, so that each key costs only its matching. */
export function compileSelect(select: Request['select']): Selection {
  const include = select.include.map(compileGlob);
  const includesAll = select.include.includes('**');
  const exclude = select.exclude.map((pattern) => ({ pattern, matches: compileGlob(pattern) }));
  const afterMs = select.modifiedAfter === null ? -Infinity : Date.parse(select.modifiedAfter);
  const beforeMs = select.modifiedBefore === null ? Infinity : Date.parse(select.modifiedBefore);
  const maxBytes = select.maxBytes ?? Infinity;
  return ({ key, sizeBytes, modifiedAtMs }) => {
    if (sizeBytes < select.minBytes) return `smaller than select.minBytes (${select.minBytes})`;
    if (sizeBytes > maxBytes) return `larger than select.maxBytes (${maxBytes})`;
    if (modifiedAtMs <= afterMs) return 'not modified after select.modifiedAfter';
    if (modifiedAtMs >= beforeMs) return 'not modified before select.modifiedBefore';
    if (!includesAll && !include.some((matches) => matches(key)))
      return 'matches no pattern of select.include';
    if (exclude.length === 0) return null;
    const excluded = exclude.find(({ matches }) => matches(key));
    return excluded === undefined ? null : `matches select.exclude "${excluded.pattern}"`;
  };
}
