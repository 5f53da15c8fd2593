import { readFile } from 'node:fs/promises';
import type { StateMachineDefinition } from 'aws-local-stepfunctions';
import { parse } from 'yaml';
import { z } from 'zod';

/** Longest timer of Node in seconds; the interpreter would run a longer one after a millisecond. */
const longestTimerSeconds = 2_147_483;

/** A definition as the interpreter takes it, which validates it field by field when it is given one. */
const Definition = z.custom<StateMachineDefinition>(
  (value) => typeof value === 'object' && value !== null && 'StartAt' in value && 'States' in value,
);

/**
 * Reads a definition from `statemachines/` as it is deployed, and makes it run here: references to resources of
 * the stack become names, and time-outs longer than a timer of Node are cut to the longest one.
 */
export async function loadDefinition(name: 'migrate' | 'drain'): Promise<StateMachineDefinition> {
  const text = await readFile(new URL(`../statemachines/${name}.asl.yaml`, import.meta.url), 'utf8');
  return Definition.parse(runnable(parse(text)));
}

function runnable(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(runnable);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value);
  const [first] = entries;
  if (entries.length === 1 && first !== undefined && isReference(first[0])) return nameFor(...first);
  return Object.fromEntries(
    entries.map(([field, inner]) => [
      field,
      field === 'TimeoutSeconds' && typeof inner === 'number'
        ? Math.min(inner, longestTimerSeconds)
        : runnable(inner),
    ]),
  );
}

function isReference(field: string): boolean {
  return field === 'Ref' || field.startsWith('Fn::');
}

/**
 * A name in place of a reference: nothing on this machine looks it up. A choice takes the branch of a stack that
 * is deployed without parameters, which is the first one.
 */
function nameFor(reference: string, target: unknown): unknown {
  if (reference === 'Ref') return `local:${String(target)}`;
  if (Array.isArray(target)) {
    const [first, second] = target;
    if (reference === 'Fn::GetAtt') return `arn:aws:lambda:us-east-1:000000000000:function:${String(first)}`;
    if (reference === 'Fn::If') return runnable(second);
    if (reference === 'Fn::Join') return z.array(z.string()).parse(runnable(second)).join(String(first));
  }
  throw new Error(
    `the definition refers to the stack by ${reference}, which this machine cannot stand in for`,
  );
}
