import { z } from 'zod';
import type { DeployedStack } from './deployed.ts';

const texts = z
  .union([z.string(), z.array(z.string())])
  .transform((value) => (typeof value === 'string' ? [value] : value));

const Statement = z.strictObject({
  Effect: z.literal('Allow'),
  Action: texts,
  Resource: texts,
  Condition: z.record(z.string(), z.record(z.string(), texts)).default({}),
});
export type Statement = z.infer<typeof Statement>;

const Role = z.object({
  AssumeRolePolicyDocument: z.object({
    Statement: z.array(
      z.object({ Effect: z.literal('Allow'), Principal: z.object({ Service: z.string() }) }),
    ),
  }),
  ManagedPolicyArns: z.array(z.string()).default([]),
  Policies: z.array(z.object({ PolicyDocument: z.object({ Statement: z.array(Statement) }) })),
});

/** What a role allows, statement by statement; who may take it on; what it has of AWS's own policies. */
export function roleOf(
  stack: DeployedStack,
  logicalId: string,
): { statements: Statement[]; principals: string[]; managed: string[] } {
  const role = Role.parse(stack.properties(logicalId));
  return {
    statements: role.Policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement),
    principals: role.AssumeRolePolicyDocument.Statement.map(({ Principal }) => Principal.Service),
    managed: role.ManagedPolicyArns,
  };
}

/** A call as IAM sees it; `context` holds the condition keys that come with it. */
export type Request = { action: string; resource: string; context: Record<string, string> };

/** Whether a statement allows the call. IAM's operators that occur here; another one throws. */
export function allows(statement: Statement, { action, resource, context }: Request): boolean {
  return (
    statement.Action.includes(action) &&
    statement.Resource.some((pattern) => matches(pattern, resource)) &&
    Object.entries(statement.Condition).every(([operator, keys]) =>
      Object.entries(keys).every(([key, wanted]) => {
        const given = context[key];
        if (given === undefined) return false;
        if (operator === 'StringEquals') return wanted.includes(given);
        if (operator === 'StringLike' || operator === 'ArnEquals')
          return wanted.some((pattern) => matches(pattern, given));
        throw new Error(`${operator} is not known here`);
      }),
    )
  );
}

/** IAM's wildcards: `*` for any text, `?` for one character. */
export function matches(pattern: string, text: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, 's').test(text);
}
