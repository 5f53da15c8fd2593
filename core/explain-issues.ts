import type { z } from 'zod';

type Issue = z.core.$ZodIssue;

/**
 * Zod's issues as lines a person acts on: the field as a path, the value that was found, the mend.
 * Values are quoted, shortened to 60 characters, since these lines travel into reports and events: not where the
 * field's name says that a secret was written in the wrong place, and URLs without their credentials.
 */
export function explainIssues(issues: readonly Issue[], input: unknown): string {
  return issues.flatMap((issue) => explain(issue, input)).join('\n');
}

function explain(issue: Issue, input: unknown): string[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => {
      const path = [...issue.path, key];
      const value = valueAt(input, path);
      const found = isSecret(path, value) ? notShown : `found ${shown(value)}`;
      return `${fieldName(path)} is not a field of the request (${found}). Remove it or mend its spelling.`;
    });
  }
  if (issue.code === 'invalid_key') {
    const mends = issue.issues.map(mend).join(' and ');
    const record = fieldName(issue.path.slice(0, -1));
    return [`${record} has a name that does not fit: ${shown(issue.path.at(-1))} ${mends}.`];
  }
  const value = valueAt(input, issue.path);
  if (value === undefined) return [`${fieldName(issue.path)} is missing. Add it: it ${mend(issue)}.`];
  if (isSecret(issue.path, value))
    return [`${fieldName(issue.path)} does not fit (${notShown}): it ${mend(issue)}.`];
  return [`${fieldName(issue.path)} is ${shown(value)}, but ${mend(issue)}.`];
}

const notShown = 'its value is not shown: it may be a secret';

function isSecret(path: readonly PropertyKey[], value: unknown): boolean {
  return (
    (typeof value === 'string' || typeof value === 'object') &&
    value !== null &&
    /secret|passw|token|credential|access_?key/i.test(String(path.at(-1)))
  );
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
  const text = (JSON.stringify(value) ?? String(value)).replace(/\/\/[^/"]*@/g, '//…@');
  return text.length <= 60 ? text : `${text.slice(0, 57)}…`;
}
