/** One line that shows the platform at work: in place on a terminal, a line every few seconds elsewhere. */
import type { Platform } from "./platform.ts";

export interface Status {
  stop(): void;
}

export function showStatus(platform: Platform, out: NodeJS.WriteStream): Status {
  let frames = 0;
  let at = performance.now();
  const draw = () => {
    const now = performance.now();
    const rate = ((platform.counters.frames - frames) / (now - at)) * 1000;
    frames = platform.counters.frames;
    at = now;
    const line = statusLine(platform, rate);
    out.write(out.isTTY ? `\r\u001b[K${line.slice(0, out.columns - 1)}` : `${line}\n`);
  };
  const timer = setInterval(draw, out.isTTY ? 500 : 5000);
  return {
    stop() {
      clearInterval(timer);
      if (out.isTTY) out.write("\r\u001b[K");
    },
  };
}

function statusLine({ counters, rows, lag }: Platform, rate: number): string {
  const count = (value: number) => Math.round(value).toLocaleString("en-US");
  const parts = [
    `frames ${count(counters.frames)} (${count(rate)}/s)`,
    `records ${count(counters.records)}`,
    `rows ${count(rows)}`,
    `lag ${count(lag)}`,
    `quarantined ${count(counters.quarantined)}`,
  ];
  return parts.join(" · ");
}

/** What a run did, for when it is over. */
export function summary({ counters, rows, known }: Platform, seconds: number): string {
  const control = Object.entries(counters.control).map(([type, count]) => `${count} ${type}`);
  const lines: [string, number, string?][] = [
    ["frames", counters.frames, `in ${seconds.toFixed(1)} s`],
    ["events", counters.events, "became records"],
    ["control", control.length === 0 ? 0 : Object.values(counters.control).reduce((a, b) => a + b), control.join(", ")],
    ["quarantined", counters.quarantined, counters.quarantined > 0 ? "npm run sql -- run quarantine" : ""],
    ["untimed", counters.untimed, counters.untimed > 0 ? "events without a usable time have the receive time" : ""],
    ["extra", counters.extra, counters.extra > 0 ? "events with members that travel in `extra`" : ""],
    ["known", known, known > 0 ? "records that an earlier run of the same recording had stored" : ""],
    ["rows", rows, "added to the tables"],
  ];
  const width = Math.max(...lines.map(([, count]) => count.toLocaleString("en-US").length));
  return lines
    .map(([name, count, note = ""]) =>
      `${name.padEnd(12)} ${count.toLocaleString("en-US").padStart(width)}  ${note}`.trimEnd(),
    )
    .join("\n");
}
