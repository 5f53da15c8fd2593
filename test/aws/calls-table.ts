import type { AwsCall } from './aws-call.ts';

const opening = `import type { AwsCall } from './aws-call.ts';

/**
 * Every AWS call that a role's code made in a whole migration on moto, as IAM names it, on resources by their logical
 * ids in the template; \`/*\` = any object of a bucket, \`destination-bucket\` = the request's. Written by
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
    .map(({ service, action, resource }) => ({ service, action, resource: logical(resource) }))
    .map((call) => Object.entries(call).map(([field, text]) => `${field}: '${text}'`))
    .sort();
  const [only = []] = rows;
  if (rows.length === 1) return `  ${role}: [{ ${only.join(', ')} }],\n`;
  return `  ${role}: [\n${rows.map(row).join('')}  ],\n`;
}

/** A call on one line, or on one for each field where that would be too long, as the formatter has it. */
function row(fields: readonly string[]): string {
  const line = `    { ${fields.join(', ')} },\n`;
  if (line.length <= lineWidth + 1) return line;
  return `    {\n${fields.map((field) => `      ${field},\n`).join('')}    },\n`;
}

/** Characters of a line, as biome.json has it. */
const lineWidth = 110;
