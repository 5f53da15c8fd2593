import { describe, expect, it } from 'vitest';
import { bundleSizes } from '../../bench/bundle-sizes.ts';
import { deploy } from './deployed.ts';
import { plainStack } from './package-stack.ts';

const stack = await plainStack();
const sizes = await bundleSizes(stack.folder);

/** A cold start grows with what it loads; the AWS SDK as a whole would be tens of MiB. Of undici they hold the pool of connections only, loaded when a bucket is asked. */
const most = { zippedBytes: 576 * 1024, unzippedBytes: 1792 * 1024 };

describe('the bundle of', () => {
  it.each(sizes)('$name is small', ({ zippedBytes, unzippedBytes }) => {
    expect(zippedBytes).toBeGreaterThan(10_000);
    expect(zippedBytes).toBeLessThan(most.zippedBytes);
    expect(unzippedBytes).toBeGreaterThan(zippedBytes);
    expect(unzippedBytes).toBeLessThan(most.unzippedBytes);
  });

  it('every function of the stack is among them', () => {
    const functions = deploy(stack).logicalIds('AWS::Lambda::Function');
    const lower = (id: string) =>
      id.replace('LambdaFunction', '').replace(/^./, (first) => first.toLowerCase());
    expect(sizes.map(({ name }) => name)).toEqual(functions.map(lower).sort());
  });
});
