/** A clone of the project for one test: what its user runs in it, and what is edited there, stays there. */
import { spawn } from "node:child_process";
import { cpSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { text } from "node:stream/consumers";
import { stripVTControlCharacters } from "node:util";
import { inject } from "vitest";
import { giveBundles, scriptWords } from "../commands.ts";
import { newFolder } from "../folder.ts";
import type { FakeProvider } from "./fake/provider.ts";

const project = join(import.meta.dirname, "../..");

/** What the commands of the infrastructure are made of. */
const parts = ["engine", "infra", "ksqldb", "program", "schemas", "sql", "topics"];
const files = ["package.json", "template.env", "tsconfig.json"];

export interface Ended {
  readonly code: number;
  /** What it said, on both outputs. */
  readonly output: string;
}

export class Clone {
  readonly dir = newFolder();
  readonly #environment: NodeJS.ProcessEnv;

  /** Whether a module was edited: then its commands run from their sources, by npm. */
  #isChanged = false;

  /**
   * `variables` are those of its user; the providers are in the place of the real ones. `from`: a copy of that clone's folder,
   * with whatever has come there.
   */
  constructor(providers: readonly FakeProvider[], variables: Readonly<Record<string, string>> = {}, from?: string) {
    if (from === undefined) {
      this.#take((path) => !path.endsWith(".ts") || path.startsWith("schemas/") || path === "topics/records.ts");
      symlinkSync(join(project, "node_modules"), join(this.dir, "node_modules"));
    } else cpSync(from, this.dir, { recursive: true });
    giveBundles(inject("commands"), this.dir);
    this.#environment = {
      PATH: process.env["PATH"],
      TERRAFORM_BINARY_NAME: process.env["TERRAFORM_BINARY_NAME"],
      HOME: this.dir,
      GOOGLE_PROJECT: "acme-tape",
      CONFLUENT_CLOUD_API_KEY: "CLOUDKEY",
      CONFLUENT_CLOUD_API_SECRET: "cloud-secret",
      TF_REATTACH_PROVIDERS: JSON.stringify(Object.assign({}, ...providers.map(({ reattach }) => reattach))),
      ...variables,
    };
  }

  /** Copies files of the project. */
  #take(which: (path: string) => boolean): void {
    for (const name of [...parts, ...files])
      cpSync(join(project, name), join(this.dir, name), {
        recursive: true,
        filter: (path) => statSync(path).isDirectory() || which(relative(project, path)),
      });
  }

  /** Where the stack is written, and Terraform runs. */
  stackDir(environment: "dev" | "prod" = "dev"): string {
    return join(this.dir, "cdktf.out/stacks", `tapeline-${environment}`);
  }

  read(file: string): string {
    return readFileSync(join(this.dir, file), "utf8");
  }

  edit(file: string, change: (content: string) => string): void {
    if (file.endsWith(".ts") && !this.#isChanged) {
      this.#isChanged = true;
      this.#take((path) => /\.(ts|peggy)$/.test(path));
      cpSync(join(project, "package.json"), join(this.dir, "package.json"));
    }
    const [before, path] = [this.read(file), join(this.dir, file)];
    const after = change(before);
    if (after === before) throw new Error(`nothing is changed in ${file}`);
    writeFileSync(path, after);
  }

  write(file: string, content: string): void {
    writeFileSync(join(this.dir, file), content);
  }

  /** What `npm run …` does as its user types it. `interrupt`: Ctrl-C then. */
  async run(
    command: readonly string[],
    variables: Readonly<Record<string, string>> = {},
    interrupt?: Promise<unknown>,
  ): Promise<Ended> {
    return this.#isChanged
      ? this.runByNpm(command, variables)
      : this.#spawn(
          process.execPath,
          scriptWords(this.dir, command),
          { PATH: `${join(inject("commands"), "bin")}:${process.env["PATH"]}`, ...variables },
          interrupt,
        );
  }

  /** The same by npm itself. */
  runByNpm(command: readonly string[], variables: Readonly<Record<string, string>> = {}): Promise<Ended> {
    return this.#spawn("npm", ["run", "--silent", ...command], variables);
  }

  async #spawn(
    program: string,
    words: readonly string[],
    variables: Readonly<Record<string, string>>,
    interrupt?: Promise<unknown>,
  ): Promise<Ended> {
    const child = spawn(program, words, {
      cwd: this.dir,
      env: { ...this.#environment, ...variables },
      stdio: ["ignore", "pipe", "pipe"],
      // A terminal sends Ctrl-C to all of a group.
      detached: true,
    });
    void interrupt?.then(() => process.kill(-child.pid!, "SIGINT"));
    const ended = new Promise<number>((resolve, reject) => {
      child.once("error", reject).once("close", (code) => resolve(code ?? 1));
    });
    const [code, out, err] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
    return { code, output: stripVTControlCharacters(out + err) };
  }
}
