import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

/** Any JSON object of a definition. */
export type Fields = { readonly [field: string]: unknown };

/** A definition as it is deployed, and its states by name; those of a map's items are among them. */
export type Definition = { name: 'migrate' | 'drain'; fields: Fields; states: ReadonlyMap<string, State> };
export type State = { name: string; type: string; fields: Fields; insideMap: boolean };

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value as a list of objects; an absent one is empty. */
export function listOf(value: unknown): readonly Fields[] {
  if (value === undefined) return [];
  if (!Array.isArray(value) || !value.every(isFields))
    throw new Error(`this is no list of objects: ${JSON.stringify(value)}`);
  return value;
}

/** Reads a definition of `statemachines/` without changing anything about it. */
export function readDefinition(name: Definition['name']): Definition {
  const text = readFileSync(new URL(`../../statemachines/${name}.asl.yaml`, import.meta.url), 'utf8');
  const fields: unknown = parse(text);
  if (!isFields(fields)) throw new Error(`${name}.asl.yaml is no object`);
  return { name, fields, states: new Map(statesOf(fields, false).map((state) => [state.name, state])) };
}

function statesOf(machine: Fields, insideMap: boolean): State[] {
  const { States: states } = machine;
  if (!isFields(states)) throw new Error('a machine has no States');
  return Object.entries(states).flatMap(([name, fields]) => {
    if (!isFields(fields)) throw new Error(`the state "${name}" is no object`);
    const inner = isFields(fields['ItemProcessor']) ? statesOf(fields['ItemProcessor'], true) : [];
    return [{ name, type: String(fields['Type']), fields, insideMap }, ...inner];
  });
}

/** Every string at a field that ends in `.$` or `Path`, and every Variable: what refers to data. */
export function pathsIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(pathsIn);
  if (!isFields(value)) return [];
  return Object.entries(value).flatMap(([field, inner]) =>
    typeof inner === 'string' && (/(\.\$|Path)$/.test(field) || field === 'Variable')
      ? [inner]
      : pathsIn(inner),
  );
}
