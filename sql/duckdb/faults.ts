/** What an error of DuckDB means for the owner of a warehouse, and the fix. */
import { dirname } from "node:path";
import { dataOption, UserError } from "../../program/command.ts";

/** Another process holds the file: a platform that runs, starts or stops. */
export class InUseError extends UserError {}

/** This program cannot read the file. The message is the fact, and how to rebuild the file. */
export class UnreadableError extends UserError {
  readonly fact: string;

  constructor(fact: string, dir: string, cause: unknown) {
    super(`${fact} ${rebuild(dir)}`, { cause });
    this.fact = fact;
  }
}

/** The content of the file cannot be read. */
export class DamagedError extends UnreadableError {}

/** DuckDB's messages about a file that does not hold what it wrote. */
const damage =
  /checksum|corrupt|not a valid DuckDB database file|could not read enough bytes|replaying WAL|^Serialization Error|^INTERNAL Error|^FATAL Error/i;

/** The error to report for a fault of the warehouse at `path`; `attempt` is what failed, such as "open" or "write to". */
export function warehouseFault(error: unknown, path: string, attempt: string): UserError {
  if (error instanceof UserError) return error;
  const [message] = (error as Error).message.split("\n") as [string];
  const dir = dirname(path);
  if (/conflicting lock|could not set lock/i.test(message)) {
    const holder = /PID (\d+)/.exec(message)?.[1];
    return new InUseError(
      `the data directory ${dir} is in use by another process${holder ? ` (${holder})` : ""}: wait until it ends, stop it, or choose another with --data.`,
      { cause: error },
    );
  }
  if (/newer version of DuckDB|version number/i.test(message))
    return new UnreadableError(`${path} is of another version of DuckDB (${message}).`, dir, error);
  if (damage.test(message)) return new DamagedError(`${path} is damaged (${message}).`, dir, error);
  return new UserError(`cannot ${attempt} ${path}: ${message}.${fixOf(message)}`, { cause: error });
}

function rebuild(dir: string): string {
  return `npm start -- --rebuild${dataOption(dir)} rebuilds it from the log.`;
}

function fixOf(message: string): string {
  if (/no space|file too large|quota/i.test(message)) return " Free space and start again: the log has everything.";
  if (/permission denied|read-only/i.test(message)) return " Check who may read and write there.";
  return "";
}
