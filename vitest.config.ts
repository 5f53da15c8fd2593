import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: [
      // The tests of the deployed stack against moto are being built: npm run test:stack.
      ...(process.env['DROVER_STACK_TESTS'] === undefined ? ['test/aws/**'] : []),
      // Needs SeaweedFS and moto, and takes minutes: npm run test:servers.
      ...(process.env['DROVER_SERVER_TESTS'] === undefined ? ['test/servers/**'] : []),
    ],
    reporters: ['default', './test/support/closing-line.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
