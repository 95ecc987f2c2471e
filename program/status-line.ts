/** A command at work: a live status line on a terminal, a line every few seconds elsewhere. */
import { count } from "./forms.ts";
import type { Logger } from "./logger.ts";

export interface Status {
  stop(): void;
}

/**
 * Shows figures by name; the first is shown with its rate too. Those of `alarms` stay on the line, however narrow the terminal,
 * unless they are zero. With `log` figures go there off a terminal, as fields.
 */
export function showStatus(
  read: () => Readonly<Record<string, number>>,
  alarms: readonly string[],
  out: NodeJS.WriteStream,
  log?: Logger,
): Status {
  let last = 0;
  let at = performance.now();
  const draw = () => {
    const figures = read();
    const now = performance.now();
    const [[first, value]] = Object.entries(figures) as [[string, number]];
    const rate = Math.round(((value - last) / (now - at)) * 1000);
    last = value;
    at = now;
    if (out.isTTY) out.write(`\r\u001b[K${statusLine(figures, rate, alarms, (out.columns || 80) - 1)}`);
    else if (log === undefined) out.write(`${statusLine(figures, rate, alarms, Infinity)}\n`);
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

const short = (value: number) => value.toLocaleString("en-US", { notation: "compact", maximumFractionDigits: 1 });

/**
 * The figures in at most `width` columns. What is left out for that, in this order: zeros, the rate, digits, the figures that are
 * no alarms from the last to the first, and the ends of the alarms' names.
 */
export function statusLine(
  figures: Readonly<Record<string, number>>,
  rate: number,
  alarms: readonly string[],
  width: number,
): string {
  const all = Object.entries(figures);
  const first = all[0]?.[0];
  const some = all.filter(([name, value]) => name === first || value !== 0);
  const show = (entries: typeof all, format: (value: number) => string, withRate: boolean, letters?: number) =>
    entries
      .map(
        ([name, value]) =>
          `${name.slice(0, letters)} ${format(value)}${withRate && name === first ? ` (${count(rate)}/s)` : ""}`,
      )
      .join(" · ");
  const isAlarm = ([name]: [string, number]) => alarms.includes(name);
  const others = some.filter((entry) => !isAlarm(entry));
  const fewer = others.map((_, i) =>
    some.filter((entry) => isAlarm(entry) || others.indexOf(entry) < others.length - i),
  );
  const left = some.filter((entry) => isAlarm(entry));
  const lines = [show(all, count, true), show(some, count, true), show(some, count, false)];
  lines.push(...[...fewer, left].map((entries) => show(entries, short, false)), show(left, short, false, 4));
  return lines.find((line) => line.length <= width) ?? lines.at(-1)!.slice(0, width);
}
