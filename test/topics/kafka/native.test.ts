/**
 * The step in clones of their own: `topics/kafka/install.ts` as a process, the real package without its binding, the
 * real installer, and as the home of the prebuilt binaries a server here. Compilers and Python are scripts: what a real
 * build takes, and that it works, a machine out of reach of the prebuilt binary tries before any test (test/setup.ts).
 */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  closeSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { watch } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { basename, dirname, join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { newFolder } from "../../folder.ts";

const root = join(import.meta.dirname, "../../..");
const modules = join(root, "node_modules");
const real = join(modules, "@confluentinc/kafka-javascript");
const addon = "build/Release/confluent-kafka-javascript.node";

/** Elsewhere there is the prebuilt binary or nothing. */
const buildsHere = process.platform === "linux";

/** A clone after `npm ci`, with the source of the package's own half and not of librdkafka. */
function newClone(): string {
  const clone = newFolder();
  mkdirSync(join(clone, "node_modules/@confluentinc"), { recursive: true });
  for (const name of readdirSync(modules))
    if (name !== "@confluentinc" && !name.startsWith("."))
      symlinkSync(join(modules, name), join(clone, "node_modules", name));
  const left = [join(real, "build"), join(real, "deps/librdkafka")];
  cpSync(real, packageIn(clone), { recursive: true, filter: (path) => !left.includes(path) });
  for (const file of [
    "package.json",
    "program",
    ...["install.ts", "native.ts", "native"].map((name) => `topics/kafka/${name}`),
  ])
    cpSync(join(root, file), join(clone, file), { recursive: true });
  return clone;
}

function packageIn(clone: string): string {
  return join(clone, "node_modules/@confluentinc/kafka-javascript");
}

function giveBinding(clone: string): void {
  mkdirSync(dirname(join(packageIn(clone), addon)), { recursive: true });
  copyFileSync(join(real, addon), join(packageIn(clone), addon));
}

interface Surroundings {
  /** Where prebuilt binaries are fetched from: nothing listens at the default. */
  home?: string;
  cache?: string;
  /** Where programs are found: nowhere by default. */
  path?: string;
  more?: NodeJS.ProcessEnv;
}

function install(clone: string, { home = "http://127.0.0.1:1", cache, path, more }: Surroundings = {}) {
  const child = spawn(
    process.execPath,
    ["--import", join(modules, "tsx/dist/loader.mjs"), join(clone, "topics/kafka/install.ts")],
    {
      env: {
        PATH: path ?? join(clone, "no-programs"),
        HOME: clone,
        XDG_CACHE_HOME: cache ?? join(clone, "cache"),
        // So the package spells it: its name with the first hyphen replaced.
        "npm_config_confluent_kafka-javascript_binary_host_mirror": home,
        // A binding that was built here has its library beside it; the prebuilt one has it inside.
        LD_LIBRARY_PATH: join(real, "build/deps"),
        // Where npm has its node-gyp, if these tests run under npm.
        npm_config_node_gyp: process.env["npm_config_node_gyp"],
        ...more,
      },
      stdio: ["ignore", "ignore", "pipe"],
    },
  );
  onTestFinished(() => void child.kill("SIGKILL"));
  let said = "";
  child.stderr.on("data", (chunk) => (said += String(chunk)));
  let over = false;
  const ended = once(child, "close").then(([code]) => {
    over = true;
    return { code: code as number | null, said };
  });
  return {
    process: child,
    ended,
    async says(text: string) {
      while (!said.includes(text)) {
        if (over) throw new Error(`it ended before it said ${text}: ${said}`);
        await Promise.race([once(child.stderr, "data"), ended]);
      }
    },
  };
}

/** What the client can do, asked by the client itself; nothing if it can not be loaded. */
function featuresIn(clone: string): string[] {
  const script = `require(${JSON.stringify(packageIn(clone))}).features.join()`;
  const { stdout } = spawnSync(process.execPath, ["-p", script], {
    encoding: "utf8",
    env: { ...process.env, LD_LIBRARY_PATH: join(real, "build/deps") },
  });
  return stdout.trim().split(",").filter(Boolean);
}

/** What is beside the package in its folder: locks and half builds would be. */
function besidePackage(clone: string): string[] {
  return readdirSync(dirname(packageIn(clone))).filter((name) => name !== "kafka-javascript");
}

/** The home of prebuilt binaries, with what this machine has; it answers downloads when `mayAnswer` resolves. */
async function newHome(mayAnswer = Promise.resolve()): Promise<{ url: string; downloads: string[] }> {
  const folder = newFolder();
  mkdirSync(join(folder, "Release"));
  copyFileSync(join(real, addon), join(folder, "Release", basename(addon)));
  const tarball = spawnSync("tar", ["-cz", "-C", folder, "Release"], { maxBuffer: 1e9 }).stdout;
  const downloads: string[] = [];
  const server = createServer((request, response) => {
    if (request.method === "HEAD") return void response.end();
    downloads.push(request.url!);
    void mayAnswer.then(() => response.end(tarball));
  });
  return { url: await listen(server), downloads };
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

/** A folder of programs: name → what the shell script does. */
function newPrograms(programs: Record<string, string>): string {
  const folder = newFolder();
  for (const [name, script] of Object.entries(programs)) {
    writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(folder, name), 0o755);
  }
  return folder;
}

/** A machine that has everything, whose build does `script`. */
function newBuilder(script: string): string {
  return newPrograms({
    "c++": "exit 0",
    make: "exit 0",
    python3: `if [ "$1" = --version ]; then exit 0; fi\n${script}`,
  });
}

describe("a binding that works", () => {
  it("is used as it is: no word, no compiler, no network", async () => {
    const clone = newClone();
    giveBinding(clone);
    expect(await install(clone).ended).toEqual({ code: 0, said: "" });
    expect(await install(clone).ended).toEqual({ code: 0, said: "" });
    expect(featuresIn(clone)).toContain("sasl_scram");
  });

  it("is tried again when its file is another one", async () => {
    const clone = newClone();
    const cache = newFolder();
    giveBinding(clone);
    await install(clone, { cache }).ended;
    writeFileSync(join(packageIn(clone), addon), "not a library");
    expect((await install(clone, { cache }).ended).code).toBe(1);
  });
});

describe("the prebuilt binary", () => {
  it("is fetched where its home answers, and given to the next clone without home or compiler", async () => {
    const cache = newFolder();
    const home = await newHome();
    const first = newClone();
    const ended = await install(first, { home: home.url, cache }).ended;
    expect(ended).toEqual({ code: 0, said: expect.stringMatching(/^fetching .*1\.10\.1\n$/) as string });
    expect(featuresIn(first)).toContain("ssl");
    expect(besidePackage(first)).toEqual([]);

    const second = newClone();
    expect(await install(second, { cache }).ended).toEqual({ code: 0, said: "" });
    expect(featuresIn(second)).toEqual(featuresIn(first));
    expect(home.downloads.length).toBe(1);
  });

  it("is fetched all the same where the cache can not be written", async () => {
    const clone = newClone();
    const home = await newHome();
    const cache = join(newFolder(), "file");
    writeFileSync(cache, "");
    expect((await install(clone, { home: home.url, cache }).ended).code).toBe(0);
    expect(featuresIn(clone)).toContain("ssl");
  });

  it("is fetched once by two at a time: the second waits", async () => {
    const clone = newClone();
    let answer!: () => void;
    const home = await newHome(new Promise((resolve) => (answer = resolve)));
    const first = install(clone, { home: home.url });
    await first.says("fetching");
    const second = install(clone, { home: home.url });
    await second.says("waiting for another process");
    answer();
    expect((await first.ended).code).toBe(0);
    expect((await second.ended).code).toBe(0);
    expect(home.downloads.length).toBe(1);
    expect(featuresIn(clone)).toContain("ssl");
  });

  it("is given up when its home is silent for five seconds", async () => {
    const home = await listen(createServer(() => {}));
    const started = performance.now();
    expect((await install(newClone(), { home }).ended).said).toContain("out of reach");
    expect(performance.now() - started).toBeGreaterThan(4900);
    expect(performance.now() - started).toBeLessThan(20_000);
  });
});

describe("a cached binding that does not load", () => {
  it("is not trusted, and replaced by one that does", async () => {
    const cache = newFolder();
    const home = await newHome();
    await install(newClone(), { home: home.url, cache }).ended;
    const [file] = readdirSync(cache, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".node"));
    writeFileSync(join(cache, file!), "not a library");

    const clone = newClone();
    expect((await install(clone, { cache }).ended).code).toBe(1);
    expect(existsSync(join(packageIn(clone), "build"))).toBe(false);
    expect((await install(clone, { home: home.url, cache }).ended).code).toBe(0);
    expect(await install(newClone(), { cache }).ended).toEqual({ code: 0, said: "" });
  });
});

