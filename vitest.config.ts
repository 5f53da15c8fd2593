import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // The deployed stack is being built; its tests need moto and a packaged template: npm run test:stack.
    exclude: [
      ...(process.env['DROVER_STACK_TESTS'] === undefined ? ['test/aws/**', 'test/template/**'] : []),
      // Needs SeaweedFS and moto, and takes minutes: npm run test:servers.
      ...(process.env['DROVER_SERVER_TESTS'] === undefined ? ['test/servers/**'] : []),
    ],
    reporters: ['default', './test/support/closing-line.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
