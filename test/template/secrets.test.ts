import { describe, expect, it } from 'vitest';
import { isPlaceholder } from '../../core/placeholder.ts';
import { deploy } from './deployed.ts';
import { fullParameters, fullStack, plainStack } from './package-stack.ts';

const plain = deploy(await plainStack());
const full = deploy(await fullStack());
const secretsOf = (stack: typeof plain) =>
  stack.logicalIds('AWS::SecretsManager::Secret').map((id) => stack.properties(id));

describe('the secrets', () => {
  it.each([plain, full])('are the source’s four, under the prefix of stage $stage', (stack) => {
    expect(secretsOf(stack).map(({ Name }) => Name)).toEqual(
      ['source_access_key', 'source_secret_key', 'source_endpoint', 'source_rclone_config'].map(
        (name) => `/drover/${stack.stage}/migration/${name}`,
      ),
    );
  });

  it.each([plain, full])('hold placeholders that Validate refuses, in stage $stage', (stack) => {
    for (const { SecretString } of secretsOf(stack)) expect(isPlaceholder(String(SecretString))).toBe(true);
  });

  it('are found by every part of the stack under that prefix', () => {
    for (const stack of [plain, full]) {
      const prefix = `/drover/${stack.stage}`;
      const told = [
        ...stack.logicalIds('AWS::Lambda::Function'),
        'ListerTaskDefinition',
        'WorkerLaunchTemplate',
      ];
      for (const id of told)
        expect([id, JSON.stringify(stack.properties(id))]).toEqual([
          id,
          expect.stringMatching(new RegExp(`SECRET_PREFIX"?(:"|","Value":"|=)${prefix}["\\\\]`)),
        ]);
    }
  });

  it('are encrypted under the key that is given, else under AWS’s own', () => {
    for (const { KmsKeyId } of secretsOf(full)) expect(KmsKeyId).toBe(fullParameters.kmsKeyArn);
    for (const secret of secretsOf(plain)) expect(secret['KmsKeyId']).toBeUndefined();
  });
});
