/** Java programs as servers for tests: none outlives the test file that started it, however that ends. */
import { execFile, spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, describe, it } from "vitest";

const home = process.env["JAVA_HOME"];
const java = home ? join(home, "bin", "java") : "java";

/** The major version of the Java that is installed, 0 if there is none. */
export function javaVersion(): number {
  const { status, stderr } = spawnSync(java, ["-version"], { encoding: "utf8" });
  return status === 0 ? Number(/version "(\d+)/.exec(stderr)?.[1] ?? 0) : 0;
}

/** Half the time to start, for servers that live for seconds. */
const options = ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx512m"];

const servers = new Set<JavaServer>();

/** A suite with real servers, which end with it; `missing` says why there can be none, and skips it by name. */
export function describeWith(missing: string | undefined, name: string, suite: () => void): void {
  if (missing !== undefined) it.skip(`${name} (${missing})`);
  else
    describe(name, () => {
      afterAll(() => Promise.all([...servers].map((server) => server.stop())));
      suite();
    });
}

export class JavaServer {
  /** A folder of its own, removed when it stops. */
  readonly folder = mkdtempSync(join(tmpdir(), "tapeline-java-"));
  #child: ChildProcess | undefined;

  constructor() {
    servers.add(this);
  }

  /** Runs a program to its end. Throws with what it said if that is no success. */
  async run(...args: string[]): Promise<void> {
    await promisify(execFile)(java, [...options, ...args]);
  }

  /** Starts a program; resolves with the line in which it says that it is ready. */
  async start(ready: RegExp, ...args: string[]): Promise<RegExpExecArray> {
    const child = spawn(java, [...options, ...args], { cwd: this.folder, stdio: ["ignore", "pipe", "pipe"] });
    this.#child = child;
    // Its input ends with this process, even with one that is killed.
    const guard = spawn("sh", ["-c", 'read _; kill -9 "$0"; rm -rf "$1"', String(child.pid), this.folder], {
      stdio: ["pipe", "ignore", "ignore"],
      detached: true,
    });
    child.once("exit", () => guard.kill("SIGKILL"));

    let said = "";
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise<RegExpExecArray>((resolve, reject) => {
        const fail = (how: string) => reject(new Error(`${args.join(" ")} ${how}:\n${said.slice(-4000)}`));
        const listen = (chunk: Buffer) => {
          said = said.slice(-100_000) + chunk.toString();
          const match = ready.exec(said);
          if (match !== null) resolve(match);
        };
        child.stdout.on("data", listen);
        child.stderr.on("data", listen);
        child.once("error", (error) => fail(error.message));
        child.once("close", (code) => fail(`ended with ${code}`));
        timer = setTimeout(() => fail("is not ready after a minute"), 60_000);
      });
    } finally {
      clearTimeout(timer);
    }
  }

  /** Ends the process at once, as `kill -9` does. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGKILL");
    await once(child, "close");
  }

  async stop(): Promise<void> {
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
    servers.delete(this);
  }
}
