import type { AwsCall } from './aws-call.ts';
import { logicalResource } from './stack-on-moto.ts';

const opening = `import type { AwsCall } from './aws-call.ts';

/**
 * Every AWS call that a role's code makes, as IAM names it, on resources by their logical ids in the template;
 * \`/*\` = the objects of a bucket. Written by migration.test.ts from what it records, never by hand. What KMS keys
 * ask for on top follows from the resources that are encrypted.
 */
export const callsByRole: Readonly<Record<string, readonly AwsCall[]>> = {
`;

/** The recorded calls as the source of calls-by-role.ts. */
export function tableOf(recorded: ReadonlyMap<string, readonly AwsCall[]>): string {
  const roles = [...recorded].sort(([a], [b]) => (a < b ? -1 : 1));
  return `${opening}${roles.map(([role, calls]) => entry(role, calls.map(row))).join('')}};\n`;
}

function entry(role: string, rows: readonly string[]): string {
  return rows.length === 1
    ? `  ${role}: [${rows[0]}],\n`
    : `  ${role}: [\n${rows.map((one) => `    ${one},\n`).join('')}  ],\n`;
}

function row({ service, action, resource }: AwsCall): string {
  return `{ service: '${service}', action: '${action}', resource: '${logicalResource(resource)}' }`;
}
