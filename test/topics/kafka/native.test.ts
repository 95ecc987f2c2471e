/**
 * The step with the real package without its binding, the real installer, and a server here as the home of the prebuilt
 * binaries. Compilers and Python are scripts: what a real build takes, and that it works, a machine out of reach of the
 * prebuilt binary tries before any test (test/setup.ts).
 */
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { basename, dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { ensureBinding } from "../../../topics/kafka/native.ts";
import { newFolder } from "../../folder.ts";

const modules = join(import.meta.dirname, "../../../node_modules");
const real = join(modules, "@confluentinc/kafka-javascript");
const addon = "build/Release/confluent-kafka-javascript.node";

beforeEach(() => {
  vi.stubEnv("XDG_CACHE_HOME", newFolder());
  // A binding that was built here has its library beside it; the prebuilt one has it inside.
  vi.stubEnv("LD_LIBRARY_PATH", join(real, "build/deps"));
  vi.stubEnv("PATH", newFolder());
  fetchFrom("http://127.0.0.1:1");
});
afterEach(() => void vi.unstubAllEnvs());

/** Where prebuilt binaries are fetched from, as the package spells it: its name with the first hyphen replaced. */
function fetchFrom(home: string): void {
  vi.stubEnv("npm_config_confluent_kafka-javascript_binary_host_mirror", home);
}

/** The package after `npm ci`, alone in its folder, without the source of librdkafka. */
function newPackage(): string {
  const clone = newFolder();
  fs.symlinkSync(modules, join(clone, "node_modules"));
  const left = [join(real, "build"), join(real, "deps/librdkafka")];
  fs.cpSync(real, join(clone, "package"), { recursive: true, filter: (path) => !left.includes(path) });
  return join(clone, "package");
}

/** What the step says, and the fault with which it ends. */
async function ensure(folder: string): Promise<{ said: string; fault: string }> {
  let said = "";
  const work = ensureBinding((line) => (said += `${line}\n`), folder);
  const fault = await work.then(
    () => "",
    (error: Error) => error.message,
  );
  return { said, fault };
}
const fine = { said: "", fault: "" };

/** What the client can do, asked by the client itself; nothing if it cannot be loaded. */
function featuresIn(folder: string): string[] {
  const script = `require(${JSON.stringify(folder)}).features.join()`;
  return spawnSync(process.execPath, ["-p", script], { encoding: "utf8" }).stdout.trim().split(",").filter(Boolean);
}

/** What is beside the package: locks and half builds would be. */
const beside = (folder: string) => fs.readdirSync(dirname(folder)).filter((name) => name.startsWith("."));

/** The home of prebuilt binaries, with what this machine has; it answers downloads when `mayAnswer` resolves. */
async function newHome(mayAnswer = Promise.resolve(), isBroken = false): Promise<string[]> {
  const folder = newFolder();
  fs.cpSync(join(real, addon), join(folder, "Release", basename(addon)));
  if (isBroken) fs.writeFileSync(join(folder, "Release", basename(addon)), "of another system");
  const tarball = spawnSync("/bin/tar", ["-c", "-C", folder, "Release"], { maxBuffer: 1e9 }).stdout;
  const downloads: string[] = [];
  const server = createServer((request, response) => {
    if (request.method === "HEAD") return void response.end();
    downloads.push(request.url!);
    void mayAnswer.then(() => response.end(tarball));
  });
  fetchFrom(await listen(server));
  return downloads;
}

async function listen(server: Server): Promise<string> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A machine with these programs and no others: name → what the shell script does. */
function havePrograms(programs: Record<string, string>): void {
  const folder = newFolder();
  for (const [name, script] of Object.entries(programs))
    fs.writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  vi.stubEnv("PATH", folder);
}

it("uses a binding that works as it is: no word, no compiler, no network", async () => {
  const folder = newPackage();
  fs.cpSync(join(real, addon), join(folder, addon));
  expect(await ensure(folder)).toEqual(fine);
  expect(featuresIn(folder)).toContain("sasl_scram");
  fs.writeFileSync(join(folder, addon), "not a library");
  expect((await ensure(folder)).fault).not.toBe("");
});

describe("the prebuilt binary", () => {
  it("is fetched where its home answers, and given to the next clone without home or compiler", async () => {
    const downloads = await newHome();
    const first = newPackage();
    expect(await ensure(first)).toEqual({ ...fine, said: expect.stringMatching(/^fetching .*1\.10\.1\n$/) as string });
    expect(featuresIn(first)).toContain("ssl");
    expect(beside(first)).toEqual([]);
    const second = newPackage();
    expect(await ensure(second)).toEqual(fine);
    expect(featuresIn(second)).toEqual(featuresIn(first));
    expect(downloads).toHaveLength(1);
  });

  it("is fetched all the same where the cache cannot be written", async () => {
    await newHome();
    const file = join(newFolder(), "file");
    fs.writeFileSync(file, "");
    vi.stubEnv("XDG_CACHE_HOME", file);
    const folder = newPackage();
    expect((await ensure(folder)).fault).toBe("");
    expect(featuresIn(folder)).toContain("ssl");
  });

  it("is fetched once by two at a time: the second waits", async () => {
    let answer!: () => void;
    const downloads = await newHome(new Promise((resolve) => (answer = resolve)));
    const folder = newPackage();
    const first = ensure(folder);
    await new Promise<void>((waits) => {
      const second = ensureBinding(() => waits(), folder);
      onTestFinished(() => second);
    });
    answer();
    expect((await first).fault).toBe("");
    expect(await ensure(folder)).toEqual(fine);
    expect(downloads).toHaveLength(1);
    expect(featuresIn(folder)).toContain("ssl");
  });

  it("is given up when its home is silent for five seconds", async () => {
    fetchFrom(await listen(createServer(() => {})));
    const started = performance.now();
    expect((await ensure(newPackage())).fault).toContain("out of reach");
    expect(performance.now() - started).toBeGreaterThan(4_900);
    expect(performance.now() - started).toBeLessThan(20_000);
  });

  it("is built where it does not load", async () => {
    const downloads = await newHome(Promise.resolve(), true);
    const { said, fault } = await ensure(newPackage());
    expect([said, downloads.length]).toEqual([expect.stringMatching(/^fetching/), 1]);
    expect(fault).toMatch(/does not run here\. (Building it takes|It is built from source on Linux only)/);
  });

  it("replaces a cached one that does not load, which is not trusted", async () => {
    await newHome();
    await ensure(newPackage());
    const cache = process.env["XDG_CACHE_HOME"]!;
    const [file] = fs
      .readdirSync(cache, { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".node"));
    fs.writeFileSync(join(cache, file!), "not a library");
    const folder = newPackage();
    expect((await ensure(folder)).said).toMatch(/^fetching/);
    expect(await ensure(newPackage())).toEqual(fine);
  });

  it("comes though a process was killed in the middle: its lock and its half build are ignored and cleared away", async () => {
    await newHome();
    const folder = newPackage();
    const lock = join(dirname(folder), ".kafka-javascript.lock");
    fs.writeFileSync(lock, "");
    fs.utimesSync(lock, Date.now() / 1000 - 60, Date.now() / 1000 - 60);
    fs.mkdirSync(join(dirname(folder), ".kafka-javascript-copy-1/build/Release"), { recursive: true });
    expect((await ensure(folder)).said).toMatch(/^fetching .*\n$/);
    expect(beside(folder)).toEqual([]);
  });
});

// Elsewhere there is the prebuilt binary or nothing.
describe.skipIf(process.platform !== "linux")("a build", () => {
  const install = "apt-get install -y build-essential python3 libssl-dev zlib1g-dev libzstd-dev";

  it.each(["c++", "make", "python3"])(
    "is not begun without %s: the packages are named in one line",
    async (missing) => {
      const programs: Record<string, string> = { "c++": "exit 0", make: "exit 0", python3: "exit 0" };
      programs[missing] = "exit 1";
      havePrograms(programs);
      const { said, fault } = await ensure(newPackage());
      expect(said).toBe("");
      expect(fault.split("\n")[1]).toContain(install);
    },
  );

  const compiler = spawnSync("sh", ["-c", "command -v c++"], { encoding: "utf8" }).stdout.trim();
  it.skipIf(compiler === "")(
    "is not begun where the compiler does not find OpenSSL: it would be without TLS",
    async () => {
      const paths = `PATH=${dirname(compiler)}`;
      havePrograms({ "c++": `${paths} exec ${compiler} -nostdinc "$@"`, make: "exit 0", python3: "exit 0" });
      const { said, fault } = await ensure(newPackage());
      expect([said, fault]).toEqual(["", expect.stringContaining(install)]);
    },
  );

  it("that fails shows the end of its log and the fix, and leaves nothing", async () => {
    const seen = join(newFolder(), "seen");
    const python = `if [ "$1" = --version ]; then exit 0; fi; echo "$JOBS$MAKEFLAGS$npm_config_jobs $CKJS_LINKING" > ${seen}; exit 1`;
    havePrograms({ "c++": "exit 0", make: "exit 0", python3: python });
    for (const name of ["JOBS", "MAKEFLAGS", "npm_config_jobs"]) vi.stubEnv(name, "2");
    const folder = newPackage();
    const { said, fault } = await ensure(folder);
    expect(said).toMatch(/^building .* from source/);
    expect(fault).toContain("gyp ERR! not ok");
    expect(fault.split("\n").at(-1)).toContain(install);
    // In parallel the package's makefiles race with each other; linked statically, they download.
    expect(fs.readFileSync(seen, "utf8")).toBe(" dynamic\n");
    expect(beside(folder)).toEqual([]);
    expect(fs.existsSync(join(folder, "build"))).toBe(false);
  });
});
