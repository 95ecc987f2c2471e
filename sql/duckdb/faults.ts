/** What DuckDB's errors mean for whoever has a warehouse: whose fault it is, and the cure. */
import { dirname } from "node:path";
import { dataOption, UserError } from "../../program/command.ts";

/** The file is another process's: a platform that runs, or one that is just starting or stopping. */
export class InUseError extends UserError {}

/** This program cannot read the file. The message is the fact, and how to rebuild the file. */
export class UnreadableError extends UserError {
  readonly fact: string;

  constructor(fact: string, dir: string, cause: unknown) {
    super(`${fact} ${rebuild(dir)}`, { cause });
    this.fact = fact;
  }
}

/** What the file holds cannot be read. */
export class DamagedError extends UnreadableError {}

/** What DuckDB says of a file that does not hold what it wrote. Its "checksum … in block" is no lock. */
const damage =
  /checksum|corrupt|not a valid DuckDB database file|could not read enough bytes|replaying WAL|^Serialization Error|^INTERNAL Error|^FATAL Error/i;

/** As what a fault of the warehouse at `path` is reported; `attempt` is what failed, as "open" or "write to". */
export function warehouseFault(error: unknown, path: string, attempt: string): UserError {
  if (error instanceof UserError) return error;
  const [message] = (error as Error).message.split("\n") as [string];
  const dir = dirname(path);
  if (/conflicting lock|could not set lock/i.test(message)) {
    const holder = /PID (\d+)/.exec(message)?.[1];
    return new InUseError(
      `the data directory ${dir} is in use by another process${holder ? ` (${holder})` : ""}: wait for its end or stop it, or choose another with --data.`,
      { cause: error },
    );
  }
  if (/newer version of DuckDB|version number/i.test(message))
    return new UnreadableError(`${path} is of another version of DuckDB (${message}).`, dir, error);
  if (damage.test(message)) return new DamagedError(`${path} is damaged (${message}).`, dir, error);
  return new UserError(`cannot ${attempt} ${path}: ${message}.${cureOf(message)}`, { cause: error });
}

function rebuild(dir: string): string {
  return `npm start -- --rebuild${dataOption(dir)} makes it again from the log.`;
}

function cureOf(message: string): string {
  if (/no space|file too large|quota/i.test(message)) return " Free space and start again: the log has everything.";
  if (/permission denied|read-only/i.test(message)) return " Check who may read and write there.";
  return "";
}
