import { describe, expect, it } from 'vitest';
import { loadDefinition } from '../../local/load-definition.ts';
import { type Fields, isFields, readDefinition } from '../support/definitions.ts';

/** Every value at a path such as `States.Validate.TimeoutSeconds`. */
function leaves(value: unknown, path = ''): [string, unknown][] {
  if (Array.isArray(value)) return value.flatMap((inner, index) => leaves(inner, `${path}[${index}]`));
  if (!isFields(value)) return [[path, value]];
  return Object.entries(value).flatMap(([field, inner]) =>
    leaves(inner, path === '' ? field : `${path}.${field}`),
  );
}
const isReference = (path: string) => /\.Ref$|\.Fn::/.test(path);

describe.each(['migrate', 'drain'] as const)('%s', (name) => {
  it('runs here as it is deployed, but for names of resources and time-outs longer than a timer', async () => {
    const deployed = new Map(leaves(readDefinition(name).fields));
    const changed = leaves(await loadDefinition(name)).filter(
      ([path, value]) => deployed.get(path) !== value,
    );
    for (const [path, value] of changed) {
      const from = deployed.get(path);
      if (path.endsWith('TimeoutSeconds'))
        expect([Number(from) > 2_147_483, value]).toEqual([true, 2_147_483]);
      else
        expect(value).toMatch(
          /^(arn:aws:lambda:us-east-1:000000000000:function:\w+LambdaFunction|local:[\w",:]+|ENABLED)$/,
        );
    }
    const lost = [...deployed.keys()].filter((path) => !isReference(path));
    expect(lost.length).toBeGreaterThan(20);
    const kept = new Set(leaves(await loadDefinition(name)).map(([path]) => path));
    expect(lost.filter((path) => !kept.has(path))).toEqual([]);
  });

  it('holds no time-out that a timer of Node would run at once', async () => {
    const timeouts = leaves(await loadDefinition(name)).filter(([path]) => path.endsWith('TimeoutSeconds'));
    expect(timeouts.length).toBeGreaterThan(1);
    for (const [, seconds] of timeouts) expect(Number(seconds) * 1000).toBeLessThan(2 ** 31);
  });

  it('holds no reference to a stack that is not there', async () => {
    const fields: Fields = { definition: await loadDefinition(name) };
    expect(leaves(fields).filter(([path]) => isReference(path))).toEqual([]);
  });
});
