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
    const show = (shown: readonly [string, number][]) =>
      shown
        .map(
          ([name, value]) =>
            `${name} ${value.toLocaleString("en-US")}${name === first ? ` (${rate.toLocaleString("en-US")}/s)` : ""}`,
        )
        .join(" · ");
    const all = Object.entries(figures);
    if (out.isTTY) {
      const width = (out.columns || 80) - 1;
      const whole = show(all);
      // Where it is too long, what is zero is no news.
      const line = whole.length <= width ? whole : show(all.filter(([name, value]) => name === first || value !== 0));
      out.write(`\r\u001b[K${line.slice(0, width)}`);
    } else if (log === undefined) out.write(`${show(all)}\n`);
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
