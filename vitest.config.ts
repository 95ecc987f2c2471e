import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: "test/setup.ts",
    // They wait for processes and brokers more than they compute.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    // DuckDB and the spawned platforms share two cores.
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
