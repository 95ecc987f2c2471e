/**
 * Log lines of a long-running command: sentences on a terminal, one JSON object a line elsewhere, always on stderr and never
 * with a secret.
 */
import { redact } from "./command.ts";

type Level = "info" | "warn" | "error";

type Fields = Readonly<Record<string, string | number | boolean | undefined>>;

/** Logs a sentence that is true without its fields; they hold the same facts for machines. */
export type Logger = (level: Level, message: string, fields?: Fields) => void;

export function logTo(out: NodeJS.WriteStream): Logger {
  if (out.isTTY) return (_, message) => void out.write(`\r\x1b[K${redact(message)}\n`);
  return (level, message, fields) => {
    const clean: Record<string, unknown> = {};
    for (const [name, value] of Object.entries(fields ?? {}))
      clean[name] = typeof value === "string" ? redact(value) : value;
    const line = { time: new Date().toISOString(), level, message: redact(message), ...clean };
    out.write(`${JSON.stringify(line)}\n`);
  };
}
