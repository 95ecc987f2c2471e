/** A reporter that prints the ten slowest tests of a run. */
import { relative } from "node:path";
import type { Reporter, TestCase } from "vitest/node";

const seconds = (ms: number) => `${(ms / 1000).toFixed(1).padStart(7)} s`;

export default class Slowest implements Reporter {
  readonly #tests: { readonly ms: number; readonly name: string }[] = [];

  onTestCaseResult(test: TestCase): void {
    const file = relative(process.cwd(), test.module.moduleId);
    this.#tests.push({ ms: test.diagnostic()?.duration ?? 0, name: `${file} > ${test.fullName}` });
  }

  onTestRunEnd(): void {
    const slowest = this.#tests.toSorted((a, b) => b.ms - a.ms).slice(0, 10);
    if (this.#tests.length > slowest.length)
      process.stdout.write(
        `\nThe slowest ten:\n${slowest.map(({ ms, name }) => `${seconds(ms)}  ${name}\n`).join("")}`,
      );
  }
}
