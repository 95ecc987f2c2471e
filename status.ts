/** A command at work: one line that lives on a terminal, a line every few seconds elsewhere. */
import type { Logger } from "./logger.ts";

export interface Status {
  stop(): void;
}

/** Shows figures by name; the first is shown with its rate too. With `log` it gets them off a terminal, as fields. */
export function showStatus(read: () => Record<string, number>, out: NodeJS.WriteStream, log?: Logger): Status {
  let last = 0;
  let at = performance.now();
  const draw = () => {
    const figures = read();
    const now = performance.now();
    const [[first, count]] = Object.entries(figures) as [[string, number]];
    const rate = Math.round(((count - last) / (now - at)) * 1000);
    last = count;
    at = now;
    const line = Object.entries(figures)
      .map(
        ([name, value]) =>
          `${name} ${value.toLocaleString("en-US")}${name === first ? ` (${rate.toLocaleString("en-US")}/s)` : ""}`,
      )
      .join(" · ");
    if (out.isTTY) out.write(`\r\u001b[K${line.slice(0, out.columns - 1)}`);
    else if (log === undefined) out.write(`${line}\n`);
    else log("info", "running", { ...figures, [`${first}_per_s`]: rate });
  };
  const timer = setInterval(draw, out.isTTY ? 500 : 5000);
  return {
    stop() {
      clearInterval(timer);
      if (out.isTTY) out.write("\r\u001b[K");
    },
  };
}
