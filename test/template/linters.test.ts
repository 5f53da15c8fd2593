import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { fullStack, type PackagedStack, plainStack } from './package-stack.ts';
import { describeWithStackLinters, linterFolder } from './stack-linters.ts';

const packaged = [await plainStack(), await fullStack()];
const images = new URL('../../resources/images.yml', import.meta.url).pathname;
const templateOf = ({ folder }: PackagedStack): string =>
  `${folder}/cloudformation-template-update-stack.json`;
const minutes = 60_000;

const Exceptions = z.array(
  z.strictObject({
    check: z.string(),
    says: z.string(),
    resources: z.array(z.string()).min(1),
    reason: z.string().min(40),
  }),
);
const exceptions = Exceptions.parse(
  parse(readFileSync(new URL('checkov-exceptions.yml', import.meta.url), 'utf8')),
);

function run(command: string, args: readonly string[]) {
  const { stdout, stderr, status } = spawnSync(join(linterFolder, command), args, {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 ** 2,
  });
  return { stdout, stderr, status };
}

/** Errors and warnings. Its remarks (I) are about style, most of them of what serverless writes. */
const cfnLint = (template: string) =>
  run('cfn-lint', ['--regions', 'us-east-1', 'eu-central-1', '--format', 'parseable', '--', template]);

const Findings = z.object({
  summary: z.object({ passed: z.number(), parsing_errors: z.literal(0) }),
  results: z.object({ failed_checks: z.array(z.object({ check_id: z.string(), resource: z.string() })) }),
});

/** What checkov finds, as `CHECK TYPE.LOGICAL_ID`. */
function checkov(...templates: string[]): { failed: string[]; passed: number } {
  // It would ask its maker's server for guidelines otherwise.
  const offline = ['--skip-download', '--framework', 'cloudformation', '--output', 'json'];
  const { stdout, stderr } = run('checkov', [...offline, '--file', ...templates]);
  const { summary, results } = Findings.parse(JSON.parse(stdout === '' ? `"${stderr}"` : stdout));
  const failed = results.failed_checks.map(({ check_id: check, resource }) => `${check} ${resource}`);
  return { failed, passed: summary.passed };
}

const isExcepted = (finding: string) =>
  exceptions.some(({ check, resources }) =>
    resources.some((pattern) => {
      const [id = '', resource = ''] = finding.split(' ');
      return id === check && new RegExp(pattern).test(resource);
    }),
  );

describeWithStackLinters('the packaged template', () => {
  it.each(packaged)('of stage $stage passes cfn-lint without a word', { timeout: 2 * minutes }, (stack) => {
    expect(cfnLint(templateOf(stack))).toEqual({ stdout: '', stderr: '', status: 0 });
  });

  it('of the image repositories passes cfn-lint too', { timeout: 2 * minutes }, () => {
    expect(cfnLint(images)).toEqual({ stdout: '', stderr: '', status: 0 });
  });

  it.each(packaged)(
    'of stage $stage, with the image repositories, passes checkov but for what is excepted by name',
    { timeout: 2 * minutes },
    (stack) => {
      const { failed, passed } = checkov(templateOf(stack), images);
      expect(failed.filter((finding) => !isExcepted(finding))).toEqual([]);
      expect(passed).toBeGreaterThan(50);
      const idle = exceptions.flatMap(({ check, resources }) =>
        resources
          .filter(
            (pattern) =>
              !failed.some(
                (finding) =>
                  finding.startsWith(`${check} `) &&
                  new RegExp(pattern).test(finding.slice(check.length + 1)),
              ),
          )
          .map((pattern) => `${check} ${pattern}`),
      );
      expect(idle).toEqual([]);
    },
  );

  it('is looked at by eyes that see', { timeout: 2 * minutes }, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'drover-lint-'));
    const template = join(folder, 'template.json');
    const { template: right } = packaged[0] ?? (await plainStack());
    const broken = structuredClone(right.Resources);
    const [queue, bucket] = [broken['WorkQueue'], broken['JobStoreBucket']];
    if (queue === undefined || bucket === undefined)
      throw new Error('the template has no queue or no bucket');
    queue.Properties['MessageRetentionPeriod'] = 99_999_999;
    bucket.Properties['PublicAccessBlockConfiguration'] = {};
    await writeFile(template, JSON.stringify({ ...right, Resources: broken }));
    expect(cfnLint(template).stdout).toMatch(/99999999 is greater than/);
    expect(checkov(template).failed).toContain('CKV_AWS_53 AWS::S3::Bucket.JobStoreBucket');
    await rm(folder, { recursive: true });
  });
});
