import type { z } from 'zod';

type Issue = z.core.$ZodIssue;

/**
 * Zod's issues as lines a person acts on: the field as a path, the value that was found, the mend.
 * `input` is what was parsed; it must hold no secret, since values are quoted (shortened to 60 characters).
 */
export function explainIssues(issues: readonly Issue[], input: unknown): string {
  return issues.flatMap((issue) => explain(issue, input)).join('\n');
}

function explain(issue: Issue, input: unknown): string[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map(
      (key) =>
        `${fieldName([...issue.path, key])} is not a field of the request (found ${shown(valueAt(input, [...issue.path, key]))}). Remove it or mend its spelling.`,
    );
  }
  const value = valueAt(input, issue.path);
  if (value === undefined) return [`${fieldName(issue.path)} is missing. Add it: it ${mend(issue)}.`];
  return [`${fieldName(issue.path)} is ${shown(value)}, but ${mend(issue)}.`];
}

function mend(issue: Issue): string {
  if (issue.code === 'invalid_type' && !/^must /.test(issue.message)) {
    const names: Record<string, string> = {
      int: 'a whole number',
      number: 'a number',
      string: 'text in quotes',
      object: 'an object { … }',
      array: 'a list [ … ]',
      record: 'an object { … }',
    };
    return `must be ${names[issue.expected] ?? issue.expected}`;
  }
  if (issue.code === 'too_small' && !/^must /.test(issue.message))
    return `must be at least ${issue.minimum}${issue.origin === 'string' ? ' character long' : ''}`;
  if (issue.code === 'too_big' && !/^must /.test(issue.message))
    return `must be at most ${issue.maximum}${issue.origin === 'string' ? ' characters long' : ''}`;
  return issue.message;
}

function fieldName(path: readonly PropertyKey[]): string {
  const name = path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join('');
  return name === '' ? 'the request' : name.replace(/^\./, '');
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  let value = input;
  for (const part of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = Reflect.get(value, part);
  }
  return value;
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length <= 60 ? text : `${text.slice(0, 57)}…`;
}
