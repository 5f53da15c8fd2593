import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // The deployed stack on moto takes a minute of its own: npm run test:aws.
    exclude: process.env['DROVER_STACK_TESTS'] === undefined ? ['test/aws/**'] : [],
    reporters: ['default', './test/support/closing-line.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