describe.skipIf(!buildsHere)("what a build lacks", () => {
  const sudo = process.getuid?.() === 0 ? "" : "sudo ";
  const lines = async (path = newFolder()) => (await install(newClone(), { path }).ended).said.split("\n");

  it("is named in one line, with the headers that nobody could look for without a compiler", async () => {
    expect(await lines()).toContain(
      `  ${sudo}apt-get install -y build-essential python3 libssl-dev zlib1g-dev libzstd-dev`,
    );
  });

  const compiler = spawnSync("sh", ["-c", "command -v c++"], { encoding: "utf8" }).stdout.trim();
  it.skipIf(compiler === "")("is what the compiler does not find", async () => {
    const headers = newFolder();
    mkdirSync(join(headers, "openssl"));
    writeFileSync(join(headers, "openssl/ssl.h"), "");
    const path = newPrograms({
      "c++": `exec ${compiler} -nostdinc -isystem ${headers} "$@"`,
      make: "exit 0",
      python3: "exit 0",
    });
    // The compiler finds its own parts there.
    expect(await lines(`${path}:${dirname(compiler)}`)).toContain(`  ${sudo}apt-get install -y zlib1g-dev libzstd-dev`);
  });
});

describe.skipIf(!buildsHere)("a build", () => {
  it("that fails shows the end of its log and the cure, and leaves nothing", async () => {
    const seen = join(newFolder(), "seen");
    const path = newBuilder(`echo "$JOBS$MAKEFLAGS$npm_config_jobs $CKJS_LINKING" > ${seen}; exit 1`);
    const clone = newClone();
    const more = { JOBS: "2", MAKEFLAGS: "-j2", npm_config_jobs: "2" };
    const { code, said } = await install(clone, { path, more }).ended;
    expect(code).toBe(1);
    expect(said).toMatch(/^building .* from source/);
    expect(said).toContain("gyp ERR! not ok");
    expect(said.trimEnd().split("\n").at(-1)).toContain("apt-get install -y build-essential");
    // Told to run in parallel, the package's makefiles race with each other; linked statically, they download.
    expect(readFileSync(seen, "utf8")).toBe(" dynamic\n");
    expect(besidePackage(clone)).toEqual([]);
    expect(existsSync(join(packageIn(clone), "build"))).toBe(false);
  });

  it("ends at Ctrl-C with everything it has started, and the next one starts over", async () => {
    const clone = newClone();
    const signs = newFolder();
    const sign = join(signs, "compiler");
    const path = newBuilder(`echo $$ > ${sign}.new; /bin/mv ${sign}.new ${sign}; exec /bin/sleep 600`);
    const changes = watch(signs);
    const build = install(clone, { path });
    for await (const _ of changes) if (existsSync(sign)) break;
    const compiler = Number(readFileSync(sign, "utf8"));
    expect(isRunning(compiler)).toBe(true);

    build.process.kill("SIGINT");
    expect((await build.ended).code).toBe(130);
    await expect.poll(() => isRunning(compiler)).toBe(false);
    expect(besidePackage(clone)).toEqual([]);
    const home = await newHome();
    expect((await install(clone, { home: home.url }).ended).said).toMatch(/^fetching /);
  });

  it("that was killed is in nobody's way: its lock and its half build are ignored and cleared away", async () => {
    const clone = newClone();
    const scope = dirname(packageIn(clone));
    const lock = join(scope, ".kafka-javascript.lock");
    closeSync(openSync(lock, "w"));
    const aMinuteAgo = Date.now() / 1000 - 60;
    utimesSync(lock, aMinuteAgo, aMinuteAgo);
    mkdirSync(join(scope, ".kafka-javascript-4242/build/Release"), { recursive: true });
    const home = await newHome();
    expect(await install(clone, { home: home.url }).ended).toEqual({
      code: 0,
      said: expect.stringMatching(/^fetching .*\n$/) as string,
    });
    expect(besidePackage(clone)).toEqual([]);
  });
});

function isRunning(pid: number): boolean {
  // A process that has ended, and whose exit code nobody has asked for, still has its number.
  const state = spawnSync("ps", ["-o", "stat=", "-p", String(pid)], { encoding: "utf8" }).stdout.trim();
  return state !== "" && !state.startsWith("Z");
}
