import type { Request } from '../request.ts';
import { compileGlob } from './glob.ts';

/** Where one object goes and what is written beside it. */
export type Route = {
  /** The destination key. */
  to: string;
  /** Index of the rule that renamed the key; `notRenamed` = none did. Keys of one index keep their order. */
  renamedBy: number;
  storageClass: string | null;
  tags: Record<string, string> | undefined;
  metadata: Record<string, string> | undefined;
};

/** In place of the index of a rule. */
export const notRenamed = -1;

/** Finds the route of a source key, and which source keys could lead to a destination key. */
export type Router = {
  route(key: string): Route;
  /** Every source key whose route may be this destination key; the caller looks whether it exists. */
  sourcesOf(destinationKey: string): { key: string; renamedBy: number }[];
  /** Prefixes under which renamed keys arrive, by rule index. */
  renames: readonly { rule: number; from: string; to: string }[];
};

/**
 * Compiles the rules once. Every rule that matches a key applies, in order; a later one wins field by field
 * (tags and metadata name by name). `destination.prefix` stands before every key, renamed or not.
 */
export function compileRoutes(request: Pick<Request, 'rules' | 'destination'>): Router {
  const { prefix, storageClass } = request.destination;
  const rules = request.rules.map((rule) => ({ ...rule, matches: compileGlob(rule.match) }));
  const renames = rules.flatMap(({ rename }, rule) =>
    rename === undefined ? [] : [{ rule, from: rename.prefix, to: prefix + rename.to }],
  );

  function route(key: string): Route {
    const found: Route = {
      to: prefix + key,
      renamedBy: notRenamed,
      storageClass,
      tags: undefined,
      metadata: undefined,
    };
    if (rules.length === 0) return found;
    rules.forEach((rule, index) => {
      if (!rule.matches(key)) return;
      if (rule.storageClass !== undefined) found.storageClass = rule.storageClass;
      if (rule.tags !== undefined) found.tags = { ...found.tags, ...rule.tags };
      if (rule.metadata !== undefined) found.metadata = { ...found.metadata, ...rule.metadata };
      if (rule.rename !== undefined && key.startsWith(rule.rename.prefix)) {
        found.to = prefix + rule.rename.to + key.slice(rule.rename.prefix.length);
        found.renamedBy = index;
      }
    });
    return found;
  }

  return {
    route,
    renames,
    sourcesOf(destinationKey) {
      const candidates = [
        ...(destinationKey.startsWith(prefix)
          ? [{ key: destinationKey.slice(prefix.length), renamedBy: notRenamed }]
          : []),
        ...renames
          .filter(({ to }) => destinationKey.startsWith(to))
          .map(({ rule, from, to }) => ({ key: from + destinationKey.slice(to.length), renamedBy: rule })),
      ];
      return candidates.filter(({ key, renamedBy }) => {
        if (key === '') return false;
        const back = route(key);
        return back.to === destinationKey && back.renamedBy === renamedBy;
      });
    },
  };
}
