/**
 * Makes the Kafka client loadable. `npm ci` runs no install scripts, so the client arrives without its native binding, and
 * only what uses Kafka needs a compiler. The first command that does runs the package's own installer, once for each machine:
 * the result is kept in the user's cache.
 *
 * `npm rebuild` alone is not enough: it waits minutes for a host of prebuilt binaries that does not answer, downloads the
 * sources of OpenSSL, and without OpenSSL's headers silently builds a client without TLS.
 */
import { execFile, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { utimes } from "node:fs/promises";
import { createRequire } from "node:module";
import { homedir, release } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../../program/command.ts";

const packageName = "@confluentinc/kafka-javascript";

/** The binding in a package's `build/`; a build from source has librdkafka beside it, in `deps/`. */
const addon = "Release/confluent-kafka-javascript.node";

/** How long the home of the prebuilt binaries may take to answer, and after how long an untouched lock is void. */
const answerMs = 5_000;
const staleMs = 10_000;

/**
 * Resolves when the client can be loaded: to be called before anything that imports it. `talk` gets a line about what
 * takes long. Throws UserError when the machine lacks what a build needs, or when a build fails.
 */
export async function ensureBinding(talk: (line: string) => void, folder = packageFolder()): Promise<void> {
  const build = join(folder, "build");
  if (lacking(build).length === 0) return;
  const waits = () => talk(`waiting for another process that makes ${packageName} ready`);
  await withLock(join(dirname(folder), ".kafka-javascript.lock"), waits, async () => {
    if (lacking(build).length === 0) return;
    const { version } = JSON.parse(fs.readFileSync(join(folder, "package.json"), "utf8")) as { version: string };
    const cache = join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "tapeline");
    const cached = join(cache, `kafka-javascript-${version}-${system()}`);
    if (lacking(cached).length === 0) return copyBinding(cached, build);
    await install(folder, `${packageName} ${version}`, talk);
    try {
      copyBinding(build, cached);
    } catch (error) {
      // A cache that cannot be written costs the next clone its time, no more.
      if (!(error instanceof Error && "syscall" in error)) throw error;
    }
  });
}

function packageFolder(): string {
  return dirname(createRequire(import.meta.url).resolve(`${packageName}/package.json`));
}

/** Keeps systems that share a home from replacing each other's binding. Whether one fits is known when it is loaded. */
function system(): string {
  let distribution = release();
  if (fs.existsSync("/etc/os-release")) {
    const text = fs.readFileSync("/etc/os-release", "utf8");
    const value = (key: string) => new RegExp(`^${key}="?([\\w.-]+)`, "m").exec(text)?.[1] ?? "";
    distribution = value("ID") + value("VERSION_ID");
  }
  return [`abi${process.versions.modules}`, process.platform, process.arch, distribution].join("-");
}

/** What librdkafka can do there, by its own names; nothing if the binding is missing or does not load. */
function features(build: string): readonly string[] {
  const path = join(build, addon);
  if (!fs.existsSync(path)) return [];
  // In a process of its own: a binding that does not fit may end the process that loads it.
  const script = `require(${JSON.stringify(path)}).features()`;
  const { status, stdout } = spawnSync(process.execPath, ["-p", script], { encoding: "utf8" });
  return status === 0 ? stdout.trim().split(",") : [];
}

/** What Confluent Cloud asks for and the binding does not have. */
function lacking(build: string): string[] {
  const found = features(build);
  return ["ssl", "sasl_plain", "sasl_scram", "lz4"].filter((feature) => !found.includes(feature));
}

/** Puts a copy at `to` in one step, without the hundred megabytes of objects that a build leaves. */
function copyBinding(from: string, to: string): void {
  const aside = `${to}.${process.pid}`;
  fs.mkdirSync(dirname(to), { recursive: true });
  for (const part of ["Release", "deps"].filter((name) => fs.existsSync(join(from, name))))
    for (const file of fs.readdirSync(join(from, part)).filter((name) => /\.node$|\.so\.1$/.test(name)))
      fs.cpSync(join(from, part, file), join(aside, part, file));
  fs.rmSync(to, { recursive: true, force: true });
  fs.renameSync(aside, to);
}

