import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';

const text = readFileSync(new URL('../../resources/images.yml', import.meta.url), 'utf8');
const Template = z.object({
  Resources: z.record(
    z.string(),
    z.object({ Type: z.literal('AWS::ECR::Repository'), Properties: z.record(z.string(), z.unknown()) }),
  ),
  Outputs: z.record(z.string(), z.object({ Value: z.unknown() })),
});
const { Resources: resources, Outputs: outputs } = Template.parse(parse(text));

describe('the image repositories', () => {
  it('are written out, since CloudFormation gets the file as it is and refuses anchors', () => {
    expect(text.split('\n').filter((line) => /(^|\s)[&*][a-zA-Z]|<<:/.test(line.replace(/#.*/, '')))).toEqual(
      [],
    );
  });

  it('are the same but for their names, which say service and stage', () => {
    const { ListerRepository: lister, WorkerRepository: worker } = resources;
    expect(Object.keys(resources)).toEqual(['ListerRepository', 'WorkerRepository']);
    const name = (part: string) => ({ 'Fn::Sub': `\${Service}-\${Stage}/${part}` });
    expect(lister?.Properties['RepositoryName']).toEqual(name('lister'));
    expect(worker?.Properties).toEqual({ ...lister?.Properties, RepositoryName: name('worker') });
  });

  it('never let a tag mean something else, scan what comes in, and forget what is old', () => {
    const policy = z.object({ LifecyclePolicyText: z.string() });
    for (const { Properties } of Object.values(resources)) {
      expect(Properties).toMatchObject({
        ImageTagMutability: 'IMMUTABLE',
        ImageScanningConfiguration: { ScanOnPush: true },
        EmptyOnDelete: true,
      });
      const { rules } = JSON.parse(policy.parse(Properties['LifecyclePolicy']).LifecyclePolicyText);
      expect(rules).toEqual([expect.objectContaining({ action: { type: 'expire' } })]);
    }
  });

  it('are given to the plugin by the names of the containers', () => {
    expect(outputs).toEqual({
      lister: { Value: { 'Fn::GetAtt': ['ListerRepository', 'RepositoryUri'] } },
      worker: { Value: { 'Fn::GetAtt': ['WorkerRepository', 'RepositoryUri'] } },
    });
  });
});
