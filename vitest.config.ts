import { availableParallelism } from "node:os";
import { defaultExclude, defineConfig } from "vitest/config";

/** What starts a JVM: Apache Kafka, a foreign Schema Registry. */
const real = "test/**/*.real.test.ts";

/** `npm test`; in the mode `real`, `npm run test:real`. */
export default defineConfig(({ mode }) => ({
  test: {
    include: [mode === "real" ? real : "test/**/*.test.ts"],
    exclude: mode === "real" ? defaultExclude : [...defaultExclude, real],
    globalSetup: "test/setup.ts",
    reporters: ["default", "./test/slowest.ts"],
    // They wait for processes and brokers more than they compute.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    // DuckDB and the spawned platforms share two cores.
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
}));