/** Runs the package's installer in a copy beside the package, so that whatever ends it, the package is as it was. */
async function install(folder: string, what: string, talk: (line: string) => void): Promise<void> {
  // The prebuilt binary at GitHub, or at the mirror that npm's configuration names.
  const reveal = spawnSync(process.execPath, [installer(folder), "reveal", "hosted_tarball"], { cwd: folder });
  const home = new URL(String(reveal.stdout).trim());
  const isNear = await fetch(home, { method: "HEAD", signal: AbortSignal.timeout(answerMs) }).then(
    ({ ok }) => ok,
    () => false,
  );
  // Compilers outlive a process that is killed, and write on in its copy: each process has one of its own.
  const copy = join(dirname(folder), `${copyPrefix}${process.pid}`);
  const made = join(copy, "build");
  const clear = () => {
    for (const name of fs.readdirSync(dirname(folder)))
      if (name.startsWith(copyPrefix))
        fs.rmSync(join(dirname(folder), name), { recursive: true, force: true, maxRetries: 5 });
  };
  clear();
  try {
    // Objects of a build in the package itself, perhaps with other options, would be taken for up to date.
    const isSource = (path: string) => path !== join(folder, "build") && !/\.[oa]$/.test(path);
    fs.cpSync(folder, copy, { recursive: true, filter: isSource });
    if (isNear) {
      talk(`fetching the prebuilt binary of ${what}`);
      await runInstaller(copy, "--update-binary");
    }
    if (lacking(made).length > 0) {
      demandCompiler(
        `${what} needs a native binding, and its prebuilt binary is out of reach (${home.host}) or does not run here.`,
      );
      talk(
        `building ${what} from source, since no prebuilt binary is within reach: once on this machine, 1 to 4 minutes`,
      );
      const { failed, log } = await runInstaller(copy, "--build-from-source");
      const lacks = lacking(made);
      if (failed || lacks.length > 0)
        throw new UserError(
          `${log}\n${what} ${failed ? "could not be built" : `was built without ${lacks.join(", ")}`}; above is the end of the log. ` +
            `With these packages it builds on Debian 12; then run this command again:\n  ${aptInstall()}`,
        );
      if (!features(made).includes("zstd")) talk("it compresses with lz4, not with zstd: libzstd-dev is not installed");
    }
    copyBinding(made, join(folder, "build"));
  } finally {
    clear();
  }
}

const copyPrefix = ".kafka-javascript-copy-";

/** Throws UserError when a build from source cannot succeed. */
function demandCompiler(reason: string): void {
  if (process.platform !== "linux") throw new UserError(`${reason} It is built from source on Linux only.`);
  const runs = (command: string, args: string[], input = "") => spawnSync(command, args, { input }).status === 0;
  const headers = "#include <openssl/ssl.h>\n#include <zlib.h>\n";
  const compiles = () => runs("c++", ["-fsyntax-only", "-x", "c++", "-"], headers);
  if (runs("make", ["--version"]) && runs("python3", ["--version"]) && compiles()) return;
  throw new UserError(
    `${reason} Building it takes packages that are not all installed. On Debian and Ubuntu, and elsewhere what corresponds:\n` +
      `  ${aptInstall()}\nThen run this command again.`,
  );
}

/** libzstd-dev alone may be missing: the client compresses with lz4 then. */
function aptInstall(): string {
  const sudo = process.getuid?.() === 0 ? "" : "sudo ";
  return `${sudo}apt-get install -y build-essential python3 libssl-dev zlib1g-dev libzstd-dev`;
}

/** Runs what npm would run at installation. `log` is the end of what it printed. */
function runInstaller(copy: string, option: string): Promise<{ failed: boolean; log: string }> {
  // Linked with the system's libraries, whose sources would be downloaded otherwise.
  const env: NodeJS.ProcessEnv = { ...process.env, CKJS_LINKING: "dynamic" };
  // The package's makefiles fail in parallel; librdkafka's uses all cores without being asked.
  for (const name of ["JOBS", "MAKEFLAGS", "npm_config_jobs"]) delete env[name];
  // Node comes with its headers: where they are, nothing has to be downloaded.
  const prefix = dirname(dirname(process.execPath));
  if (fs.existsSync(join(prefix, "include/node/node.h"))) env["npm_config_nodedir"] ??= prefix;
  return new Promise((resolve) => {
    const args = [installer(copy), "install", option];
    execFile(process.execPath, args, { cwd: copy, env, maxBuffer: 1e9 }, (error, stdout, stderr) =>
      resolve({ failed: error !== null, log: (stdout + stderr).trimEnd().split("\n").slice(-30).join("\n") }),
    );
  });
}

function installer(folder: string): string {
  return createRequire(join(folder, "package.json")).resolve("@mapbox/node-pre-gyp/bin/node-pre-gyp");
}

/** Runs `task` while no other process does; `waits` is called if one does. The holder of the lock touches it every second. */
async function withLock(lock: string, waits: () => void, task: () => Promise<void>): Promise<void> {
  for (let first = true; !take(lock); first = false) {
    if (first) waits();
    await sleep(200);
  }
  const touch = setInterval(() => void utimes(lock, new Date(), new Date()).catch(() => {}), 1000);
  try {
    await task();
  } finally {
    clearInterval(touch);
    fs.rmSync(lock, { force: true });
  }
}

function take(lock: string): boolean {
  const touched = fs.statSync(lock, { throwIfNoEntry: false })?.mtimeMs;
  // Of a process that was killed.
  if (touched !== undefined && Date.now() - touched > staleMs) fs.rmSync(lock, { force: true });
  try {
    fs.writeFileSync(lock, "", { flag: "wx" });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    return false;
  }
}
