import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: [
      // The stack on moto and its linters take a minute each: npm run test:aws.
      ...(process.env['DROVER_STACK_TESTS'] === undefined
        ? ['test/aws/**', 'test/template/linters.test.ts']
        : []),
      // Needs SeaweedFS and moto, and takes minutes: npm run test:servers.
      ...(process.env['DROVER_SERVER_TESTS'] === undefined ? ['test/servers/**'] : []),
    ],
    reporters: ['default', './test/support/closing-line.ts'],
    // Most tests that last wait for processes, leases and servers: more of them than cores get on side by side.
    maxWorkers: 4,
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
