import type { AwsCall } from './aws-call.ts';

const opening = `import type { AwsCall } from './aws-call.ts';

/**
 * Every AWS call that a role's code made in a whole migration on moto, as IAM names it, on resources by their logical
 * ids in the template; \`/*\` = the objects of a bucket, \`destination-bucket\` = the request's. Written by
 * migration.test.ts (\`npx vitest run test/aws/migration.test.ts -u\`), never by hand. What KMS keys ask for on top
 * follows from the resources that are encrypted.
 */
export const callsByRole: Readonly<Record<string, readonly AwsCall[]>> = {
`;

/** The recorded calls as the source of calls-by-role.ts. */
export function tableOf(
  recorded: ReadonlyMap<string, readonly AwsCall[]>,
  logical: (resource: string) => string,
): string {
  const roles = [...recorded].sort(([a], [b]) => (a < b ? -1 : 1));
  return `${opening}${roles.map(([role, calls]) => entry(role, calls, logical)).join('')}};\n`;
}

function entry(role: string, calls: readonly AwsCall[], logical: (resource: string) => string): string {
  const rows = calls
    .map(({ service, action, resource }) => [service, action, logical(resource)] as const)
    .map(([service, action, on]) => `{ service: '${service}', action: '${action}', resource: '${on}' }`)
    .sort();
  return rows.length === 1
    ? `  ${role}: [${rows[0]}],\n`
    : `  ${role}: [\n${rows.map((one) => `    ${one},\n`).join('')}  ],\n`;
}
