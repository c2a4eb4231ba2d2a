/** Options of a test that `npm test` leaves to `npm run test:long`, see vitest.config.ts. */
export const LONG = { tags: ['long'] };
