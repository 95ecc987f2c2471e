/** What a run of the platform has done: while it runs, and when it is over. */
import { count } from "../program/forms.ts";
import type { Continuity } from "../producer/coinbase/continuity.ts";
import { droppedLines } from "./dropped-file.ts";
import type { Platform } from "./platform.ts";

/** Those of the status line that are zero as long as all is well. */
export const alarms = ["missed", "quarantined", "dropped"];

/** The figures of the status line. */
export function figures({ counters, rows, lag, continuity, dropped }: Platform): Record<string, number> {
  const { frames, records, quarantined } = counters;
  const missed = continuity && { missed: continuity.missed };
  return { frames, records, rows, lag, ...missed, quarantined, dropped: dropped.total };
}

/** Lines that have their note also when they are zero. */
const always = new Set(["frames", "events", "rows", "missed"]);

/** What a run did, for when it is over. */
export function summary(platform: Platform, seconds: number, dataOption: string): string {
  const { counters, rows, known, conflicting, continuity, dropped } = platform;
  const control = Object.entries(counters.control).map(([type, frames]) => `${frames} ${type}`);
  const lines: [name: string, number: number, note: string][] = [
    ["frames", counters.frames, `in ${seconds.toFixed(1)} s`],
    ["events", counters.events, "became records"],
    ["control", Object.values(counters.control).reduce((a, b) => a + b, 0), control.join(", ")],
    ["quarantined", counters.quarantined, `npm run sql -- run quarantine${dataOption}`],
    ["untimed", counters.untimed, "events without a usable time have the receive time"],
    ["misdated", counters.misdated, "frames dated far ahead of their neighbours: their records take the time before"],
    ["extra", counters.extra, "events with undocumented members, kept in `extra`"],
    ["own", counters.own, "members of your own orders, dropped (COINBASE_OWN_FIELDS)"],
    ["known", known, "records that were stored before, or came twice: left out"],
    [
      "conflicting",
      conflicting,
      "events with the number of another event: kept; bars count them, candles one of each trade",
    ],
    ["rows", rows, "added to the tables"],
    ...droppedLines(dropped),
    ...(continuity === undefined ? [] : [missedLine(continuity)]),
  ];
  const width = Math.max(...lines.map(([, number]) => count(number).length));
  return lines
    .map(([name, number, note]) => {
      const shown = number > 0 || always.has(name) ? note : "";
      return `${name.padEnd(12)} ${count(number).padStart(width)}  ${shown}`.trimEnd();
    })
    .join("\n");
}

/** What was missed in this run and before it began, and since the tape began. */
function missedLine({ missed, late, tape }: Continuity): [string, number, string] {
  const events = tape.numbers === "sequence" ? "events" : "trades";
  const came = late === 0 ? "" : `, of which ${count(late)} came late`;
  const all = tape.missed - tape.late;
  return ["missed", missed, `${events}${came}; ${count(all)} are missing since the tape began`];
}
