import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 120_000,
    tags: [
      { name: 'long', description: 'left out of `npm test`, run by `npm run test:long`', timeout: 600_000 },
    ],
    // All processors: by default one stays idle, which on two is half.
    maxWorkers: '100%',
  },
});
