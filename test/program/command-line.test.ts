import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { UsageError } from "../../program/command.ts";
import { type Declaration, helpOf, type Option, parseLine } from "../../program/command-line.ts";
import { choice, duration, list, shaped, anyText, whole } from "../../program/forms.ts";
import { newFolder } from "../folder.ts";

const declaration = {
  usage: "npm start [-- --source FILE]",
  lines: ["", "run NAME [DIR]", "bench NAME…"],
  options: {
    source: { form: anyText, default: "auto", doc: "Where from." },
    for: { form: duration(1), doc: "How long." },
    rate: { form: whole(1, 100), default: "20", doc: "How many." },
    to: { form: choice("local", "cloud"), doc: "Where to." },
    products: { form: list(shaped(/^[A-Z]+$/, "capital letters")), default: "A,B", doc: "Which." },
    fault: { form: anyText, isMany: true, doc: "What fails." },
    wait: { short: "w", doc: "Whether to wait." },
    "no-refresh": { of: ["run"], doc: "Whether not to refresh." },
    yes: { doc: "Whether not to ask." },
    plan: { doc: "Whether to show only." },
    replace: { form: anyText, doc: "What to replace." },
  },
  exits: { 3: "something to do" },
} as const satisfies Declaration<Readonly<Record<string, Option>>>;

const parse = (argv: readonly string[], env: NodeJS.ProcessEnv = {}) => parseLine(declaration, argv, env);

function faultOf(argv: readonly string[]): Error {
  try {
    parse(argv);
  } catch (error) {
    return error as Error;
  }
  throw new Error("nothing was refused");
}

describe("a command line", () => {
  it("has the values of its options, or their defaults, in their forms", () => {
    expect(parse([])).toMatchObject({
      args: [],
      values: { source: "auto", rate: 20, products: ["A", "B"], fault: [] },
    });
    const typed = "run x --fault a --fault a -w --wait --for=1.5s --rate 7 --to cloud --products C,,C,D --no-refresh";
    expect(parse(typed.split(" "))).toEqual({
      args: ["run", "x"],
      values: {
        source: "auto",
        for: 1500,
        rate: 7,
        to: "cloud",
        products: ["C", "D"],
        fault: ["a", "a"],
        wait: true,
        "no-refresh": true,
        yes: false,
        plan: false,
        replace: undefined,
      },
    });
    expect(parse(["bench", "a", "b", "c"])).toMatchObject({ args: ["bench", "a", "b", "c"] });
    expect(parse(["run", "x", "-h", "--rate", "many"])).toBe("help");
  });

  it.each([
    [["--hunter2"], "Unknown option, argument 1 (not shown, in case it is a key)"],
    [["--wait", "--5ea5c0ffee=x"], "Unknown option, argument 2 (not shown, in case it is a key)"],
    [["--password=hunter2"], "Unknown option '--password'"],
    [["--source", "-5ea5"], "Option '--source' argument is ambiguous"],
    [["--source="], "--source is empty: leave it out, or give it a value"],
    [["--source", "a", "--source", "b"], "--source is given twice, and only one could count"],
    [["--no-refresh"], "--no-refresh is not an option of "],
    [["hunter2"], "unexpected argument, number 1 (not shown, in case it is a key)"],
    [["run", "x", "y", "--wait", "hunter2"], "unexpected argument, number 5 (not shown, in case it is a key)"],
    [["run"], "an argument is missing after run"],
    [["--for", "hunter2"], "--for is a text of 7 letters (not shown): a duration such as"],
    [["--for", "0s"], "--for is 0s: a duration"],
    [["--for", "25m", "--rate", "101"], "--rate is 101: a whole number from 1 to 100 is expected"],
    [["--for", "577h"], "of at most 24 days, is expected"],
    [["--to", "mars"], "--to is mars: one of local, cloud is expected"],
    [["--products", "A,b"], "--products is b: capital letters is expected"],
  ])("that is not understood is refused with the usage, and without what may be secret: %j", (argv, message) => {
    const error = faultOf(argv);
    expect(error).toBeInstanceOf(UsageError);
    expect(error.message).toContain(message);
    expect(error.message).toMatch(/\. Try --help\.\n\nnpm start \[-- --source FILE\]$/);
    expect(error.message).not.toMatch(/5ea5c0|hunter2/);
  });

  it.each([
    // What npm 9 to 11 make of options before which there is no --.
    [["x"], { source: "true" }, "npm start -- --source x"],
    [[], { source: "x" }, "npm start -- --source x"],
    [["x", "9"], { source: "true", rate: "true" }, "npm start -- --source … --rate …"],
    [["hunter2"], { source: "true" }, "npm start -- --source …"],
    [["run", "x"], { wait: "true" }, "npm start -- --wait"],
    [["run", "x"], { refresh: "" }, "npm start -- --no-refresh"],
    [[], { parseable: "true", long: "true", all: "true" }, "npm start -- --plan"],
    [[], { replace_registry_host: "google_storage_bucket.a" }, "npm start -- --replace …"],
  ])("%j whose options npm has taken is reported where -- belongs: %j", (argv, config, cure) => {
    const env = Object.fromEntries(Object.entries(config).map(([name, value]) => [`npm_config_${name}`, value]));
    const message = `for itself: put -- before the options: ${cure}.`;
    expect(() => parse(argv, { ...env, npm_lifecycle_event: "start" })).toThrow(message);
    expect(() => parse(["csv"], { npm_lifecycle_event: "start" })).toThrow("key); put -- before options. Try --help.");
  });
});

