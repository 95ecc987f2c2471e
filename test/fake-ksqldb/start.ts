/** The fake ksqlDB for one test, and the project's commands against it. */
import { onTestFinished } from "vitest";
import { Environment } from "../../program/environment.ts";
import { parseLine } from "../../program/command-line.ts";
import { runServerCommand, serverOptions } from "../../ksqldb/server/command.ts";
import { desiredStatements, type Desired } from "../../ksqldb/server/desired.ts";
import { startServer, type FakeKsqldb, type FakeOptions } from "./server.ts";
import { columnsOf, declared, type Column } from "./text.ts";

export async function startFakeKsqldb(options: FakeOptions = {}): Promise<FakeKsqldb> {
  const fake = await startServer(options);
  onTestFinished(() => fake.close());
  return fake;
}

/** Statements as the commands take them, with the types of what their queries make. */
export function desiredOf(...texts: readonly string[]): Desired[] {
  const all = desiredStatements(texts.map((text, i) => ({ file: `ksqldb/0${i + 1}.sql`, text })));
  const known = new Map<string, readonly Column[]>();
  return all.map((one) => {
    const { name, ast } = one;
    const columns = ast.kind === "create" ? declared(ast) : columnsOf(ast, known.get(ast.query.from.name.name) ?? []);
    known.set(name, columns);
    return { ...one, columns };
  });
}

export interface Run {
  readonly code: number;
  readonly report: Report | undefined;
  /** What was told on the way; the reason of a failure is the last line. */
  readonly told: string;
  /** The commands that the server took. */
  readonly sent: readonly string[];
}

interface Report {
  readonly command: string;
  readonly server: { readonly url: string };
  readonly changes: number;
  readonly refused: number;
  readonly checks: { readonly faults: readonly string[]; readonly notes: readonly string[] };
  readonly steps: readonly {
    readonly action: string;
    readonly name: string;
    readonly notes: readonly string[];
    readonly cure?: string;
    readonly result?: string;
  }[];
  readonly queries?: Readonly<Record<string, string>>;
  readonly error?: string;
}

/** The options as they are typed. */
type Values = Readonly<Partial<Record<keyof typeof serverOptions, string | boolean | undefined>>>;

/** Runs a command in this process; a failure is code 1. */
export async function runAgainst(
  fake: Pick<FakeKsqldb, "url"> & Partial<FakeKsqldb>,
  command: "plan" | "apply" | "destroy",
  desired: readonly Desired[],
  {
    env = {},
    stop = new AbortController().signal,
    says = "yes",
    ...values
  }: Values & { env?: Record<string, string>; stop?: AbortSignal; says?: "yes" | "no" } = {},
): Promise<Run> {
  const [out, told]: [string[], string[]] = [[], []];
  const before = fake.statements?.length ?? 0;
  const environment = new Environment({ KSQLDB_URL: fake.url, ...env });
  let code = 1;
  try {
    const io = {
      environment,
      stop,
      out: (text: string) => void out.push(text),
      talk: (line: string) => void told.push(line),
      agrees(question: string) {
        told.push(question);
        return Promise.resolve(says === "yes");
      },
    };
    const argv = Object.entries({ wait: "2s", timeout: "2s", ...values }).flatMap(([name, value]) =>
      value === undefined || value === false ? [] : value === true ? `--${name}` : `--${name}=${value}`,
    );
    const line = parseLine({ usage: "", options: serverOptions, lines: [command] }, [command, ...argv], {});
    if (line !== "help") code = await runServerCommand(command, line.values, desired, io);
  } catch (error) {
    told.push((error as Error).message);
  }
  const report = out.length === 0 ? undefined : (JSON.parse(out.join("")) as Report);
  return { code, report, told: told.join("\n"), sent: fake.statements?.slice(before) ?? [] };
}
