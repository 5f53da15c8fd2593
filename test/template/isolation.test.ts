import { describe, expect, it } from 'vitest';
import { type DeployedStack, deploy, isName } from './deployed.ts';
import { fullStack, plainStack } from './package-stack.ts';

const dev = deploy(await plainStack());
const prod = deploy(await fullStack());

/** Every name that a stack gives to something of its own, as `type name`. */
function namesOf(stack: DeployedStack): string[] {
  return stack.logicalIds().flatMap((id) => {
    const { Type, properties } = stack.resource(id);
    const given = Object.entries(properties).filter(([field]) => isName(field));
    return given.map(([, name]) => `${Type} ${String(name)}`);
  });
}

describe('two stages in one account', () => {
  it('give every resource that has a name one with the stage in it', () => {
    for (const stack of [dev, prod]) {
      const names = namesOf(stack);
      expect(names.length).toBeGreaterThan(30);
      expect(names.filter((name) => !new RegExp(`\\b${stack.stage}\\b`).test(name))).toEqual([]);
    }
  });

  it('have no name in common', () => {
    const taken = new Set(namesOf(dev));
    expect(namesOf(prod).filter((name) => taken.has(name))).toEqual([]);
  });

  it('never speak of each other', () => {
    const everything = (stack: DeployedStack) =>
      stack.logicalIds().map((id) => [id, JSON.stringify(stack.resource(id))] as const);
    const speaking = (stack: DeployedStack, other: string) =>
      everything(stack).filter(([, text]) => new RegExp(`\\b${other}\\b`).test(text));
    expect(speaking(dev, 'prod')).toEqual([]);
    expect(speaking(prod, 'dev').filter(([, text]) => !/\/dev\/(xvda|null)/.test(text))).toEqual([]);
  });

  it('export their outputs under names of their own', async () => {
    const names = await Promise.all(
      [plainStack(), fullStack()].map(async (stack) =>
        [...JSON.stringify((await stack).template.Outputs).matchAll(/"Export":\{"Name":"([^"]+)"/g)].map(
          ([, name]) => name,
        ),
      ),
    );
    expect(names[0]).toHaveLength(3);
    expect(names.flat().length).toBe(new Set(names.flat()).size);
  });
});
