import { defineConfig } from "vitest/config";

// `npm test` runs the unit tests. The tests of the browser need a host: `cargo xtask test` starts
// one and sets ACCRUE_API, ACCRUE_ADMIN and ACCRUE_KEY.
const browser = process.env.ACCRUE_KEY !== undefined;

export default defineConfig({
  test: {
    include: [browser ? "tests/browser/**/*.test.ts" : "tests/unit/**/*.test.ts"],
    testTimeout: browser ? 120_000 : 5_000,
    hookTimeout: 120_000,
    fileParallelism: !browser,
    // What is looked at until it holds may be slow on a busy machine; a second is the default.
    expect: { poll: { timeout: browser ? 20_000 : 1_000 } },
    // A browser beside a busy host may miss one of two hundred steps. The report names each retry.
    retry: browser ? 1 : 0,
  },
});
