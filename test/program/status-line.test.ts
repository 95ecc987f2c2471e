import { expect, it, onTestFinished } from "vitest";
import { showStatus, statusLine } from "../../program/status-line.ts";

const alarms = ["missed", "quarantined", "dropped"];
const quiet = { frames: 9896, records: 9896, rows: 10_090, lag: 844, missed: 0, quarantined: 0, dropped: 0 };
const big = {
  frames: 12_345_678,
  records: 12_345_678,
  rows: 24_691_356,
  lag: 100_844,
  missed: 12,
  quarantined: 3,
  dropped: 0,
};
const loud = { ...big, missed: 123_456, dropped: 7 };

it.each([
  [quiet, 120, "frames 9,896 (1,979/s) · records 9,896 · rows 10,090 · lag 844 · missed 0 · quarantined 0 · dropped 0"],
  [quiet, 80, "frames 9,896 (1,979/s) · records 9,896 · rows 10,090 · lag 844"],
  [
    big,
    115,
    "frames 12,345,678 (1,979/s) · records 12,345,678 · rows 24,691,356 · lag 100,844 · missed 12 · quarantined 3",
  ],
  [big, 100, "frames 12,345,678 · records 12,345,678 · rows 24,691,356 · lag 100,844 · missed 12 · quarantined 3"],
  [big, 80, "frames 12.3M · records 12.3M · rows 24.7M · missed 12 · quarantined 3"],
  [big, 40, "frames 12.3M · missed 12 · quarantined 3"],
  [loud, 80, "frames 12.3M · records 12.3M · missed 123.5K · quarantined 3 · dropped 7"],
  [loud, 40, "miss 123.5K · quar 3 · drop 7"],
])("%o in %i columns", (figures, columns, line) => {
  expect(statusLine(figures, 1979, alarms, columns)).toBe(line);
});

it.each([40, 80, undefined])("a live line fits a terminal of %s columns, with its alarms", async (columns) => {
  const written: string[] = [];
  await new Promise<void>((resolve) => {
    const write = (text: string) => {
      written.push(text);
      resolve();
    };
    const out = { isTTY: true, columns, write } as unknown as NodeJS.WriteStream;
    const status = showStatus(() => loud, alarms, out);
    onTestFinished(() => status.stop());
  });
  const [start, line = ""] = written[0]!.split("[K");
  expect(start).toBe("\r\u001b");
  expect(line).toMatch(/miss.*123.5K.*quar.*3.*drop.*7$/);
  expect(line.length).toBeLessThan(columns ?? 80);
});