it.each([
  ["npm's own configuration", [], { npm_config_yes: "true", npm_config_json: "true" }],
  ["an option of another command", ["bench", "x"], { npm_config_refresh: "" }],
])("%s is not mistaken for an option without --", (_, argv, env) => {
  expect(() => parse(argv, { ...env, npm_lifecycle_event: "start" })).not.toThrow();
});

it("npm itself takes options as that expects", () => {
  const dir = newFolder();
  const file = (path: string) => JSON.stringify(join(import.meta.dirname, "../../program", path));
  const loader = join(import.meta.dirname, "../../node_modules/tsx/dist/loader.mjs");
  writeFileSync(
    join(dir, "main.mts"),
    `import { command } from ${file("command-line.ts")}; import { anyText } from ${file("forms.ts")};
    await command({ usage: "npm start", options: { source: { form: anyText, doc: "" } } }, ({ source }) => console.log(source));`,
  );
  writeFileSync(join(dir, "package.json"), JSON.stringify({ scripts: { start: `node --import ${loader} main.mts` } }));
  const start = (...args: string[]) => spawnSync("npm", ["start", "-s", ...args], { cwd: dir, encoding: "utf8" });
  expect(start("--", "--source", "x")).toMatchObject({ status: 0, stdout: "x\n" });
  const { status, stderr } = start("--source", "x");
  expect([status, stderr]).toEqual([2, expect.stringContaining("put -- before the options: npm start -- --source x")]);
});

it("help has the usage, every option with its default, and the exit codes, in 120 columns", () => {
  const doc = "word ".repeat(60);
  const help = helpOf({
    ...declaration,
    options: { n: { short: "n", form: anyText, default: "10", doc } },
    notes: "\nNotes.\n",
  });
  expect(help).toMatch(/^npm start \[-- --source FILE\]\n\n {2}-n {3}word (word )*word\n {7}word/);
  expect(help).toMatch(
    /Default: 10\.\n\nNotes\.\n\nExit codes: 0 done; 1 [^;]*; 2 [^;]*; 3 something to do; 70[^]*\.\n$/,
  );
  expect(Math.max(...help.split("\n").map((line) => line.length))).toBeLessThanOrEqual(120);
});
