import { z } from 'zod';
import { deploy } from '../template/deployed.ts';
import type { PackagedStack } from '../template/package-stack.ts';
import { unsupportedResources } from './unsupported-resources.ts';

const Fields = z.record(z.string(), z.unknown());

/**
 * The packaged template in the words that moto's CloudFormation understands. Nothing is left out; two things are put
 * otherwise: references to resources that moto does not create are worked out beforehand, and names of Fn::Sub's own
 * variables begin with a letter, because moto's take no digit there (serverless-step-functions hashes them).
 */
export function templateForMoto(stack: PackagedStack, template: string): string {
  const worked = deploy(stack);
  const isMissing = (id: unknown): boolean =>
    typeof id === 'string' && Object.hasOwn(unsupportedResources, stack.template.Resources[id]?.Type ?? '');

  function walk(value: unknown): unknown {
    if (Array.isArray(value)) return value.map(walk);
    if (typeof value !== 'object' || value === null) return value;
    const { Ref, 'Fn::GetAtt': attribute, 'Fn::Sub': text } = Fields.parse(value);
    if (isMissing(Ref) || (Array.isArray(attribute) && isMissing(attribute[0]))) return worked.resolve(value);
    if (typeof text === 'string')
      return {
        'Fn::Sub': text.replace(/\$\{(\w+)(\.\w+)?\}/g, (reference, id: string) =>
          isMissing(id) ? String(worked.resolve({ 'Fn::Sub': reference })) : reference,
        ),
      };
    return Object.fromEntries(Object.entries(value).map(([field, inner]) => [field, walk(inner)]));
  }

  const parsed = Fields.parse(JSON.parse(template));
  const Resources = walk(parsed.Resources);
  return JSON.stringify({ ...parsed, Resources }).replace(/(["{])([0-9a-f]{32})(["}])/g, '$1v$2$3');
}
