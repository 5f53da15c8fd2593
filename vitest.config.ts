import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // The tests of the deployed stack against moto are being built: npm run test:stack.
    exclude: process.env['DROVER_STACK_TESTS'] === undefined ? ['test/aws/**'] : [],
    reporters: ['default', './test/support/closing-line.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
